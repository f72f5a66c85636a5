use crate::sqlite::Sqlite;
use crate::testing::{awkward_f32, entry_rows, open_bytes, write_bytes};
use crate::{Format, ReadOptions, WriteOptions};
use anear_types::{Column, ColumnInfo, ColumnKind, Element, Metric, Schema, Value};

fn schema_of(element: Element, rows: u64, dim: usize, columns: &[Column]) -> Schema {
    let info = |column: &Column| ColumnInfo { name: column.name.clone(), kind: column.kind };
    let columns = columns.iter().map(info).collect();
    Schema { columns, ..Schema::matrix(element, rows, dim) }
}

fn column(name: &str, kind: ColumnKind, values: Vec<Value>) -> Column {
    Column { name: name.to_owned(), kind, values }
}

/// Writes and reads again; everything must be as it was.
fn round_trip(
    schema: &Schema,
    vectors: &[u8],
    columns: &[Column],
    options: &WriteOptions,
) -> Vec<u8> {
    let bytes = write_bytes(&Sqlite, schema, vectors, columns, options).unwrap();
    let container = open_bytes(&Sqlite, &bytes, &ReadOptions::default()).unwrap();
    assert_eq!(container.entries().len(), 1);
    let found = &container.entries()[0].schema;
    assert_eq!(found, schema);
    assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
    let all: Vec<usize> = (0..columns.len()).collect();
    assert_eq!(container.metadata(0, &all, 0..schema.rows).unwrap(), columns);
    bytes
}

fn some_columns() -> Vec<Column> {
    use ColumnKind::{Blob, Bool, Int, Mixed, Real, Text};
    vec![
        column("file \"name\"", Text, vec![Value::text("a\nb"), Value::Null, Value::text("")]),
        column("page_num", Int, vec![Value::Int(i64::MIN), Value::Int(0), Value::Int(i64::MAX)]),
        column("score", Real, vec![Value::Real(0.1), Value::Real(f64::INFINITY), Value::Null]),
        column("good", Bool, vec![Value::Bool(true), Value::Null, Value::Bool(false)]),
        column("hash", Blob, vec![Value::Blob([0, 1].into()), Value::Null, Value::Blob([].into())]),
        column("any", Mixed, vec![Value::Int(1), Value::text("1"), Value::Real(1.0)]),
        column("embedding", Text, vec![Value::Null, Value::Null, Value::text("x")]),
        column("Page_Num", Int, vec![Value::Int(5), Value::Int(6), Value::Int(7)]),
        column("rowid", Text, vec![Value::text("9"), Value::text("8"), Value::text("7")]),
        column("oid", Int, vec![Value::Int(9), Value::Int(8), Value::Int(7)]),
    ]
}

#[test]
fn metadata_comes_back_under_its_names() {
    let vectors: Vec<u8> = bytemuck::cast_slice(&awkward_f32()[..12]).to_vec();
    let columns = some_columns();
    let mut schema = schema_of(Element::F32, 3, 4, &columns);
    schema.metric = Some(Metric::Cosine);
    schema.attributes = vec![
        ("model".to_owned(), Value::text("all-MiniLM-L6-v2")),
        ("normalized".to_owned(), Value::Bool(true)),
    ];
    round_trip(&schema, &vectors, &columns, &WriteOptions::default());
}

#[test]
fn every_element_comes_back() {
    for element in Sqlite.info().writes {
        let vectors: Vec<u8> = (0..6 * element.bytes()).map(|i| (i * 7) as u8 & 1).collect();
        let schema = Schema::matrix(*element, 3, 2);
        round_trip(&schema, &vectors, &[], &WriteOptions::default());
    }
    let pickled = WriteOptions { pickle: true, ..WriteOptions::default() };
    let vectors: Vec<u8> = bytemuck::cast_slice(&awkward_f32()).to_vec();
    let bytes = round_trip(&Schema::matrix(Element::F32, 6, 6), &vectors, &[], &pickled);
    assert!(bytes.windows(8).any(|window| window == b"_reconst"));
    round_trip(&Schema::matrix(Element::F32, 0, 5), &[], &[], &pickled);
}

#[test]
fn ids_are_the_key_as_long_as_they_can_be() {
    let vectors: Vec<u8> = bytemuck::cast_slice(&awkward_f32()[..9]).to_vec();
    let ints = |ids: [i64; 3]| ids.map(Value::Int).to_vec();
    let texts = |ids: [&str; 3]| ids.map(Value::text).to_vec();
    for (kind, values, is_key) in [
        (ColumnKind::Int, ints([5, 6, 1 << 60]), true),
        (ColumnKind::Int, ints([5, 4, 6]), false),
        (ColumnKind::Int, ints([5, 6, 6]), false),
        (ColumnKind::Int, vec![Value::Int(2), Value::Int(3), Value::Null], false),
        (ColumnKind::Text, texts(["z", "b", "c"]), true),
        (ColumnKind::Text, texts(["z", "b", "z"]), false),
    ] {
        let columns =
            [column("note", ColumnKind::Text, texts(["1", "2", "3"])), column("doc", kind, values)];
        let mut schema = schema_of(Element::F32, 3, 3, &columns);
        schema.ids = Some(1);
        let bytes = round_trip(&schema, &vectors, &columns, &WriteOptions::default());
        let key = if kind == ColumnKind::Int { &b"INTEGER PRIMARY"[..] } else { b"TEXT PRIMARY" };
        let position = bytes.windows(key.len()).position(|window| window == key);
        // The schema of a dropped table may still be somewhere in the file.
        assert!(!is_key || position.is_some());
    }
}

#[test]
fn the_name_of_the_entry_is_that_of_the_table() {
    let vectors = [0u8; 8];
    let named =
        |entry: &str| WriteOptions { entry: Some(entry.to_owned()), ..WriteOptions::default() };
    for (entry, name) in [
        ("doc1/section2", "doc1/section2.embedding"),
        ("my \"table\".vec", "my \"table\".vec"),
        ("a.b.c", "a.b.c"),
        ("", "Embeddings.embedding"),
    ] {
        let schema = Schema::matrix(Element::F32, 1, 2);
        let bytes = write_bytes(&Sqlite, &schema, &vectors, &[], &named(entry)).unwrap();
        let container = open_bytes(&Sqlite, &bytes, &ReadOptions::default()).unwrap();
        assert_eq!(container.entries()[0].name, name);
    }
    for entry in ["sqlite_x", "anear_info", ".x", "x."] {
        let schema = Schema::matrix(Element::F32, 1, 2);
        assert!(write_bytes(&Sqlite, &schema, &vectors, &[], &named(entry)).is_err(), "{entry}");
    }
}
