//! Folders of several versions of the real library, made-up pickles and damage.

use crate::testing::{entry_rows, mutate, read_everything};
use crate::{Container, Entry, ReadOptions};
use anear_io::Input;
use anear_types::{ColumnKind, Error, ErrorKind, Result, Value};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden")
}

/// The folders of all versions.
fn folders() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(golden().join("langchain")).unwrap();
    folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn open(index: &Path, pickle: &[u8]) -> Result<Box<dyn Container>> {
    let pickle = Input::from_bytes("index.pkl", pickle.to_vec());
    super::open(&Input::open(index)?, &pickle, "index", &ReadOptions::default())
}

/// A value as `expected.json` has it.
fn as_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Real(value) if value.is_finite() => Json::from(*value),
        Value::Real(value) => Json::from(value.to_string()),
        Value::Text(text) => Json::from(&**text),
        Value::Blob(bytes) => serde_json::json!({ "bytes": crate::columns::hex(bytes) }),
    }
}

/// Whether a value is the expected one; nested ones are JSON text, and columns of integers and
/// others hold others.
fn agrees(found: &Value, expected: Option<&Json>) -> bool {
    match (found, expected.unwrap_or(&Json::Null)) {
        (Value::Text(text), nested @ (Json::Array(_) | Json::Object(_))) => {
            serde_json::from_str::<Json>(text).unwrap() == *nested
        }
        (Value::Real(real), Json::Number(number)) => number.as_f64() == Some(*real),
        (found, expected) => as_json(found) == *expected,
    }
}

fn check_folder(folder: &Path) {
    let pickle = std::fs::read(folder.join("index.pkl")).unwrap();
    let container = open(&folder.join("index.faiss"), &pickle).unwrap();
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Json = serde_json::from_str(&expected).unwrap();
    let expected = expected["rows"].as_array().unwrap();
    let [Entry { name, schema }] = container.entries() else { panic!("one entry") };
    assert_eq!((name.as_str(), schema.ids), ("index", Some(0)));
    assert_eq!(container.index().unwrap().kind, "faiss:IxF2");
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    let metadata = ["source", "page", "score", "kept", "tags", "metadata.id", "rating", "when"];
    let more = ["metadata.text", "path", "nested", "bytes"];
    assert_eq!(names, [&["id", "text"][..], &metadata, &more].concat());
    let kind = |name: &str| schema.columns[schema.column(name).unwrap()].kind;
    assert_eq!(
        ["page", "score", "rating"].map(kind),
        [ColumnKind::Int, ColumnKind::Real, ColumnKind::Mixed]
    );
    let all: Vec<usize> = (0..names.len()).collect();
    let columns = container.metadata(0, &all, 0..schema.rows).unwrap();
    for column in &columns {
        let key = column.name.strip_prefix("metadata.").unwrap_or(&column.name);
        for (row, found) in expected.iter().zip(&column.values) {
            let from_document = ["id", "text"].contains(&column.name.as_str());
            let value = if from_document { row.get(key) } else { row["metadata"].get(key) };
            assert!(agrees(found, value), "{}: {found:?} for {value:?}", column.name);
        }
    }
    let vectors = expected.iter().flat_map(|row| row["vector"].as_array().unwrap());
    let floats: Vec<u8> =
        vectors.flat_map(|number| (number.as_f64().unwrap() as f32).to_ne_bytes()).collect();
    assert_eq!(entry_rows(&*container, 0).unwrap(), floats);

    let some = container.metadata(0, &[3, 0, 3], 1..3).unwrap();
    let part = |column: usize| &columns[column].values[1..3];
    assert_eq!([&some[0].values, &some[1].values, &some[2].values], [part(3), part(0), part(3)]);
}

#[test]
fn folders_of_every_version_are_read() {
    let folders = folders();
    assert_eq!(folders.len(), 5);
    folders.iter().for_each(|folder| check_folder(folder));
}

#[test]
fn damage_never_ends_in_a_panic() {
    for folder in folders() {
        let index = folder.join("index.faiss");
        let pickle = std::fs::read(folder.join("index.pkl")).unwrap();
        let read = |pickle: &[u8]| {
            if let Ok(container) = open(&index, pickle) {
                read_everything(&*container);
            }
        };
        mutate(&pickle, 2_000, read);
        for length in 0..pickle.len() {
            assert!(open(&index, &pickle[..length]).is_err(), "{length} bytes");
        }
    }
}

const STORE: &str = "clangchain_community.docstore.in_memory\nInMemoryDocstore\n";
const DOCUMENT: &str = "clangchain_core.documents.base\nDocument\n";

/// A document in protocol 0.
fn document(content: &str, metadata: &str) -> String {
    format!("{DOCUMENT}(tR(dV__dict__\n(dVpage_content\n{content}sVmetadata\n{metadata}ssb")
}

/// A whole pickle in protocol 0: documents by id, ids by row, each as a list of keys and values.
fn pickle(documents: &str, ids: &str) -> String {
    format!("({STORE}(tR(dV_dict\n(d{documents}sb(d{ids}t.")
}

/// The ids `V0\n` .. of five rows.
fn five_ids() -> String {
    (0..5).map(|row| format!("I{row}\nV{row}\ns")).collect()
}

/// Opens a pickle beside an index with five rows.
fn beside_five(pickle: &str) -> Result<Box<dyn Container>> {
    open(&golden().join("faiss/flat-l2.faiss"), pickle.as_bytes())
}

fn refused(pickle: &str) -> Error {
    beside_five(pickle).err().unwrap_or_else(|| panic!("no error: {pickle:.1000}"))
}

#[test]
fn a_row_without_a_document_has_nulls() {
    let documents =
        ["0", "1", "3", "4"].map(|id| format!("V{id}\n{}s", document("Vx\n", "(dVk\nI1\ns")));
    let container = beside_five(&pickle(&documents.concat(), &five_ids())).unwrap();
    let columns = container.metadata(0, &[0, 1, 2], 1..3).unwrap();
    assert_eq!(columns[0].values, [Value::text("1"), Value::text("2")]);
    assert_eq!(columns[1].values, [Value::text("x"), Value::Null]);
    assert_eq!(columns[2].values, [Value::Int(1), Value::Null]);
}

#[test]
fn ids_that_are_integers_stay_so_unless_some_are_text() {
    let ids = |ids: &str| -> (ColumnKind, Vec<Value>) {
        let container = beside_five(&pickle("", ids)).unwrap();
        let column = container.metadata(0, &[0], 0..5).unwrap().remove(0);
        (container.entries()[0].schema.columns[0].kind, column.values)
    };
    let integers: String = (0..5).map(|row| format!("I{row}\nI{}\ns", row * 7)).collect();
    assert_eq!(ids(&integers), (ColumnKind::Int, [0, 7, 14, 21, 28].map(Value::Int).to_vec()));
    let mixed = integers.replace("I14\n", "Vtwo\n");
    let texts = ["0", "7", "two", "21", "28"].map(Value::text).to_vec();
    assert_eq!(ids(&mixed), (ColumnKind::Text, texts));
}

#[test]
fn an_id_map_says_which_row_is_meant() {
    let numbers = [5, -3, 1 << 40, 7, 6_i64];
    let ids: String = numbers.iter().map(|number| format!("I{number}\nVid{number}\ns")).collect();
    let path = golden().join("faiss/idmap-l2.faiss");
    let container = open(&path, pickle("", &ids).as_bytes()).unwrap();
    let column = container.metadata(0, &[0], 0..5).unwrap().remove(0);
    assert_eq!(column.values, numbers.map(|number| Value::text(format!("id{number}"))));
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let ids = five_ids();
    for ids in
        [ids.replace("I4\nV4\ns", ""), format!("{ids}I5\nV5\ns"), ids.replace("I4\n", "I9\n")]
    {
        let error = refused(&pickle("", &ids));
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.help_text().is_some_and(|help| help.contains("save_local")), "{error}");
    }
}

#[test]
fn what_langchain_does_not_write_is_refused() {
    let ids = five_ids();
    let one = |document: &str| pickle(&format!("V0\n{document}s"), &ids);
    for (pickle, part) in [
        ("I7\n.".to_owned(), "an integer"),
        ("((tt.".to_owned(), "a tuple"),
        (format!("((d(d{ids}t."), "a dictionary"),
        (format!("({STORE}(tR(d{ids}t."), "InMemoryDocstore"),
        (pickle("", "").replace("(dt.", "(lt."), "a list"),
        (pickle("", &ids.replace("I0\n", "V0\n")), "number of a row is text"),
        (pickle("", &ids.replace("V0\n", "F0.5\n")), "id of a document is a number"),
        (one("Vtext\n"), "a document is text"),
        (one(&format!("{DOCUMENT}(tR")), "not the attributes"),
        (one(&format!("{DOCUMENT}(tR(d{}b", "V__dict__\n(ds".repeat(65))), "not the attributes"),
        (one(&document("I5\n", "(d")), "content that is no text"),
        (one(&document("Vx\n", "I5\n")), "no dictionary"),
        (one(&document("Vx\n", &format!("(dVk\n{DOCUMENT}(tRs"))), "a value is a document"),
        (one(&document("Vx\n", "(d(lI1\ns")), "a key is a list"),
        (one(&document("Vx\n", "(dVk\ncos\nsystem\n(Vls\ntRs")), "os.system"),
        (one(&document("Vx\n", "(dVk\ncbuiltins\neval\n(V1\ntRs")), "builtins.eval"),
    ] {
        let error = refused(&pickle);
        assert!(error.to_string().contains(part), "{error}: {pickle}");
        assert!(error.path().is_some_and(|path| path.ends_with("index.pkl")), "{error}");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn shared_values_count_each_time() {
    let ids = five_ids();
    let text = "x".repeat(20 << 20);
    let shared = document(&format!("V{text}\np1\n"), "(d");
    let others: String = (1..5).map(|id| format!("V{id}\n{}s", document("g1\n", "(d"))).collect();
    let small = pickle(&format!("V0\n{shared}s{others}"), &ids);
    assert!(beside_five(&small).is_ok(), "100 MB of text in 20 MB of pickle");
    let lists = format!("({}lp2\n0", "g2\n".repeat(8)).repeat(20);
    let bomb = document("Vx\n", &format!("(dVk\n(lp2\n0{lists}g2\ns"));
    assert_eq!(refused(&pickle(&format!("V0\n{bomb}s"), &ids)).kind(), ErrorKind::Limit);
    let ids_of_20_mb = format!("V{text}\np1\nNs{}", "g1\nNs".repeat(9));
    assert_eq!(refused(&pickle(&ids_of_20_mb, &ids)).kind(), ErrorKind::Limit);
    let keys: String = (0..5_000).map(|key| format!("Vkey {key}\nI1\ns")).collect();
    let wide = document("Vx\n", &format!("(d{keys}"));
    assert_eq!(refused(&pickle(&format!("V0\n{wide}s"), &ids)).kind(), ErrorKind::Limit);
}

#[test]
fn an_index_that_is_only_described_stays_described() {
    let inner = std::fs::read(golden().join("faiss/flat-l2.faiss")).unwrap();
    let codes = [b"IxRq", &inner[4..37], &[0; 40]].concat();
    let index = Input::from_bytes("index.faiss", codes);
    let pickle = Input::from_bytes("index.pkl", Vec::new());
    let container = super::open(&index, &pickle, "index", &ReadOptions::default()).unwrap();
    assert!(container.entries().is_empty());
    assert_eq!(container.skipped()[0].name, "IxRq");
}
