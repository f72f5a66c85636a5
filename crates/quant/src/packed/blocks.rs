//! Codes in blocks, put together and taken apart.

use anear_kernels::Level;
use anear_kernels::lookup::apart;
use anear_types::parts::{Blocks, Bytes, CodecParts};

/// Rows whose codes lie together.
pub(crate) const GROUP: usize = 32;
/// Bytes of such rows for one number: two rows to a byte.
const PART_BYTES: usize = GROUP / 2;

/// How codes lie in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    block_rows: usize,
    /// Bytes at the beginning of a code that are numbers of 4 bits, the first in the lower half of a byte.
    looked_up: usize,
    code_bytes: usize,
}

impl Layout {
    /// How the codes of a codec for rows of `dim` components lie in blocks.
    ///
    /// # Panics
    /// If they cannot lie in blocks, or those are of other rows than 32 or a multiple.
    pub fn new(blocks: &Blocks, codec: &CodecParts, dim: usize) -> Layout {
        let looked_up = codec.looked_up_bytes(dim).expect("codes of 4-bit numbers");
        Layout::of(blocks.rows, looked_up, codec.code_bytes(dim))
    }

    /// The same of groups, which are looked up at once.
    pub(crate) fn of_groups(looked_up: usize, code_bytes: usize) -> Layout {
        Layout::of(GROUP, looked_up, code_bytes)
    }

    fn of(block_rows: usize, looked_up: usize, code_bytes: usize) -> Layout {
        assert!(block_rows > 0 && block_rows.is_multiple_of(GROUP));
        Layout { block_rows, looked_up, code_bytes }
    }

    /// Bytes of a code by itself.
    pub fn code_bytes(&self) -> usize {
        self.code_bytes
    }

    /// Writes the codes of blocks one behind another.
    ///
    /// # Panics
    /// If there are not as many blocks as rows need.
    pub fn unpack(&self, blocks: &[u8], rows: usize) -> Vec<u8> {
        let mut codes = vec![0; rows * self.code_bytes];
        for (row, code) in codes.chunks_exact_mut(self.code_bytes).enumerate() {
            self.take(blocks, row, code);
        }
        codes
    }

    /// Writes the code of a row by itself.
    pub(crate) fn take(&self, blocks: &[u8], row: usize, code: &mut [u8]) {
        let Place { block, group, at, shift, rest } = self.place(row);
        let block = &blocks[block..];
        let (numbers, others) = code.split_at_mut(self.looked_up);
        if self.block_rows == GROUP {
            apart::code(Level::best(), block.as_chunks().0, at, shift, numbers);
        } else {
            let (first, second) = (group + at, group + PART_BYTES + at);
            for (byte, pair) in numbers.iter_mut().zip(block.chunks_exact(self.block_rows)) {
                *byte = pair[first] >> shift & 15 | (pair[second] >> shift & 15) << 4;
            }
        }
        others.copy_from_slice(&block[rest..][..others.len()]);
    }

    /// Writes codes that lie one behind another in blocks; rows that a last block lacks have codes of 0.
    ///
    /// # Panics
    /// If they are not whole codes.
    pub fn pack(&self, codes: &[u8]) -> Vec<u8> {
        assert!(codes.len().is_multiple_of(self.code_bytes));
        let rows = codes.len() / self.code_bytes;
        let mut blocks = vec![0; rows.next_multiple_of(self.block_rows) * self.code_bytes];
        for (row, code) in codes.chunks_exact(self.code_bytes).enumerate() {
            let Place { block, group, at, shift, rest } = self.place(row);
            let block = &mut blocks[block..];
            let (numbers, others) = code.split_at(self.looked_up);
            for (pair, byte) in numbers.iter().enumerate() {
                let both = &mut block[pair * self.block_rows + group..][..GROUP];
                both[at] |= (byte & 15) << shift;
                both[PART_BYTES + at] |= (byte >> 4) << shift;
            }
            block[rest..][..others.len()].copy_from_slice(others);
        }
        blocks
    }

    /// Appends codes to blocks of so many rows: the last block is made anew.
    ///
    /// # Panics
    /// As for [`unpack`](Layout::unpack) and [`pack`](Layout::pack).
    pub fn append(&self, blocks: &mut Vec<u8>, rows: usize, codes: &[u8]) {
        let whole = rows / self.block_rows * self.block_rows;
        let mut last = self.unpack(&blocks[whole * self.code_bytes..], rows - whole);
        last.extend_from_slice(codes);
        blocks.truncate(whole * self.code_bytes);
        blocks.extend(self.pack(&last));
    }

    /// The codes of blocks in groups: the same where a block is a group.
    ///
    /// # Panics
    /// If there are not as many blocks as rows need.
    pub fn grouped(&self, blocks: &Bytes, rows: usize) -> Bytes {
        if self.block_rows == GROUP {
            assert_eq!(blocks.len(), rows.next_multiple_of(GROUP) * self.code_bytes);
            return blocks.clone();
        }
        let groups = Layout { block_rows: GROUP, ..*self };
        groups.pack(&self.unpack(blocks, rows)).into()
    }

    fn place(&self, row: usize) -> Place {
        let (block, in_block) = (row / self.block_rows, row % self.block_rows);
        let in_group = in_block % GROUP;
        let others = self.code_bytes - self.looked_up;
        Place {
            block: block * self.block_rows * self.code_bytes,
            group: in_block / GROUP * GROUP,
            at: place_in_bytes(in_group % PART_BYTES),
            shift: in_group / PART_BYTES * 4,
            rest: self.looked_up * self.block_rows + in_block * others,
        }
    }
}

/// Where the code of a row is.
struct Place {
    /// Where its block begins.
    block: usize,
    /// Where its group begins among the bytes of a pair of numbers.
    group: usize,
    /// In which of 16 bytes its number is, and how far from the lowest bit.
    at: usize,
    shift: usize,
    /// Where in the block that lies which is not looked up.
    rest: usize,
}

/// The number of a part in the code at a place of a group.
pub(crate) fn number_at(group: &[u8], place: usize, part: usize) -> u8 {
    group[part * PART_BYTES + place_in_bytes(place % PART_BYTES)] >> (place / PART_BYTES * 4) & 15
}

/// In which of 16 bytes one of 16 rows is: 0, 8, 1, 9 and so on is their order.
fn place_in_bytes(row: usize) -> usize {
    if row < 8 { 2 * row } else { 2 * (row - 8) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout as it is told: pairs of numbers, rows in the order `p`, and what else there is row by row.
    fn laid_out(codes: &[Vec<u8>], block_rows: usize, looked_up: usize) -> Vec<u8> {
        let order = [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15];
        let byte = |row: usize, at: usize| codes.get(row).map_or(0, |code| code[at]);
        let mut blocks = Vec::new();
        for first in (0..codes.len()).step_by(block_rows) {
            for pair in 0..looked_up {
                for group in (first..first + block_rows).step_by(GROUP) {
                    for shift in [0, 4] {
                        let number = |row: usize| byte(row, pair) >> shift & 15;
                        blocks.extend(
                            order.map(|row| number(group + row) | number(group + row + 16) << 4),
                        );
                    }
                }
            }
            for row in first..first + block_rows {
                blocks.extend((looked_up..codes[0].len()).map(|at| byte(row, at)));
            }
        }
        blocks
    }

    #[test]
    fn what_was_packed_comes_back() {
        for (rows, looked_up, others, block_rows) in
            [(1, 1, 0, 32), (40, 1, 3, 32), (70, 3, 8, 32), (100, 2, 0, 64), (130, 2, 8, 64)]
        {
            let byte = |row, at| (row * 37 + at * 91 + row / 5) as u8;
            let code_bytes = looked_up + others;
            let codes: Vec<Vec<u8>> =
                (0..rows).map(|row| (0..code_bytes).map(|at| byte(row, at)).collect()).collect();
            let blocks = laid_out(&codes, block_rows, looked_up);
            let layout = Layout::of(block_rows, looked_up, code_bytes);
            let about = format!("{rows} rows of {looked_up} and {others} bytes");
            assert_eq!(layout.unpack(&blocks, rows), codes.concat(), "{about}");
            assert_eq!(layout.pack(&codes.concat()), blocks, "{about}");
            let (first, rest) = codes.split_at(rows / 3);
            let mut grown = layout.pack(&first.concat());
            layout.append(&mut grown, first.len(), &rest.concat());
            assert_eq!(grown, blocks, "{about}");
            let groups = laid_out(&codes, GROUP, looked_up);
            assert_eq!(layout.grouped(&blocks.into(), rows).to_vec(), groups, "{about}");
        }
    }
}
