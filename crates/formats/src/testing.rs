//! What the unit tests of several formats share.

use crate::{Container, Format, ReadOptions, VectorSource, WriteOptions};
use anear_io::{Input, Output};
use anear_types::{Block, Column, ColumnInfo, ColumnKind, MatrixRef, Result, Schema, Value};
use std::path::Path;

/// All rows of a source, read in blocks of three, as native-endian bytes.
pub(crate) fn read_rows(source: &mut dyn VectorSource) -> Result<Vec<u8>> {
    let schema = source.schema().clone();
    let mut block = Block::new(schema.element, schema.dim, 3);
    let mut all = Vec::new();
    loop {
        block.clear();
        if source.next_block(&mut block)? == 0 {
            return Ok(all);
        }
        all.extend_from_slice(block.matrix().bytes());
    }
}

/// All rows of one entry; when they can be mapped too, both ways must agree.
pub(crate) fn entry_rows(container: &dyn Container, entry: usize) -> Result<Vec<u8>> {
    let mut source = container.rows(entry)?;
    let all = read_rows(&mut *source)?;
    if let Some(matrix) = source.mapped() {
        assert_eq!(matrix.bytes(), all);
    }
    Ok(all)
}

/// Opens bytes as a file of `format`.
pub(crate) fn open_bytes(
    format: &dyn Format,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<Box<dyn Container>> {
    format.open(Input::from_bytes("test", bytes.to_vec()), options)
}

/// Writes rows with their metadata in two blocks and returns the bytes of the file.
pub(crate) fn write_bytes(
    format: &dyn Format,
    schema: &Schema,
    vectors: &[u8],
    columns: &[Column],
    options: &WriteOptions,
) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let mut sink = format.create(Output::create(&path, false)?, schema, options)?;
    let rows = schema.rows as usize;
    let matrix = MatrixRef::new(vectors, schema.element, rows, schema.dim);
    let middle = rows / 3;
    for (start, end) in [(0, middle), (middle, rows)] {
        let slice = |column: &Column| Column {
            values: column.values[start..end].to_vec(),
            ..column.clone()
        };
        let metadata: Vec<Column> = columns.iter().map(slice).collect();
        sink.write_block(matrix.range(start, end), &metadata)?;
    }
    let summary = sink.finish()?;
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!((summary.rows, summary.bytes), (schema.rows, bytes.len() as u64));
    assert_only_file(folder.path());
    Ok(bytes)
}

fn assert_only_file(folder: &Path) {
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "a temporary file was left");
}

/// Numbers that are easily damaged: signed zeros, denormals, extremes, not-a-number.
pub(crate) fn awkward_f32() -> Vec<f32> {
    let mut numbers = vec![
        0.0,
        -0.0,
        f32::from_bits(1),
        -f32::from_bits(7),
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
        0.1,
        -1.0 / 3.0,
        16_777_217.0,
        1e-10,
        123_456.79,
    ];
    let mut state = 5u32;
    while numbers.len() < 36 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = f32::from_bits(state);
        if number.is_finite() {
            numbers.push(number);
        }
    }
    numbers
}

/// Columns of every kind, with values that are easily damaged.
pub(crate) fn awkward_columns(rows: usize) -> Vec<Column> {
    let texts = ["plain", "", "é 日本 🦀", "line\nbreak\r\n", "\"quotes\", 'and' , commas", " x "];
    let text = |i: usize| Value::text(texts[i % texts.len()]);
    let ints = [0, -1, i64::MAX, i64::MIN, 42];
    let reals = [0.1, -0.0, f64::MAX, f64::from_bits(1), 3.0, f64::NEG_INFINITY, f64::NAN];
    let int = |i: usize| Value::Int(ints[i % ints.len()]);
    let real = |i: usize| Value::Real(reals[i % reals.len()]);
    let blob = |i: usize| Value::Blob(vec![i as u8; i].into());
    let mixed = |i: usize| match i % 6 {
        0 => Value::text("1"),
        1 => Value::Int(1),
        2 => Value::Real(1.0),
        3 => Value::Bool(true),
        4 => blob(i),
        _ => Value::Null,
    };
    let column = |name: &str, kind, value: &dyn Fn(usize) -> Value| Column {
        name: name.to_owned(),
        kind,
        values: (0..rows).map(value).collect(),
    };
    let some = |i: usize, value: Value| if i % 3 == 1 { Value::Null } else { value };
    vec![
        column("text", ColumnKind::Text, &text),
        column("some text", ColumnKind::Text, &|i| some(i, text(i))),
        column("zero text", ColumnKind::Text, &|i| some(i, Value::text("\0".repeat(i % 4)))),
        column("number", ColumnKind::Int, &int),
        column("some number", ColumnKind::Int, &|i| some(i, int(i))),
        column("real é", ColumnKind::Real, &real),
        column("some real", ColumnKind::Real, &|i| some(i, real(i))),
        column("bool", ColumnKind::Bool, &|i| Value::Bool(i % 2 == 0)),
        column("some bool", ColumnKind::Bool, &|i| some(i, Value::Bool(i % 2 == 0))),
        column("bytes", ColumnKind::Blob, &|i| some(i, blob(i))),
        column("mixed", ColumnKind::Mixed, &mixed),
    ]
}

/// Names and kinds of columns.
pub(crate) fn infos(columns: &[Column]) -> Vec<ColumnInfo> {
    let info = |column: &Column| ColumnInfo { name: column.name.clone(), kind: column.kind };
    columns.iter().map(info).collect()
}

/// Calls `check` with damaged copies of `original`, always the same ones.
pub(crate) fn mutate(original: &[u8], times: usize, mut check: impl FnMut(&[u8])) {
    let mut state = 1u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize
    };
    for _ in 0..times {
        let mut bytes = original.to_vec();
        for _ in 0..=next() % 4 {
            let place = next() % bytes.len();
            match next() % 4 {
                0 => bytes[place] = next() as u8,
                1 => bytes[place] = 0xff,
                2 => bytes[place] ^= 1 << (next() % 8),
                _ => bytes[place] = b"{}[]\",:0-9e"[next() % 11],
            }
        }
        check(&bytes);
    }
}

/// Reads rows and metadata of all entries, whether that works or not.
pub(crate) fn read_everything(container: &dyn Container) {
    for (position, entry) in container.entries().iter().enumerate() {
        let schema = &entry.schema;
        if schema.total_bytes() < 1 << 20 && schema.rows < 1 << 20 {
            let _ = entry_rows(container, position);
            let all: Vec<usize> = (0..schema.columns.len()).collect();
            let _ = container.metadata(position, &all, 0..schema.rows);
        }
    }
}
