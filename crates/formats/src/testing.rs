//! What the unit tests of several formats share.

use crate::{Container, Format, ReadOptions, VectorSource, WriteOptions};
use anear_io::{Input, Output};
use anear_types::{Block, Column, MatrixRef, Result, Schema};
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
