use super::*;
use crate::testing::{awkward_columns, awkward_f32, entry_rows, open_bytes, write_bytes};
use anear_types::{Metric, Value};

fn metadata(rows: usize, dim: usize, element: Element) -> (Schema, Vec<Column>) {
    let columns = awkward_columns(rows);
    let mut schema = Schema::matrix(element, rows as u64, dim);
    schema.columns = crate::testing::infos(&columns);
    schema.attributes = vec![
        ("model".to_owned(), Value::text("all-MiniLM é\n\"x\"")),
        ("lowest".to_owned(), Value::Int(i64::MIN)),
        ("real".to_owned(), Value::Real(f64::INFINITY)),
    ];
    schema.ids = schema.column("number");
    schema.metric = Some(Metric::Cosine);
    (schema, columns)
}

fn file() -> Vec<u8> {
    let (schema, columns) = metadata(9, 4, Element::F32);
    let options = WriteOptions::default();
    let numbers = awkward_f32();
    write_bytes(&Safetensors, &schema, bytemuck::cast_slice(&numbers), &columns, &options).unwrap()
}

#[test]
fn everything_comes_back() {
    // Odd lengths put the columns before the vectors.
    for (rows, dim, element) in
        [(9, 4, Element::F32), (9, 3, Element::Bf16), (7, 1, Element::F8E4M3), (8, 2, Element::F64)]
    {
        let (expected, columns) = metadata(rows, dim, element);
        let vectors: Vec<u8> = (0..rows * dim * element.bytes()).map(|i| i as u8).collect();
        let options = WriteOptions { entry: Some("a/b".to_owned()), ..WriteOptions::default() };
        let bytes = write_bytes(&Safetensors, &expected, &vectors, &columns, &options).unwrap();
        let container = open_bytes(&Safetensors, &bytes, &ReadOptions::default()).unwrap();
        let entry = container.entries().iter().position(|entry| entry.name == "a/b").unwrap();
        let schema = &container.entries()[entry].schema;
        assert_eq!(*schema, expected);
        assert_eq!(entry_rows(&*container, entry).unwrap(), vectors);
        let all: Vec<usize> = (0..columns.len()).collect();
        let read = container.metadata(entry, &all, 0..rows as u64).unwrap();
        assert_eq!(format!("{read:?}"), format!("{columns:?}"));
        let part = container.metadata(entry, &[3, 0], 4..6).unwrap();
        assert_eq!(part[0].values, columns[3].values[4..6]);
    }
}

#[test]
fn a_plain_matrix_streams_and_maps() {
    let numbers = awkward_f32();
    let schema = Schema::matrix(Element::F32, 9, 4);
    let vectors: &[u8] = bytemuck::cast_slice(&numbers);
    let bytes = write_bytes(&Safetensors, &schema, vectors, &[], &WriteOptions::default()).unwrap();
    assert_eq!(bytes.len(), 1024 + 9 * 16);
    let container = open_bytes(&Safetensors, &bytes, &ReadOptions::default()).unwrap();
    assert_eq!(container.entries()[0].name, "embeddings");
    assert!(container.rows(0).unwrap().mapped().is_some());
    let empty = Schema::matrix(Element::F32, 0, 4);
    let bytes = write_bytes(&Safetensors, &empty, &[], &[], &WriteOptions::default()).unwrap();
    let container = open_bytes(&Safetensors, &bytes, &ReadOptions::default()).unwrap();
    assert_eq!(container.entries()[0].schema.rows, 0);
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = file();
    for length in 0..bytes.len() {
        assert!(open_bytes(&Safetensors, &bytes[..length], &ReadOptions::default()).is_err());
    }
}

#[test]
fn damaged_files_never_panic() {
    crate::testing::mutate(&file(), 2_000, |damaged| {
        if let Ok(container) = open_bytes(&Safetensors, damaged, &ReadOptions::default()) {
            crate::testing::read_everything(&*container);
        }
    });
}
