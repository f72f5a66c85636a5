use super::*;
use crate::testing::{awkward_columns, awkward_f32, entry_rows, open_bytes, write_bytes};
use anear_types::{Column, ColumnKind, ErrorKind, Value};

fn open(text: &str) -> Result<Box<dyn Container>> {
    open_bytes(&Csv, text.as_bytes(), &ReadOptions::default())
}

fn f32_rows(text: &str) -> Vec<f32> {
    let bytes = entry_rows(&*open(text).unwrap(), 0).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_ne_bytes(*four)).collect()
}

fn example() -> (Schema, Vec<Column>) {
    let columns = awkward_columns(9);
    let mut schema = Schema::matrix(Element::F32, 9, 4);
    schema.columns = crate::testing::infos(&columns);
    (schema, columns)
}

#[test]
fn everything_comes_back() {
    let (expected, columns) = example();
    let numbers = awkward_f32();
    let vectors: &[u8] = bytemuck::cast_slice(&numbers);
    let file = write_bytes(&Csv, &expected, vectors, &columns, &WriteOptions::default()).unwrap();
    for threads in [1, 3] {
        let options = ReadOptions { threads, ..ReadOptions::default() };
        let container = open_bytes(&Csv, &file, &options).unwrap();
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
fn vectors_are_found_however_they_are_written() {
    for text in [
        "1,2\n3,4\n",
        "1;2\r\n3;4",
        "\u{feff}id,dim_0,dim_1\n7,1,2\n8,3,4\n",
        "0,1,page\n1,2,7\n3,4,8\n",
        "e1\te2\tname\n1\t2\tx\n3\t4\ty\n",
        "id,embedding\n1,\"[1, 2]\"\n2,\"[3, 4]\"\n",
        "id,emb,note\n1,1 2,x\n2,3 4,y\n",
        "\"a\",\"vector\"\n\"3 4\",\"1,2\"\n\"x\",\"3,4\"\n",
        "\"[1, 2]\"\n\"[3, 4]\"\n",
    ] {
        assert_eq!(f32_rows(text), [1.0, 2.0, 3.0, 4.0], "{text}");
    }
}

#[test]
fn metadata_kinds_follow_from_all_rows() {
    let text = "id,zip,n,r,b,mix,none,v\n1,007,1,1,true,1,,[1 2]\n2,123,,2.5,False,x,,[3 4]\n";
    let container = open(text).unwrap();
    let schema = &container.entries()[0].schema;
    let kinds: Vec<ColumnKind> = schema.columns.iter().map(|column| column.kind).collect();
    use ColumnKind::{Bool, Int, Real, Text};
    assert_eq!(kinds, [Int, Text, Int, Real, Bool, Text, Text]);
    assert_eq!(schema.ids, Some(0));
    let values = container.metadata(0, &[1, 3, 5], 0..2).unwrap();
    assert_eq!(values[0].values, [Value::text("007"), Value::text("123")]);
    assert_eq!(values[1].values, [Value::Real(1.0), Value::Real(2.5)]);
    assert_eq!(values[2].values, [Value::text("1"), Value::text("x")]);
}

#[test]
fn rows_that_are_no_vectors_are_named() {
    for text in [
        "1,2\n3,4,5\n",
        "1,2\n3,x\n",
        "1,2\n3,nan\n",
        "a,v\n1,[1 2]\n2\n",
        "a,v\n1,[1 2]\n2,\n",
        "a,v\n1,[1 2]\n2,[1 2],3\n",
        "d0,d1\n1,2\n3,\n",
    ] {
        let error = open(text).err().unwrap_or_else(|| panic!("{text}"));
        assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(1)), "{text}: {error}");
    }
    for text in ["", "\n", "a,b\n", "a,b\nx,y\n", "a,b\n1,2\n"] {
        assert!(open(text).is_err(), "{text}");
    }
}

#[test]
fn damaged_files_never_panic() {
    let (schema, columns) = example();
    let numbers = awkward_f32();
    let vectors: &[u8] = bytemuck::cast_slice(&numbers);
    let file = write_bytes(&Csv, &schema, vectors, &columns, &WriteOptions::default()).unwrap();
    crate::testing::mutate(&file, 2_000, |damaged| {
        if let Ok(container) = open_bytes(&Csv, damaged, &ReadOptions::default()) {
            crate::testing::read_everything(&*container);
        }
    });
}
