use super::*;
use crate::testing::{awkward_columns, awkward_f32, entry_rows, open_bytes, write_bytes};
use anear_types::{Column, ColumnKind, ErrorKind, Metric, Value};

fn open(text: &str) -> Result<Box<dyn Container>> {
    open_bytes(&Jsonl, text.as_bytes(), &ReadOptions::default())
}

fn f32_rows(text: &str) -> Vec<f32> {
    let bytes = entry_rows(&*open(text).unwrap(), 0).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_ne_bytes(*four)).collect()
}

fn example() -> (Schema, Vec<Column>) {
    let columns = awkward_columns(9);
    let mut schema = Schema::matrix(Element::F32, 9, 4);
    schema.columns = crate::testing::infos(&columns);
    schema.attributes =
        vec![("model".to_owned(), Value::text("é\n")), ("n".to_owned(), Value::Int(i64::MIN))];
    schema.ids = schema.column("number");
    schema.metric = Some(Metric::Cosine);
    (schema, columns)
}

#[test]
fn everything_comes_back() {
    let (expected, columns) = example();
    let numbers = awkward_f32();
    let vectors: &[u8] = bytemuck::cast_slice(&numbers);
    let options = WriteOptions::default();
    let file = write_bytes(&Jsonl, &expected, vectors, &columns, &options).unwrap();
    for threads in [1, 3] {
        let options = ReadOptions { threads, ..ReadOptions::default() };
        let container = open_bytes(&Jsonl, &file, &options).unwrap();
        assert_eq!(container.entries()[0].schema, expected);
        assert_eq!(container.entries()[0].name, "embedding");
        assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
        let all: Vec<usize> = (0..columns.len()).collect();
        let read = container.metadata(0, &all, 0..9).unwrap();
        assert_eq!(format!("{read:?}"), format!("{columns:?}"));
        let part = container.metadata(0, &[3, 0], 4..6).unwrap();
        assert_eq!(part[0].values, columns[3].values[4..6]);
    }
}

#[test]
fn doubles_stay_doubles_and_rows_can_be_sought() {
    let numbers: Vec<f64> = (0..600).map(|i| f64::from(i) / 7.0).collect();
    let schema = Schema::matrix(Element::F64, 300, 2);
    let vectors: &[u8] = bytemuck::cast_slice(&numbers);
    let file = write_bytes(&Jsonl, &schema, vectors, &[], &WriteOptions::default()).unwrap();
    let container =
        open_bytes(&Jsonl, &file, &ReadOptions { threads: 2, ..ReadOptions::default() }).unwrap();
    assert_eq!(container.entries()[0].schema, schema);
    let mut source = container.rows(0).unwrap();
    for row in [0u64, 1, 63, 64, 65, 200, 299, 300, 1000] {
        source.seek(row).unwrap();
        let rest = crate::testing::read_rows(&mut *source).unwrap();
        assert_eq!(rest, &vectors[(row as usize * 16).min(vectors.len())..], "{row}");
    }
}

#[test]
fn other_peoples_files_are_understood() {
    assert_eq!(f32_rows("[1, 2]\r\n\n[3.5,-4e0]"), [1.0, 2.0, 3.5, -4.0]);
    assert_eq!(f32_rows("[[1, 2],\n [3, 4]]\n"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(f32_rows("\u{feff}[{\"v\": [1], \"t\": \"]}\\\"\"}, {\"v\": [2]}]"), [1.0, 2.0]);
    let text = "{\"tags\": [1, 2], \"text_embedding\": [0.5], \"n\": 1, \"o\": {\"a\": [1]}}\n\
                {\"text_embedding\": [1], \"n\": 2.5, \"x\": null, \"late\": true}\n";
    let container = open(text).unwrap();
    let schema = &container.entries()[0].schema;
    let kinds: Vec<(&str, ColumnKind)> =
        schema.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect();
    let expected = [
        ("tags", ColumnKind::Text),
        ("n", ColumnKind::Real),
        ("o", ColumnKind::Text),
        ("x", ColumnKind::Text),
        ("late", ColumnKind::Bool),
    ];
    assert_eq!(kinds, expected);
    let values = container.metadata(0, &[0, 1, 2, 4], 0..2).unwrap();
    assert_eq!(values[0].values, [Value::text("[1, 2]"), Value::Null]);
    assert_eq!(values[1].values, [Value::Real(1.0), Value::Real(2.5)]);
    assert_eq!(values[2].values, [Value::text("{\"a\": [1]}"), Value::Null]);
    assert_eq!(values[3].values, [Value::Null, Value::Bool(true)]);
}

#[test]
fn rows_that_are_no_vectors_are_named() {
    for (text, row, kind) in [
        ("[1, 2]\n[1, 2, 3]\n", 1, ErrorKind::BadData),
        ("[1, 2]\n[1, \"x\"]\n", 1, ErrorKind::BadData),
        ("[1, 2]\n[1, NaN]\n", 1, ErrorKind::BadData),
        ("[1, 2]\n[1, [2]]\n", 1, ErrorKind::BadData),
        ("[1, 1e999]\n", 0, ErrorKind::BadData),
        ("{\"v\": [1]}\n{\"w\": [1]}\n", 1, ErrorKind::BadData),
        ("{\"v\": [1]}\n{\"v\": []}\n", 1, ErrorKind::BadData),
        ("{\"v\": [1]}\n{\"v\": [1]\n", 1, ErrorKind::Malformed),
        ("{\"v\": [1]}\n[1]\n", 1, ErrorKind::Malformed),
    ] {
        let error = open(text).err().unwrap();
        assert_eq!((error.kind(), error.row()), (kind, Some(row)), "{text}: {error}");
    }
    for text in ["", "\n \n", "{}", "[]", "{\"a\": \"b\"}", "[[1], 2]", "[[1]", "[[1]] x", "x"] {
        assert!(open(text).is_err(), "{text}");
    }
    let deep = format!("{{\"v\": [1], \"x\": {}", "[".repeat(100_000));
    assert!(open(&deep).is_err());
    let deep = format!("{{\"v\": [1], \"x\": {}1{}}}", "{\"a\":".repeat(9_000), "}".repeat(9_000));
    assert!(open(&deep).is_err());
}

#[test]
fn damaged_files_never_panic() {
    let (schema, columns) = example();
    let numbers = awkward_f32();
    let vectors: &[u8] = bytemuck::cast_slice(&numbers);
    let options = WriteOptions::default();
    let file = write_bytes(&Jsonl, &schema, vectors, &columns, &options).unwrap();
    crate::testing::mutate(&file, 2_000, |damaged| {
        if let Ok(container) = open_bytes(&Jsonl, damaged, &ReadOptions::default()) {
            crate::testing::read_everything(&*container);
        }
    });
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let vectors = f32::NAN.to_ne_bytes();
    let schema = Schema::matrix(Element::F32, 1, 1);
    let error = write_bytes(&Jsonl, &schema, &vectors, &[], &WriteOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(0)));
}
