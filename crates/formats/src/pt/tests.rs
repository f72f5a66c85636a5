use super::*;
use crate::pickle::{PickleWriter, opcode as op};
use crate::testing::{awkward_f32, entry_rows, open_bytes, write_bytes};
use anear_types::{Column, ColumnInfo, ColumnKind, Metric, Value};

fn schema(element: Element, rows: u64, dim: usize, columns: &[Column]) -> Schema {
    let mut schema = Schema::matrix(element, rows, dim);
    schema.columns = columns
        .iter()
        .map(|column| ColumnInfo { name: column.name.clone(), kind: column.kind })
        .collect();
    schema
}

fn column(name: &str, values: Vec<Value>) -> Column {
    Column { name: name.to_owned(), kind: ColumnKind::of(&values), values }
}

fn read(bytes: &[u8]) -> Result<Box<dyn Container>> {
    open_bytes(&Pt, bytes, &ReadOptions::default())
}

#[test]
fn every_element_comes_back() {
    for element in INFO.writes {
        let vectors: Vec<u8> = match element {
            Element::F32 => awkward_f32().iter().flat_map(|number| number.to_ne_bytes()).collect(),
            Element::Bool => (0..36).map(|i| (i % 3) & 1).collect(),
            _ => (0..36 * element.bytes()).map(|i| (i * 37) as u8).collect(),
        };
        let schema = schema(*element, 9, 4, &[]);
        let bytes = write_bytes(&Pt, &schema, &vectors, &[], &WriteOptions::default()).unwrap();
        let head = &bytes[..bytes.len().min(4096)];
        let hint = Hint { extension: String::new(), file_bytes: bytes.len() as u64 };
        assert_eq!(Pt.score(head, &hint), Score::Certain);
        let container = read(&bytes).unwrap();
        assert_eq!(container.entries().len(), 1);
        assert_eq!((&*container.entries()[0].name, &container.entries()[0].schema), ("", &schema));
        assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
    }
}

/// Columns of every kind, with and without nulls.
fn metadata(rows: usize) -> Vec<Column> {
    let values = |make: fn(usize) -> Value| (0..rows).map(make).collect();
    let with_null = |column: Column| Column {
        name: format!("{} or null", column.name),
        values: column
            .values
            .into_iter()
            .enumerate()
            .map(|(i, v)| if i == 3 { Value::Null } else { v })
            .collect(),
        ..column
    };
    let mut columns = vec![
        column("text", values(|i| Value::text(format!("t{i}\n\u{e9}\0")))),
        column("int", values(|i| Value::Int(i64::MIN + i as i64))),
        column("real", values(|i| Value::Real(if i == 1 { f64::NAN } else { i as f64 / 3.0 }))),
        column("bool", values(|i| Value::Bool(i % 2 == 0))),
        column("blob", values(|i| Value::Blob(vec![i as u8, 0x80, 0xff].into()))),
    ];
    columns.extend(columns.clone().into_iter().map(with_null));
    columns.push(column(
        "mixed",
        values(|i| if i % 2 == 0 { Value::Int(1) } else { Value::text("x") }),
    ));
    columns
}

#[test]
fn metadata_come_back_in_their_order() {
    for rows in [0, 1, 4, 2500] {
        let columns = metadata(rows);
        let mut schema = schema(Element::F32, rows as u64, 2, &columns);
        if rows == 0 {
            schema.columns.retain(|column| column.kind != ColumnKind::Mixed);
        }
        schema.ids = schema.column("int");
        schema.metric = Some(Metric::Cosine);
        schema.attributes = vec![
            ("model".to_owned(), Value::text("m")),
            ("a.b".to_owned(), Value::Real(0.1)),
            ("none".to_owned(), Value::Null),
            ("bytes".to_owned(), Value::Blob([0, 200].into())),
        ];
        let vectors = vec![7; rows * 8];
        for entry in [None, Some("vectors"), Some("doc1.section2")] {
            let options =
                WriteOptions { entry: entry.map(str::to_owned), ..WriteOptions::default() };
            let columns = &columns[..schema.columns.len()];
            let bytes = write_bytes(&Pt, &schema, &vectors, columns, &options).unwrap();
            let container = read(&bytes).unwrap();
            let found = &container.entries()[0];
            assert_eq!(found.name, entry.unwrap_or("embeddings"));
            assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
            assert_eq!(found.schema.attributes, schema.attributes);
            assert_eq!(found.schema.metric, schema.metric);
            if rows == 2500 || rows == 4 {
                assert_eq!(found.schema.columns, schema.columns);
            }
            assert_eq!(found.schema.ids, schema.ids);
            let all: Vec<usize> = (0..columns.len()).collect();
            let values = container.metadata(0, &all, 0..rows as u64).unwrap();
            for (found, expected) in values.iter().zip(columns) {
                assert_eq!(found.name, expected.name);
                assert_eq!(format!("{:?}", found.values), format!("{:?}", expected.values));
            }
            if rows > 2 {
                let part = container.metadata(0, &[1], 1..3).unwrap();
                assert_eq!(part[0].values, columns[1].values[1..3]);
            }
        }
    }
}

#[test]
fn names_that_clash_and_types_torch_lacks_are_refused() {
    let refused = |schema: &Schema, options: &WriteOptions| {
        let folder = tempfile::tempdir().unwrap();
        let output = Output::create(folder.path().join("x.pt"), false).unwrap();
        assert!(Pt.create(output, schema, options).is_err());
    };
    let mut twice = schema(Element::F32, 0, 2, &[column("x", vec![])]);
    twice.attributes.push(("x".to_owned(), Value::Null));
    refused(&twice, &WriteOptions::default());
    let named = WriteOptions { entry: Some("x".to_owned()), ..WriteOptions::default() };
    refused(&twice, &named);
    refused(&schema(Element::U16, 0, 2, &[]), &WriteOptions::default());
    let options =
        WriteOptions { compression: crate::Compression::Gzip(6), ..WriteOptions::default() };
    refused(&schema(Element::F32, 0, 2, &[]), &options);
}

/// A zip with a pickle and one storage of 12 f32.
fn zip_of(program: &[u8], method: zip::CompressionMethod) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let data: Vec<u8> = (0..12).flat_map(|i| (i as f32).to_le_bytes()).collect();
    for (name, content) in [("data.pkl", program), ("data/0", &data), ("data/1", &data)] {
        zip.start_file(format!("x/{name}"), options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Opcodes of a 3 x 4 tensor of f32.
fn tensor(pickle: &mut PickleWriter, key: &str) {
    pickle.global("torch._utils", "_rebuild_tensor_v2").op(op::MARK);
    pickle.op(op::MARK).text("storage").unwrap().global("torch", "FloatStorage");
    pickle.text(key).unwrap().text("cpu").unwrap().int(12).op(op::TUPLE).op(op::BINPERSID);
    pickle.int(0).int(3).int(4).op(op::TUPLE2).int(4).int(1).op(op::TUPLE2).bool(false);
    pickle.global("collections", "OrderedDict").op(op::EMPTY_TUPLE).op(op::REDUCE);
    pickle.op(op::TUPLE).op(op::REDUCE);
}

#[test]
fn weights_take_only_what_is_named_like_them_as_columns() {
    let mut pickle = PickleWriter::new(2);
    pickle.op(op::EMPTY_DICT);
    for layer in ["0", "1"] {
        pickle.text(&format!("{layer}.weight")).unwrap();
        tensor(&mut pickle, layer);
        pickle.op(op::SETITEM).text(&format!("{layer}.names")).unwrap();
        pickle.op(op::EMPTY_LIST).op(op::MARK).int(1).int(2).int(3).op(op::APPENDS);
        pickle.op(op::SETITEM);
    }
    pickle.text("plain").unwrap();
    tensor(&mut pickle, "0");
    pickle.op(op::SETITEM).op(op::STOP);
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let bytes = zip_of(pickle.bytes(), method);
        let container = read(&bytes).unwrap();
        let columns = |entry: usize| -> Vec<&str> {
            container.entries()[entry].schema.columns.iter().map(|info| &*info.name).collect()
        };
        assert_eq!(columns(0), ["names"]);
        assert_eq!(columns(1), ["names"]);
        assert_eq!(columns(2), ["0.names", "1.names"]);
        assert_eq!(entry_rows(&*container, 1).unwrap().len(), 48);
    }
}

#[test]
fn every_truncation_and_many_mutations_are_errors_or_data() {
    let mut pickle = PickleWriter::new(2);
    tensor(&mut pickle, "0");
    pickle.op(op::STOP);
    let good = zip_of(pickle.bytes(), zip::CompressionMethod::Stored);
    for end in 0..good.len() {
        assert!(read(&good[..end]).is_err());
    }
    let fixtures = anear_testkit::fixtures::folder().join("torch");
    let mut files = vec![good];
    for name in ["dict_meta.pt", "numpy_inside.pt", "list_tensors_legacy.pt", "uint16.pt"] {
        files.extend(std::fs::read(fixtures.join(name)).ok());
    }
    let mut random = 0x1234_5678_9abc_def1_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize
    };
    for file in files {
        for _ in 0..600 {
            let mut damaged = file.clone();
            for _ in 0..=next() % 4 {
                // Mostly where the descriptions are.
                let place = match next() % 3 {
                    0 => next() % damaged.len(),
                    1 => next() % damaged.len().min(2000),
                    _ => damaged.len() - 1 - next() % damaged.len().min(600),
                };
                damaged[place] = next() as u8;
            }
            let Ok(container) = read(&damaged) else { continue };
            for (position, entry) in container.entries().iter().enumerate() {
                let _ = entry_rows(&*container, position);
                let columns: Vec<usize> = (0..entry.schema.columns.len()).collect();
                let _ = container.metadata(position, &columns, 0..entry.schema.rows);
            }
        }
    }
}

#[test]
fn a_pickled_tensor_is_read_as_a_vector() {
    let magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.";
    let mut storage = magic.to_vec();
    let mut pickle = PickleWriter::new(2);
    pickle.int(1001).op(op::STOP).op(op::PROTO);
    pickle.op(2).op(op::EMPTY_DICT).op(op::STOP).op(op::PROTO).op(2);
    pickle.op(op::MARK).text("storage").unwrap().global("torch", "FloatStorage");
    pickle.text("77").unwrap().text("cpu").unwrap().int(6).op(op::NONE).op(op::TUPLE);
    pickle.op(op::BINPERSID).op(op::STOP).op(op::PROTO).op(2);
    pickle.op(op::EMPTY_LIST).text("77").unwrap().op(op::APPEND).op(op::STOP);
    storage.extend_from_slice(pickle.bytes());
    storage.extend_from_slice(&6i64.to_le_bytes());
    storage.extend((0..6).flat_map(|i| (i as f32).to_le_bytes()));

    for (start, step, expected) in [(2, 1, [2.0, 3.0]), (0, 5, [0.0, 5.0])] {
        let mut outer =
            b"\x80\x03ctorch._utils\n_rebuild_tensor_v2\n(ctorch.storage\n_load_from_bytes\nB"
                .to_vec();
        outer.extend_from_slice(&(storage.len() as u32).to_le_bytes());
        outer.extend_from_slice(&storage);
        outer.extend_from_slice(b"\x85R");
        let mut rest = PickleWriter::default();
        rest.int(start).int(2).op(op::TUPLE1).int(step).op(op::TUPLE1).bool(false);
        rest.op(op::NONE).op(op::TUPLE).op(op::REDUCE).op(op::STOP);
        outer.extend_from_slice(rest.bytes());
        let mut decoder = pickle::VectorDecoder::new(&anear_types::Limits::default());
        for _ in 0..2 {
            let vector = decoder.decode(&outer).unwrap();
            let numbers: Vec<f64> =
                vector.bytes.chunks(4).map(|b| vector.element.read_f64(b)).collect();
            assert_eq!(numbers, expected);
        }
        for end in 0..outer.len() {
            assert!(decoder.decode(&outer[..end]).is_err());
        }
    }
}
