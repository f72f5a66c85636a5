//! Round trips through our own reader, partial reads, and damaged files.

use super::Hdf5;
use crate::testing::{awkward_f32, entry_rows, open_bytes, read_rows, write_bytes};
use crate::{Compression, Container, Entry, Format, ReadOptions, WriteOptions};
use anear_io::Output;
use anear_testkit::fixtures::expected;
use anear_types::{
    Block, Column, ColumnInfo, ColumnKind, Element, ErrorKind, MatrixRef, Metric, Schema, Value,
};

fn options(threads: usize) -> ReadOptions {
    ReadOptions { threads, ..ReadOptions::default() }
}

fn gzip() -> WriteOptions {
    WriteOptions { compression: Compression::Gzip(4), threads: 2, ..WriteOptions::default() }
}

fn open(bytes: &[u8]) -> Box<dyn Container> {
    open_bytes(&Hdf5, bytes, &options(2)).unwrap()
}

fn column(name: &str, kind: ColumnKind, values: Vec<Value>) -> Column {
    Column { name: name.to_owned(), kind, values }
}

/// A schema of `rows` rows of four f32 with these columns.
fn schema(rows: u64, columns: &[Column]) -> Schema {
    let infos = columns.iter().map(|c| ColumnInfo { name: c.name.clone(), kind: c.kind });
    Schema { columns: infos.collect(), ..Schema::matrix(Element::F32, rows, 4) }
}

#[test]
fn every_element_comes_back_bit_for_bit() {
    let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).cycle().take(7 * 5 * 8).collect();
    for element in super::INFO.writes {
        let mut bytes = bytes[..7 * 5 * element.bytes()].to_vec();
        if *element == Element::Bool {
            bytes.iter_mut().for_each(|byte| *byte &= 1);
        }
        for options in [gzip(), WriteOptions::default()] {
            let schema = Schema::matrix(*element, 7, 5);
            let file = write_bytes(&Hdf5, &schema, &bytes, &[], &options).unwrap();
            let container = open(&file);
            let entry = &container.entries()[0];
            assert_eq!((entry.name.as_str(), &entry.schema), ("embeddings", &schema));
            assert_eq!(entry_rows(&*container, 0).unwrap(), bytes, "{element}");
        }
    }
}

#[test]
fn metadata_comes_back_with_its_nulls() {
    let text = |text: &str| Value::text(text);
    let columns = [
        column("id", ColumnKind::Text, ["a", "b", "", "d", "e"].map(text).into()),
        column(
            "key",
            ColumnKind::Int,
            vec![Value::Int(i64::MIN), Value::Int(-1), Value::Int(0), Value::Null, Value::Int(9)],
        ),
        column(
            "page",
            ColumnKind::Real,
            vec![Value::Null, Value::Real(0.1), Value::Real(-0.0), Value::Null, Value::Real(1e300)],
        ),
        column(
            "seen",
            ColumnKind::Bool,
            vec![
                Value::Bool(true),
                Value::Bool(false),
                Value::Null,
                Value::Bool(true),
                Value::Null,
            ],
        ),
        column(
            "naïve title",
            ColumnKind::Text,
            vec![
                text("Über 🦀"),
                text("a\0b\0"),
                Value::Null,
                text(""),
                text(&"long ".repeat(3000)),
            ],
        ),
        column(
            "raw",
            ColumnKind::Blob,
            vec![
                Value::Blob([0, 1, 255].into()),
                Value::Null,
                Value::Blob([].into()),
                Value::Blob([7; 300].into()),
                Value::Null,
            ],
        ),
        column(
            "any",
            ColumnKind::Mixed,
            vec![Value::Null, Value::Int(3), Value::Real(3.0), text("3"), Value::Blob([3].into())],
        ),
    ];
    let vectors: Vec<u8> = awkward_f32()[..20].iter().flat_map(|x| x.to_ne_bytes()).collect();
    let mut schema = schema(5, &columns);
    schema.ids = Some(1);
    schema.metric = Some(Metric::Cosine);
    schema.attributes = vec![
        ("blob".to_owned(), Value::Blob([1, 2, 3].into())),
        ("model".to_owned(), text("all-MiniLM-L6-v2")),
        ("none".to_owned(), Value::Null),
        ("normalised".to_owned(), Value::Bool(true)),
        ("scale".to_owned(), Value::Real(0.25)),
        ("version".to_owned(), Value::Int(-3)),
    ];
    for compression in [Compression::None, Compression::Gzip(9)] {
        let entry = Some("doc 1/section2/embedding".to_owned());
        let options = WriteOptions { entry, compression, ..gzip() };
        let file = write_bytes(&Hdf5, &schema, &vectors, &columns, &options).unwrap();
        let container = open(&file);
        let names: Vec<&str> = container.entries().iter().map(|e| e.name.as_str()).collect();
        let entry = names.iter().position(|name| *name == "doc 1/section2/embedding").unwrap();
        let found = &container.entries()[entry].schema;
        assert_eq!((found.metric, &found.attributes), (schema.metric, &schema.attributes));
        assert_eq!(found.columns[found.ids.unwrap()].name, "key");
        assert_eq!(found.columns.len(), columns.len(), "null masks are no columns");
        assert_eq!(entry_rows(&*container, entry).unwrap(), vectors);
        for expected in &columns {
            let position = found.column(&expected.name).unwrap();
            let read = container.metadata(entry, &[position], 0..5).unwrap();
            assert_eq!(read, std::slice::from_ref(expected));
            let read = container.metadata(entry, &[position], 2..4).unwrap();
            assert_eq!(read[0].values, expected.values[2..4]);
        }
        let mask = container.skipped().iter().find(|s| s.name.ends_with("key.isnull"));
        assert!(mask.is_some_and(|mask| mask.reason.contains("nulls")));
    }
}

#[test]
fn many_chunks_and_late_nulls() {
    let rows = 200_000u64;
    let values = |row: u64| if row == 150_001 { Value::Null } else { Value::Int(row as i64) };
    let columns = [column("n", ColumnKind::Int, (0..rows).map(values).collect())];
    let vectors: Vec<u8> = (0..rows * 4).flat_map(|n| (n as f32).to_ne_bytes()).collect();
    let schema = schema(rows, &columns);
    for options in [gzip(), WriteOptions::default()] {
        let file = write_bytes(&Hdf5, &schema, &vectors, &columns, &options).unwrap();
        let container = open(&file);
        let entry = container.entries().iter().position(|e| e.name == "embeddings").unwrap();
        let mut source = container.rows(entry).unwrap();
        let mut block = Block::new(Element::F32, 4, 7001);
        let mut all = Vec::new();
        while source.next_block(&mut block).unwrap() > 0 {
            all.extend_from_slice(block.matrix().bytes());
            block.clear();
        }
        assert!(all == vectors);
        let read = container.metadata(entry, &[0], 149_999..150_003).unwrap();
        assert_eq!(read[0].values, columns[0].values[149_999..150_003]);
    }
}

#[test]
fn a_file_takes_one_entry_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let number = |rows: std::ops::Range<i64>| {
        [column("row", ColumnKind::Int, rows.map(Value::Int).collect())]
    };
    let schema = schema(1, &number(0..0));
    let options = WriteOptions { entry: Some("a/embeddings".to_owned()), ..gzip() };
    let output = Output::create(&path, false).unwrap();
    let mut sink = Hdf5.create(output, &schema, &options).unwrap();
    let vectors: Vec<u8> = (0..6 * 4).flat_map(|n| (n as f32).to_ne_bytes()).collect();
    let matrix = MatrixRef::new(&vectors, Element::F32, 6, 4);
    sink.write_block(matrix.range(0, 1), &number(0..1)).unwrap();
    sink.next_entry("b 2/embeddings", 5).unwrap();
    sink.write_block(matrix.range(1, 3), &number(1..3)).unwrap();
    sink.write_block(matrix.range(3, 6), &number(3..6)).unwrap();
    assert_eq!(sink.next_entry("b//c", 1).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(sink.finish().unwrap().rows, 6);

    let container = open(&std::fs::read(path).unwrap());
    let names: Vec<&str> = container.entries().iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["a/embeddings", "a/row", "b 2/embeddings", "b 2/row"]);
    for (entry, rows) in [(0, 0..1), (2, 1..6)] {
        let expected = matrix.range(rows.start as usize, rows.end as usize);
        assert_eq!(entry_rows(&*container, entry).unwrap(), expected.bytes());
        let read = container.metadata(entry, &[0], 0..rows.end as u64 - rows.start as u64);
        assert_eq!(read.unwrap(), number(rows));
    }
}

#[test]
fn bytes_are_shuffled_unless_told_otherwise() {
    let vectors: Vec<u8> = (0..4000).flat_map(|n| (n as f32 * 0.1).to_ne_bytes()).collect();
    let schema = schema(1000, &[]);
    let bytes = [true, false].map(|shuffle| {
        let options = WriteOptions { shuffle, ..gzip() };
        let file = write_bytes(&Hdf5, &schema, &vectors, &[], &options).unwrap();
        assert_eq!(entry_rows(&*open(&file), 0).unwrap(), vectors);
        file.len()
    });
    assert!(bytes[0] < bytes[1], "{bytes:?}");
}

#[test]
fn names_that_cannot_be_written_are_refused() {
    let columns = |name: &str| [column(name, ColumnKind::Int, vec![Value::Int(1)])];
    let vectors = [0; 16];
    for name in ["", "a/b", ".", "embeddings"] {
        let columns = columns(name);
        let schema = schema(1, &columns);
        assert!(write_bytes(&Hdf5, &schema, &vectors, &columns, &gzip()).is_err(), "{name:?}");
    }
    let options = WriteOptions { entry: Some("a//b".to_owned()), ..gzip() };
    let error = write_bytes(&Hdf5, &schema(1, &[]), &vectors, &[], &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn partial_reads_agree_with_full_reads() {
    for (path, _) in expected("hdf5") {
        let bytes = std::fs::read(&path).unwrap();
        for threads in [1, 3] {
            let container = open_bytes(&Hdf5, &bytes, &options(threads)).unwrap();
            for (entry, Entry { schema, .. }) in entries(&*container) {
                let full = entry_rows(&*container, entry).unwrap();
                let mut source = container.rows(entry).unwrap();
                for (start, capacity) in [(0, 1), (5, 4), (schema.rows / 2, 9), (1, 1000)] {
                    source.seek(start).unwrap();
                    let mut block = Block::new(schema.element, schema.dim, capacity);
                    let rows = source.next_block(&mut block).unwrap();
                    let expected = capacity.min(schema.rows.saturating_sub(start) as usize);
                    assert_eq!(rows, expected);
                    let from = (start as usize * schema.row_bytes()).min(full.len());
                    let bytes = block.matrix().bytes();
                    assert_eq!(bytes, &full[from..from + bytes.len()], "{}", path.display());
                }
            }
        }
    }
}

fn entries(container: &dyn Container) -> impl Iterator<Item = (usize, &Entry)> {
    container.entries().iter().enumerate()
}

#[test]
fn what_is_not_a_matrix_is_listed_with_its_reason() {
    let reasons = |name: &str| {
        let file = expected("hdf5").into_iter().find(|(path, _)| path.ends_with(name)).unwrap().0;
        let container = open(&std::fs::read(file).unwrap());
        let reasons = container.skipped().iter().map(|s| format!("{}: {}", s.name, s.reason));
        (reasons.collect::<Vec<_>>(), container)
    };
    let (found, _) = reasons("compound.h5");
    assert_eq!(found, ["table: it is a table of compound values"]);
    let (found, container) = reasons("metadata.h5");
    assert!(found.contains(&"file_name: it holds text, a metadata column of 'embeddings'".into()));
    let names: Vec<&str> = container.entries().iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["embeddings", "page_num"]);
    let schema = &container.entries()[0].schema;
    assert_eq!(schema.columns.len(), 3);
    let model = ("model".to_owned(), Value::text("all-MiniLM-L6-v2"));
    assert!(schema.attributes.contains(&model), "{:?}", schema.attributes);

    let (found, container) = reasons("links.h5");
    assert!(found.iter().all(|reason| !reason.contains("hard")), "{found:?}");
    let names: Vec<&str> = container.entries().iter().map(|e| e.name.as_str()).collect();
    assert!(names.contains(&"hard") && names.contains(&"soft"), "{names:?}");

    let (_, container) = reasons("ann_benchmarks_angular.hdf5");
    assert!(container.entries().iter().all(|e| e.schema.metric == Some(Metric::Angular)));
}

/// A file of the real HDF5 whose data set claims the shape `axes` instead of its own.
fn claiming(axes: [u64; 2]) -> Vec<u8> {
    let encoded = |axes: [u64; 2]| axes.map(u64::to_le_bytes).concat();
    let mut files = expected("hdf5").into_iter();
    let path = files.find(|(path, _)| path.ends_with("contiguous_f4.h5")).unwrap().0;
    let mut bytes = std::fs::read(path).unwrap();
    let own = encoded([40, 64]);
    let place = bytes.windows(own.len()).position(|window| window == own).unwrap();
    bytes[place..place + own.len()].copy_from_slice(&encoded(axes));
    bytes
}

#[test]
fn an_empty_data_set_may_not_claim_absurd_axes() {
    assert_eq!(open(&claiming([4, 64])).entries()[0].schema.rows, 4);
    for axes in [[0, 1 << 62], [0, 1 << 40], [1 << 62, 0], [1 << 40, 0]] {
        let error = open_bytes(&Hdf5, &claiming(axes), &options(2)).err().unwrap();
        let kinds = [ErrorKind::Malformed, ErrorKind::Limit];
        assert!(kinds.contains(&error.kind()), "{axes:?}: {error}");
    }
}

#[test]
fn flipped_bytes_never_panic_or_hang() {
    let names = ["metadata.h5", "metadata_latest.h5", "libver_latest.h5", "shuffle_gzip4.h5"];
    let mut state = 11u64;
    let mut random = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (path, _) in expected("hdf5") {
        if !names.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let good = std::fs::read(&path).unwrap();
        for round in 0..150 {
            let mut bytes = good.clone();
            for _ in 0..=round % 4 {
                // Mostly in the first part, where the structure is.
                let place = random(if round % 3 == 0 { good.len() } else { 3000 });
                bytes[place] = random(256) as u8;
            }
            let begin = std::time::Instant::now();
            let Ok(container) = open_bytes(&Hdf5, &bytes, &options(2)) else { continue };
            for (entry, Entry { schema, .. }) in entries(&*container) {
                let Ok(mut source) = container.rows(entry) else { continue };
                let _ = read_rows(&mut *source);
                let columns: Vec<usize> = (0..schema.columns.len()).collect();
                let _ = container.metadata(entry, &columns, 0..schema.rows);
            }
            assert!(begin.elapsed().as_secs() < 5, "{} round {round}", path.display());
        }
    }
}
