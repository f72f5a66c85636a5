//! Codes of many rows, side by side.

use super::Vectors;
use anear_quant::{Codec, Work};
use anear_types::Result;

/// Rows that are encoded in one go.
const PIECE_ROWS: usize = 1024;

/// Codes of rows; of bits the bits themselves.
pub(super) fn encode(codec: &dyn Codec, rows: Vectors<'_>, work: &Work<'_>) -> Result<Vec<u8>> {
    let values = match rows {
        Vectors::Bits { bytes, .. } => return Ok(bytes.to_vec()),
        Vectors::Floats { values, .. } => values,
    };
    let (dim, code_bytes) = (codec.dim(), codec.code_bytes());
    let mut codes = vec![0; rows.len() * code_bytes];
    let pieces = values.chunks(PIECE_ROWS * dim).zip(codes.chunks_mut(PIECE_ROWS * code_bytes));
    work.for_each(pieces.collect(), |(rows, codes): (&[f32], &mut [u8])| {
        codec.encode(rows, codes);
    })?;
    Ok(codes)
}

/// Codes of rows as seen from the centroids of their lists; 0 for those without a list.
pub(super) fn encode_in_lists(
    codec: &dyn Codec,
    values: &[f32],
    numbers: &[Option<u32>],
    centroids: &[f32],
    work: &Work<'_>,
) -> Result<Vec<u8>> {
    let (dim, code_bytes) = (codec.dim(), codec.code_bytes());
    let mut codes = vec![0; numbers.len() * code_bytes];
    let pieces = values.chunks(PIECE_ROWS * dim).zip(codes.chunks_mut(PIECE_ROWS * code_bytes));
    let pieces = pieces.zip(numbers.chunks(PIECE_ROWS)).collect();
    let encode = |rows: &[f32], codes: &mut [u8], numbers: &[Option<u32>]| {
        let codes = codes.chunks_exact_mut(code_bytes);
        for ((row, code), number) in rows.chunks_exact(dim).zip(codes).zip(numbers) {
            if let Some(number) = number {
                codec.encode_from(&centroids[*number as usize * dim..][..dim], row, code);
            }
        }
    };
    work.for_each(pieces, |((rows, codes), numbers)| encode(rows, codes, numbers))?;
    Ok(codes)
}

/// The differences between rows and the centroids of their lists; 0 for those without a list.
pub(super) fn differences(
    values: &[f32],
    dim: usize,
    numbers: &[Option<u32>],
    centroids: &[f32],
) -> Vec<f32> {
    let mut differences = values.to_vec();
    for (row, number) in differences.chunks_exact_mut(dim).zip(numbers) {
        match number {
            None => row.fill(0.0),
            Some(number) => {
                let centroid = &centroids[*number as usize * dim..][..dim];
                row.iter_mut().zip(centroid).for_each(|(x, center)| *x -= center);
            }
        }
    }
    differences
}
