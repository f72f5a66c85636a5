//! One pass over the rows of a matrix in bounded memory.

use crate::{Result, Vectors};
use anear_formats::VectorSource;
use anear_types::{Block, MatrixRef};
use std::sync::mpsc::sync_channel;

/// Blocks alive at a time: one being filled, one waiting, one in use.
const BLOCKS: usize = 3;
/// The largest block; more bytes at a time bring nothing.
pub(crate) const MOST_BLOCK_BYTES: u64 = 32 << 20;
/// The part of a mapped file given out at a time.
const MAPPED_PART_BYTES: usize = 128 << 20;

/// Calls `visit` with the position of the first row of each block and the block, in order, using
/// about `memory_bytes`. Rows that must be decoded are decoded ahead on a thread of their own;
/// rows of a mapped file are seen in place.
pub(crate) fn each_block(
    vectors: &Vectors,
    memory_bytes: u64,
    visit: &mut dyn FnMut(u64, MatrixRef<'_>) -> Result<()>,
) -> Result<()> {
    let source = vectors.source()?;
    match source.mapped() {
        Some(matrix) => each_part(vectors, matrix, memory_bytes, visit),
        None => read_ahead(vectors, source, memory_bytes, visit),
    }
}

fn each_part(
    vectors: &Vectors,
    matrix: MatrixRef<'_>,
    memory_bytes: u64,
    visit: &mut dyn FnMut(u64, MatrixRef<'_>) -> Result<()>,
) -> Result<()> {
    let larger_than_memory = matrix.bytes().len() as u64 > memory_bytes;
    let part_bytes = match larger_than_memory {
        true => MAPPED_PART_BYTES.min(memory_bytes as usize),
        false => MAPPED_PART_BYTES,
    };
    let step = (part_bytes / matrix.row_bytes().max(1)).max(1);
    for start in (0..matrix.rows()).step_by(step) {
        let part = matrix.range(start, matrix.rows().min(start + step));
        visit(start as u64, part)?;
        if larger_than_memory {
            vectors.release(part.bytes());
        }
    }
    Ok(())
}

fn read_ahead(
    vectors: &Vectors,
    mut source: Box<dyn VectorSource + '_>,
    memory_bytes: u64,
    visit: &mut dyn FnMut(u64, MatrixRef<'_>) -> Result<()>,
) -> Result<()> {
    let schema = vectors.schema().clone();
    let block_bytes =
        (memory_bytes / BLOCKS as u64).min(MOST_BLOCK_BYTES).min(schema.total_bytes());
    let block_rows = (block_bytes as usize / schema.row_bytes().max(1)).max(1);
    let (give_back, empty) = sync_channel(BLOCKS);
    for _ in 0..BLOCKS {
        let block = Block::try_new(schema.element, schema.dim, block_rows)?;
        give_back.send(block).expect("there is room for all blocks");
    }
    std::thread::scope(|scope| {
        let (hand_over, filled) = sync_channel(1);
        scope.spawn(move || {
            while let Ok(mut block) = empty.recv() {
                let read = fill(&mut *source, &mut block);
                let more = matches!(read, Ok(rows) if rows > 0);
                if hand_over.send(read.map(|_| block)).is_err() || !more {
                    return;
                }
            }
        });
        let mut first = 0;
        while let Ok(read) = filled.recv() {
            let mut block = read.map_err(|error| vectors.locate(error))?;
            visit(first, block.matrix())?;
            first += block.rows() as u64;
            block.clear();
            let _ = give_back.send(block); // the reader is gone once the rows have ended
        }
        Ok(())
    })
}

/// Fills a block as far as there are rows.
fn fill(source: &mut dyn VectorSource, block: &mut Block) -> Result<usize> {
    while block.spare_rows() > 0 && source.next_block(block)? > 0 {}
    Ok(block.rows())
}
