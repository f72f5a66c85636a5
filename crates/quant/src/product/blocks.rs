//! Codes of 4 bits in blocks, taken apart. How they lie is told at
//! [`Blocks`](anear_types::parts::Blocks).

/// Rows whose codes lie together.
pub(super) const GROUP: usize = 32;
/// Bytes of such rows for one part: two rows to a byte.
const PART_BYTES: usize = GROUP / 2;

/// Writes codes one behind another, the first part in the lower half of the first byte.
///
/// # Panics
/// If there are not as many blocks as rows need.
pub fn unpack(blocks: &[u8], block_rows: usize, rows: usize, parts: usize) -> Vec<u8> {
    let (pairs, code_bytes) = (parts.div_ceil(2), parts.div_ceil(2));
    let mut codes = vec![0; rows * code_bytes];
    for (row, code) in codes.chunks_exact_mut(code_bytes).enumerate() {
        let block = &blocks[row / block_rows * block_rows * pairs..];
        let (group, place) = (row % block_rows / GROUP, row % GROUP);
        let (at, shift) = (place_in_bytes(place % PART_BYTES), place / PART_BYTES * 4);
        for (pair, byte) in code.iter_mut().enumerate() {
            let both = &block[pair * block_rows + group * GROUP..][..GROUP];
            let number = |part: usize| both[part * PART_BYTES + at] >> shift & 15;
            *byte = number(0) | number(1) << 4;
        }
    }
    codes
}

/// Writes codes that lie one behind another in blocks; rows that a last block lacks have codes of 0.
///
/// # Panics
/// If they are not whole codes.
pub fn pack(codes: &[u8], block_rows: usize, parts: usize) -> Vec<u8> {
    let pairs = parts.div_ceil(2);
    assert!(codes.len().is_multiple_of(pairs));
    let rows = codes.len() / pairs;
    let mut blocks = vec![0; rows.div_ceil(block_rows) * block_rows * pairs];
    for (row, code) in codes.chunks_exact(pairs).enumerate() {
        let block = &mut blocks[row / block_rows * block_rows * pairs..];
        let (group, place) = (row % block_rows / GROUP, row % GROUP);
        let (at, shift) = (place_in_bytes(place % PART_BYTES), place / PART_BYTES * 4);
        for (pair, byte) in code.iter().enumerate() {
            let both = &mut block[pair * block_rows + group * GROUP..][..GROUP];
            both[at] |= (byte & 15) << shift;
            both[PART_BYTES + at] |= (byte >> 4) << shift;
        }
    }
    blocks
}

/// The number of a part in the code at a place of a group.
pub(super) fn number_at(group: &[u8], place: usize, part: usize) -> u8 {
    group[part * PART_BYTES + place_in_bytes(place % PART_BYTES)] >> (place / PART_BYTES * 4) & 15
}

/// In which of 16 bytes one of 16 rows is: 0, 8, 1, 9 and so on is their order.
fn place_in_bytes(row: usize) -> usize {
    if row < 8 { 2 * row } else { 2 * (row - 8) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout as it is told: pairs of parts, and rows in the order `p`.
    fn laid_out(codes: &[Vec<u8>], block_rows: usize, parts: usize) -> Vec<u8> {
        let order = [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15];
        let number = |row: usize, part: usize| {
            codes.get(row).and_then(|code| code.get(part)).copied().unwrap_or(0)
        };
        let mut blocks = Vec::new();
        for first in (0..codes.len()).step_by(block_rows) {
            for pair in 0..parts.div_ceil(2) {
                for group in (first..first + block_rows).step_by(GROUP) {
                    for part in [2 * pair, 2 * pair + 1] {
                        blocks.extend(order.map(|row| {
                            number(group + row, part) | number(group + row + 16, part) << 4
                        }));
                    }
                }
            }
        }
        blocks
    }

    #[test]
    fn what_was_packed_comes_back() {
        for (rows, parts, block_rows) in [(1, 1, 32), (40, 2, 32), (70, 5, 32), (100, 4, 64)] {
            let number = |row, part| ((row * 7 + part * 3 + row / 5) % 16) as u8;
            let codes: Vec<Vec<u8>> =
                (0..rows).map(|row| (0..parts).map(|part| number(row, part)).collect()).collect();
            let blocks = laid_out(&codes, block_rows, parts);
            let found = unpack(&blocks, block_rows, rows, parts);
            let byte = |pair: &[u8]| pair[0] | pair.get(1).unwrap_or(&0) << 4;
            let expected: Vec<u8> =
                codes.iter().flat_map(|code| code.chunks(2).map(byte)).collect();
            assert_eq!(found, expected, "{rows} rows of {parts} parts");
            assert_eq!(pack(&found, block_rows, parts), blocks, "{rows} rows of {parts} parts");
        }
    }
}
