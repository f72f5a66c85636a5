use super::*;
use crate::Compression;
use crate::testing::{awkward_columns, awkward_f32, entry_rows, open_bytes, write_bytes};
use anear_types::{Element, Metric, Value};

fn schema_with_metadata() -> (Schema, Vec<Column>) {
    let columns = awkward_columns(9);
    let mut schema = Schema::matrix(Element::F32, 9, 4);
    schema.columns = crate::testing::infos(&columns);
    schema.attributes = vec![
        ("model".to_owned(), Value::text("all-MiniLM é\n\"x\"")),
        ("empty".to_owned(), Value::text("")),
        ("zero".to_owned(), Value::text("a\0")),
        ("lowest".to_owned(), Value::Int(i64::MIN)),
        ("real".to_owned(), Value::Real(-0.0)),
        ("yes".to_owned(), Value::Bool(true)),
        ("nothing".to_owned(), Value::Null),
        ("blob".to_owned(), Value::Blob(vec![0, 1, 255].into())),
    ];
    schema.ids = schema.column("number");
    schema.metric = Some(Metric::Cosine);
    (schema, columns)
}

fn file(compression: Compression) -> Vec<u8> {
    let (schema, columns) = schema_with_metadata();
    let numbers = awkward_f32();
    let options = WriteOptions { compression, ..WriteOptions::default() };
    write_bytes(&Npz, &schema, bytemuck::cast_slice(&numbers), &columns, &options).unwrap()
}

#[test]
fn everything_comes_back() {
    let (expected, columns) = schema_with_metadata();
    for compression in [Compression::None, Compression::Gzip(6)] {
        let bytes = file(compression);
        let container = open_bytes(&Npz, &bytes, &ReadOptions::default()).unwrap();
        let entry = container.entries().iter().position(|e| e.name == "embeddings").unwrap();
        let schema = &container.entries()[entry].schema;
        assert_eq!(schema.attributes, expected.attributes);
        assert_eq!(schema.columns, expected.columns);
        assert_eq!((schema.ids, schema.metric), (expected.ids, expected.metric));
        let rows = entry_rows(&*container, entry).unwrap();
        assert_eq!(rows, bytemuck::cast_slice::<_, u8>(&awkward_f32()));
        let all: Vec<usize> = (0..columns.len()).collect();
        let read = container.metadata(entry, &all, 0..9).unwrap();
        assert_eq!(format!("{read:?}"), format!("{columns:?}"));
        let part = container.metadata(entry, &[1, 0], 4..6).unwrap();
        assert_eq!(part[0].values, columns[1].values[4..6]);
        assert_eq!(container.skipped(), []);
    }
}

#[test]
fn stored_vectors_are_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    std::fs::write(&path, file(Compression::None)).unwrap();
    let container = Npz.open(Input::open(&path).unwrap(), &ReadOptions::default()).unwrap();
    assert!(container.rows(0).unwrap().mapped().is_some());
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for compression in [Compression::None, Compression::Gzip(6)] {
        let bytes = file(compression);
        for length in 0..bytes.len() {
            assert!(open_bytes(&Npz, &bytes[..length], &ReadOptions::default()).is_err());
        }
    }
}

/// Bytes changed at random, from a fixed seed: read fully, or refused, but no panic.
#[test]
fn damaged_files_never_panic() {
    for compression in [Compression::None, Compression::Gzip(6)] {
        let bytes = file(compression);
        crate::testing::mutate(&bytes, 600, |damaged| {
            if let Ok(container) = open_bytes(&Npz, damaged, &ReadOptions::default()) {
                crate::testing::read_everything(&*container);
            }
        });
    }
}

#[test]
fn names_that_collide_are_refused() {
    let mut schema = Schema::matrix(Element::F32, 0, 1);
    schema.attributes = vec![("embeddings".to_owned(), Value::Int(1))];
    assert!(write_bytes(&Npz, &schema, &[], &[], &WriteOptions::default()).is_err());
}
