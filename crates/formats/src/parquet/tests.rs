//! Round trips through the format's own reader, and damaged copies of the fixtures.

use super::Parquet;
use crate::testing::{
    awkward_columns, awkward_f32, entry_rows, infos, mutate, open_bytes, read_everything,
    read_rows, write_bytes,
};
use crate::{Compression, Format, ReadOptions, WriteOptions};
use anear_testkit::fixtures::expected;
use anear_types::{ColumnKind, Element, ErrorKind, Metric, Schema, Value};

const ROWS: usize = 9;

fn rich_schema() -> Schema {
    let columns = infos(&awkward_columns(ROWS));
    Schema {
        ids: Some(3),
        columns,
        metric: Some(Metric::Cosine),
        attributes: vec![
            ("model".into(), Value::text("mini \"LM\"\n")),
            ("n".into(), Value::Int(-3)),
            ("scale".into(), Value::Real(0.1)),
            ("key".into(), Value::Blob(Box::new([0, 255]))),
            ("ARROW:schema".into(), Value::text("not a schema")),
        ],
        ..Schema::matrix(Element::F32, ROWS as u64, 4)
    }
}

#[test]
fn everything_comes_back() {
    let (schema, columns) = (rich_schema(), awkward_columns(ROWS));
    let vectors: Vec<u8> = bytemuck::cast_slice(&awkward_f32()[..ROWS * 4]).to_vec();
    for compression in [Compression::None, Compression::Gzip(6), Compression::Zstd(3)] {
        let options = WriteOptions { compression, ..WriteOptions::default() };
        let bytes = write_bytes(&Parquet, &schema, &vectors, &columns, &options).unwrap();
        let container = open_bytes(&Parquet, &bytes, &ReadOptions::default()).unwrap();
        let entry = &container.entries()[0];
        assert_eq!(entry.name, "embedding");
        assert_eq!(entry.schema.columns, schema.columns);
        assert_eq!((entry.schema.ids, entry.schema.metric), (schema.ids, schema.metric));
        for attribute in &schema.attributes {
            assert!(entry.schema.attributes.contains(attribute), "{attribute:?}");
        }
        assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
        let all: Vec<usize> = (0..columns.len()).collect();
        let found = container.metadata(0, &all, 0..ROWS as u64).unwrap();
        // NaN differs from itself, so columns are compared as shown.
        assert_eq!(format!("{found:?}"), format!("{columns:?}"));
        for row in (0..ROWS as u64).rev() {
            let one = container.metadata(0, &[0], row..row + 1).unwrap();
            assert_eq!(one[0].values[..], columns[0].values[row as usize..=row as usize]);
        }
    }
}

#[test]
fn every_element_comes_back() {
    for element in Parquet.info().writes {
        for (rows, dim) in [(5, 3), (1, 1), (0, 7), (3, 0)] {
            let bytes = rows * dim * element.bytes();
            let vectors: Vec<u8> = (0..bytes)
                .map(|i| if *element == Element::Bool { i as u8 % 2 } else { (i * 37) as u8 })
                .collect();
            let schema = Schema::matrix(*element, rows as u64, dim);
            let file = write_bytes(&Parquet, &schema, &vectors, &[], &WriteOptions::default());
            let container = open_bytes(&Parquet, &file.unwrap(), &ReadOptions::default()).unwrap();
            assert_eq!(container.entries()[0].schema, schema, "{element} {rows} x {dim}");
            assert_eq!(entry_rows(&*container, 0).unwrap(), vectors, "{element}");
        }
    }
    let schema = Schema::matrix(Element::Bf16, 0, 2);
    assert!(write_bytes(&Parquet, &schema, &[], &[], &WriteOptions::default()).is_err());
}

#[test]
fn threads_and_seeks_give_the_same_rows() {
    let (path, _) = expected("parquet")
        .into_iter()
        .find(|(path, _)| path.ends_with("row_groups.parquet"))
        .unwrap();
    let bytes = std::fs::read(path).unwrap();
    let container = open_bytes(&Parquet, &bytes, &ReadOptions::default()).unwrap();
    let all = entry_rows(&*container, 0).unwrap();
    let mut source = container.rows(0).unwrap();
    let row_bytes = source.schema().row_bytes();
    for row in [39, 7, 0, 20, 6, 40] {
        source.seek(row as u64).unwrap();
        assert_eq!(read_rows(&mut *source).unwrap(), all[row * row_bytes..], "from row {row}");
    }
}

#[test]
fn large_row_groups_are_decoded_ahead() {
    let (rows, dim) = (40_000, 512);
    let vectors: Vec<f32> = (0..rows * dim).map(|i| i as f32).collect();
    let schema = Schema::matrix(Element::F32, rows as u64, dim);
    let vectors: &[u8] = bytemuck::cast_slice(&vectors);
    let file = write_bytes(&Parquet, &schema, vectors, &[], &WriteOptions::default()).unwrap();
    let options = ReadOptions { threads: 2, ..ReadOptions::default() };
    let container = open_bytes(&Parquet, &file, &options).unwrap();
    assert!(entry_rows(&*container, 0).unwrap() == vectors);
    let mut source = container.rows(0).unwrap();
    source.seek(33_000).unwrap();
    assert!(read_rows(&mut *source).unwrap() == vectors[33_000 * dim * 4..]);
}

#[test]
fn values_that_do_not_fit_their_column_are_refused() {
    let mut columns = awkward_columns(2);
    columns.truncate(1);
    columns[0].values[1] = Value::Int(3);
    let schema = Schema { columns: infos(&columns), ..Schema::matrix(Element::F32, 2, 1) };
    let error = write_bytes(&Parquet, &schema, &[0; 8], &columns, &WriteOptions::default());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::BadData);
    columns[0].name = "embedding".into();
    let schema = Schema { columns: infos(&columns), ..schema };
    let error = write_bytes(&Parquet, &schema, &[0; 8], &columns, &WriteOptions::default());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn ids_are_found_or_asked_for() {
    let (path, _) = expected("parquet").into_iter().next().unwrap();
    let bytes = std::fs::read(path).unwrap();
    let with_ids = |ids: Option<&str>| {
        let options = ReadOptions { ids: ids.map(str::to_owned), ..ReadOptions::default() };
        let container = open_bytes(&Parquet, &bytes, &options)?;
        let schema = container.entries()[0].schema.clone();
        Ok::<_, anear_types::Error>(schema.ids.map(|ids| schema.columns[ids].clone()))
    };
    let column = with_ids(Some("page_num")).unwrap().unwrap();
    assert_eq!((column.name.as_str(), column.kind), ("page_num", ColumnKind::Int));
    assert_eq!(with_ids(Some("nothing")).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn damaged_files_end_in_errors() {
    for (path, _) in expected("parquet") {
        let bytes = std::fs::read(&path).unwrap();
        let footer = bytes.len() - 3_000.min(bytes.len());
        let check = |bytes: &[u8]| {
            if let Ok(container) = open_bytes(&Parquet, bytes, &ReadOptions::default()) {
                read_everything(&*container);
            }
        };
        mutate(&bytes, 60, check);
        // Most bytes are values; the others are in the footer and in the first page headers.
        mutate(&bytes[footer..], 60, |end| check(&[&bytes[..footer], end].concat()));
        mutate(&bytes[..100], 40, |start| check(&[start, &bytes[100..]].concat()));
    }
}
