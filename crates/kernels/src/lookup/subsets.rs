//! Tables of what each set of four values sums up to.

use super::packed::ENTRIES;
use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Four values, and what their sums start at.
#[derive(Clone, Copy, Debug)]
pub struct Four {
    /// The start.
    pub start: f32,
    /// The values.
    pub values: [f32; 4],
}

/// Writes tables of 16 sums: entry `i` is the start and those values `j`, one after another, for which bit
/// `j` of `i` is set. Anything where a value is not finite.
///
/// # Panics
/// If there is not one table for each four values.
pub fn sums(level: Level, fours: &[Four], tables: &mut [[f32; ENTRIES]]) {
    assert_eq!(fours.len(), tables.len());
    level.run(Sums { fours, tables });
}

struct Sums<'a> {
    fours: &'a [Four],
    tables: &'a mut [[f32; ENTRIES]],
}

const _: () = assert!(ENTRIES == LANES);

/// For each value 1 where it is in a set, otherwise 0.
const MEMBERS: [[f32; ENTRIES]; 4] = {
    let mut members = [[0.0; ENTRIES]; 4];
    let mut at = 0;
    while at < 4 * ENTRIES {
        let (value, set) = (at / ENTRIES, at % ENTRIES);
        members[value][set] = (set >> value & 1) as f32;
        at += 1;
    }
    members
};

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (four, table) in self.fours.iter().zip(self.tables) {
            let mut sums = simd.splat(four.start);
            for (value, members) in four.values.iter().zip(&MEMBERS) {
                sums = simd.add(sums, simd.mul(simd.splat(*value), simd.load(members)));
            }
            simd.store(sums, table);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_adds_up_in_order() {
        let value = |at: usize| (at * at * 37 % 1009) as f32 / 3.0 - 100.0;
        let fours: Vec<Four> = (0..9)
            .map(|at| Four {
                start: value(at),
                values: [1, 2, 3, 4].map(|next| value(9 * at + next)),
            })
            .collect();
        for level in Level::available() {
            let mut tables = [[0.0; ENTRIES]; 9];
            sums(level, &fours, &mut tables);
            for (four, table) in fours.iter().zip(tables) {
                for (set, sum) in table.into_iter().enumerate() {
                    let members =
                        four.values.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
                    let expected = members.fold(four.start, |sum, (_, value)| sum + value);
                    assert_eq!(sum, expected, "{} {set}", level.name());
                }
            }
        }
    }
}
