//! Tables of what each set of four values sums up to.

use super::packed::ENTRIES;
use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Values of which four make a table. Those that the last table lacks are worth nothing.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Each is worth `step * number + low`.
    pub numbers: &'a [u8],
    /// See there.
    pub step: f32,
    /// See there.
    pub low: f32,
    /// Whether sums start at that of the four numbers, otherwise at 0.
    pub from_numbers: bool,
}

/// Writes tables of 16 sums: entry `i` is the start and those values `j`, one after another, for which bit
/// `j` of `i` is set. Anything where a value is not finite.
///
/// # Panics
/// If there is not one table for each four values.
pub fn sums(level: Level, values: Values<'_>, tables: &mut [[f32; ENTRIES]]) {
    assert_eq!(values.numbers.len().div_ceil(4), tables.len());
    level.run(Sums { values, tables });
}

struct Sums<'a> {
    values: Values<'a>,
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
        let Values { numbers, step, low, from_numbers } = self.values;
        let (step, low) = (simd.splat(step), simd.splat(low));
        for (numbers, tables) in numbers.chunks(LANES).zip(self.tables.chunks_mut(LANES / 4)) {
            let mut lanes = [0; LANES];
            for (lane, number) in lanes.iter_mut().zip(numbers) {
                *lane = i32::from(*number);
            }
            let mut values = [0.0; LANES];
            let worth = simd.mul(simd.to_f32(simd.load_i32(&lanes)), step);
            simd.store(simd.add(worth, low), &mut values);
            values[numbers.len()..].fill(0.0);
            let fours = values.as_chunks::<4>().0.iter().zip(lanes.as_chunks::<4>().0);
            for ((values, numbers), table) in fours.zip(tables) {
                let start = if from_numbers { numbers.iter().sum::<i32>() as f32 } else { 0.0 };
                let mut sums = simd.splat(start);
                for (value, members) in values.iter().zip(&MEMBERS) {
                    sums = simd.add(sums, simd.mul(simd.splat(*value), simd.load(members)));
                }
                simd.store(sums, table);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_adds_up_in_order() {
        let (step, low) = (0.3, -11.7);
        for count in [1_usize, 4, 16, 17, 39, 64] {
            let numbers: Vec<u8> = (0..count).map(|at| (at * at * 37 % 256) as u8).collect();
            for from_numbers in [false, true] {
                let expected = numbers.chunks(4).map(|four| -> [f32; ENTRIES] {
                    let all: u32 = four.iter().copied().map(u32::from).sum();
                    let start = if from_numbers { all as f32 } else { 0.0 };
                    std::array::from_fn(|set| {
                        let members = four.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
                        members
                            .fold(start, |sum, (_, number)| sum + (step * f32::from(*number) + low))
                    })
                });
                let expected: Vec<_> = expected.collect();
                let values = Values { numbers: &numbers, step, low, from_numbers };
                for level in Level::available() {
                    let mut tables = vec![[0.0; ENTRIES]; expected.len()];
                    sums(level, values, &mut tables);
                    assert_eq!(tables, expected, "{} {count}", level.name());
                }
            }
        }
    }
}
