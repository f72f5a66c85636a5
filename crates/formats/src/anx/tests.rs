use super::*;
use crate::testing::{awkward_columns, entry_rows, infos, open_bytes, write_bytes};
use anear_io::{About, SegmentWriter};
use anear_types::{Column, ColumnKind, ErrorKind, Metric, Value};

fn metadata(rows: usize, dim: usize, element: Element) -> (Schema, Vec<Column>) {
    let columns = awkward_columns(rows);
    let schema = Schema {
        columns: infos(&columns),
        ids: Some(3),
        metric: Some(Metric::Manhattan),
        attributes: vec![
            ("model".to_owned(), Value::text("all-MiniLM é\n\"x\"")),
            ("lowest".to_owned(), Value::Int(i64::MIN)),
            ("real".to_owned(), Value::Real(f64::INFINITY)),
            ("yes".to_owned(), Value::Bool(true)),
            ("nothing".to_owned(), Value::Null),
            ("blob".to_owned(), Value::Blob(vec![0, 255].into())),
        ],
        ..Schema::matrix(element, rows as u64, dim)
    };
    (schema, columns)
}

/// Small numbers of any element: all finite.
fn vectors(schema: &Schema) -> Vec<u8> {
    (0..schema.total_bytes()).map(|position| (position % 60) as u8).collect()
}

fn file(rows: usize) -> Vec<u8> {
    let (schema, columns) = metadata(rows, 4, Element::F32);
    write_bytes(&Anx, &schema, &vectors(&schema), &columns, &WriteOptions::default()).unwrap()
}

#[test]
fn everything_comes_back() {
    for element in Element::ALL {
        for (rows, dim) in [(9, 4), (8, 3), (1, 1)] {
            let (expected, columns) = metadata(rows, dim, element);
            let vectors = vectors(&expected);
            let options = WriteOptions::default();
            let bytes = write_bytes(&Anx, &expected, &vectors, &columns, &options).unwrap();
            let container = open_bytes(&Anx, &bytes, &ReadOptions::default()).unwrap();
            assert_eq!(container.entries().len(), 1);
            assert_eq!(container.entries()[0].schema, expected);
            assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
            let all: Vec<usize> = (0..columns.len()).collect();
            let read = container.metadata(0, &all, 0..rows as u64).unwrap();
            assert_eq!(format!("{read:?}"), format!("{columns:?}"));
            let part = container.metadata(0, &[10, 1], rows as u64 / 2..rows as u64).unwrap();
            assert_eq!(part[0].values, columns[10].values[rows / 2..]);
            assert_eq!(part[1].values, columns[1].values[rows / 2..]);
            let index = container.index().unwrap();
            assert_eq!((&*index.kind, index.metric), ("flat", Some(Metric::Manhattan)));
            container.verify().unwrap();
        }
    }
}

#[test]
fn an_index_whose_rows_are_elsewhere_says_so() {
    let without = |name: &str| name != "rows" && !name.starts_with("column");
    let segment = Segment::open(Input::from_bytes("x", file(9))).unwrap();
    let bytes = write_sections(|writer| {
        About::write_rows_elsewhere(writer, 7)?;
        let kept = segment.sections().iter().filter(|section| without(&section.name));
        kept.map(|section| section.name.as_str()).try_for_each(|name| {
            writer.begin(name)?;
            writer.write(segment.require(name)?)
        })
    });
    let container = open_bytes(&Anx, &bytes, &ReadOptions::default()).unwrap();
    assert!(container.entries().is_empty());
    assert!(container.skipped()[0].reason.contains("collection"));
    let index = container.index().unwrap();
    assert_eq!((&*index.kind, index.rows, index.dim), ("flat", Some(9), Some(4)));
    container.verify().unwrap();
    let short = rewritten(&bytes, |name, content| {
        if name == "rows.elsewhere" {
            content.pop();
        }
    });
    let error = open_bytes(&Anx, &short, &ReadOptions::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[test]
fn rows_in_a_file_are_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    std::fs::write(&path, file(9)).unwrap();
    let container = Anx.open(Input::open(&path).unwrap(), &ReadOptions::default()).unwrap();
    let source = container.rows(0).unwrap();
    assert!(source.mapped().unwrap().typed::<f32>().is_some());
}

#[test]
fn rows_that_cannot_be_searched_are_refused() {
    let mut schema = Schema::matrix(Element::F32, 3, 2);
    let numbers = [0f32, 1.0, 2.0, 3.0, f32::NAN, 5.0];
    let vectors: &[u8] = bytemuck::cast_slice(&numbers);
    let options = WriteOptions::default();
    let error = write_bytes(&Anx, &schema, vectors, &[], &options).unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(2)), "{error}");
    schema = Schema::matrix(Element::F32, 3, 0);
    let error = write_bytes(&Anx, &schema, &[], &[], &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

#[test]
fn another_column_may_hold_the_ids() {
    let options = ReadOptions { ids: Some("text".to_owned()), ..ReadOptions::default() };
    let container = open_bytes(&Anx, &file(9), &options).unwrap();
    assert_eq!(container.entries()[0].schema.ids, Some(0));
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = file(3);
    for length in 0..bytes.len() {
        let error = open_bytes(&Anx, &bytes[..length], &ReadOptions::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
}

/// The sections of a file, some of them changed, with checksums that are right.
fn rewritten(original: &[u8], change: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
    let segment = Segment::open(Input::from_bytes("x", original.to_vec())).unwrap();
    write_sections(|writer| {
        segment.sections().iter().try_for_each(|section| {
            let mut bytes = segment.require(&section.name)?.to_vec();
            change(&section.name, &mut bytes);
            writer.begin(&section.name)?;
            writer.write(&bytes)
        })
    })
}

fn write_sections(sections: impl FnOnce(&mut SegmentWriter) -> Result<()>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let mut writer = SegmentWriter::create(Output::create(&path, false).unwrap()).unwrap();
    sections(&mut writer).unwrap();
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}

/// Sections cut short or made longer, as if meant so.
#[test]
fn sections_of_another_length_are_errors() {
    let bytes = file(9);
    let segment = Segment::open(Input::from_bytes("x", bytes.clone())).unwrap();
    for section in segment.sections() {
        let all = section.length as usize;
        for length in (0..all).chain([all + 1]) {
            let damaged = rewritten(&bytes, |name, content| {
                if name == section.name {
                    content.resize(length, 0);
                }
            });
            let read = open_bytes(&Anx, &damaged, &ReadOptions::default()).and_then(|container| {
                let columns: Vec<usize> =
                    (0..container.entries()[0].schema.columns.len()).collect();
                container.metadata(0, &columns, 0..9)
            });
            // What follows the descriptions is for later versions; joined values may have an
            // unused end.
            let position = section.name.strip_prefix("column.").and_then(|n| n.parse().ok());
            let kinds = infos(&awkward_columns(1));
            let is_joined = position.is_some_and(|position: usize| {
                matches!(
                    kinds[position].kind,
                    ColumnKind::Text | ColumnKind::Blob | ColumnKind::Mixed
                )
            });
            let may_be_longer = is_joined || ["about", "columns"].contains(&&*section.name);
            if length < all || !may_be_longer {
                assert!(read.is_err(), "{} of {length} bytes", section.name);
            }
        }
    }
}

/// Bytes changed at random behind checksums that are right: read, or refused, but no panic.
#[test]
fn damaged_sections_never_panic() {
    let bytes = file(9);
    for damaged_name in ["about", "columns", "column.0.ends", "column.0", "column.10", "rows"] {
        let segment = Segment::open(Input::from_bytes("x", bytes.clone())).unwrap();
        crate::testing::mutate(segment.require(damaged_name).unwrap(), 200, |damaged| {
            let file = rewritten(&bytes, |name, content| {
                if name == damaged_name {
                    *content = damaged.to_vec();
                }
            });
            if let Ok(container) = open_bytes(&Anx, &file, &ReadOptions::default()) {
                crate::testing::read_everything(&*container);
            }
        });
    }
}

#[test]
fn shapes_out_of_all_proportion_are_refused() {
    for (rows, dim) in [(0, 1 << 40), (1 << 60, 1 << 60), (1, 0), (0, 0), (u64::MAX, 1)] {
        let about = rewritten(&file(1), |name, content| {
            if name == "about" {
                let shape = content.len() - 16;
                content[shape..shape + 8].copy_from_slice(&u64::to_le_bytes(rows));
                content[shape + 8..].copy_from_slice(&u64::to_le_bytes(dim));
            }
            if name == "rows" {
                content.clear();
            }
        });
        let read = open_bytes(&Anx, &about, &ReadOptions::default());
        assert!(read.is_err(), "{rows} rows of {dim}");
        let segment = Segment::open(Input::from_bytes("x", about)).unwrap();
        if let Ok(about) = About::read(&segment) {
            assert_eq!(about.rows, rows, "only what fits into memory is read at all");
        }
    }
}
