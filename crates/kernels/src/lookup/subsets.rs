//! Tables of what each set of four values sums up to.

use super::packed::ENTRIES;
use super::rounding::Scale;
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

/// Writes the lowest sum of each table, and how far the highest is from it, without the tables.
///
/// # Panics
/// If there are not both for each four values, or sums start at anything but 0.
pub fn extents(level: Level, values: Values<'_>, lows: &mut [f32], widths: &mut [f32]) {
    let count = values.numbers.len().div_ceil(4);
    assert!((count, count) == (lows.len(), widths.len()) && !values.from_numbers);
    level.run(Extents { values, lows, widths });
}

/// Writes the sums of tables as [`rounding::round`](super::rounding::round) does.
///
/// # Panics
/// If there is not one lowest sum for each four values, and room for a table, or sums start at anything but 0.
pub fn round(
    level: Level,
    values: Values<'_>,
    lows: &[f32],
    factor: f32,
    rounded: &mut [[u8; ENTRIES]],
) {
    let count = values.numbers.len().div_ceil(4);
    assert!((count, count) == (lows.len(), rounded.len()) && !values.from_numbers);
    level.run(Round { values, lows, factor, rounded });
}

struct Sums<'a> {
    values: Values<'a>,
    tables: &'a mut [[f32; ENTRIES]],
}

const _: () = assert!(ENTRIES == LANES);

/// Tables of a vector of numbers.
const FOURS: usize = LANES / 4;

/// The sets that each value is in.
const SETS: [u16; 4] = [0xaaaa, 0xcccc, 0xf0f0, 0xff00];

/// What four times four numbers are worth, and 0 for those from `count` on.
#[inline(always)]
fn worth<S: Simd>(
    simd: S,
    values: Values<'_>,
    numbers: &[u8; LANES],
    count: usize,
) -> [[f32; 4]; FOURS] {
    let mut lanes = [0; LANES];
    for lane in 0..LANES {
        lanes[lane] = i32::from(numbers[lane]);
    }
    let mut worth = [0.0; LANES];
    let products = simd.mul(simd.to_f32(simd.load_i32(&lanes)), simd.splat(values.step));
    simd.store(simd.add(products, simd.splat(values.low)), &mut worth);
    worth[count..].fill(0.0);
    *worth.as_chunks().0.first_chunk().expect("fours of all lanes")
}

/// Some numbers, and zeros behind them.
#[inline(always)]
fn filled_up<const N: usize>(numbers: &[u8]) -> [u8; N] {
    let mut all = [0; N];
    all[..numbers.len()].copy_from_slice(numbers);
    all
}

/// The sums of the sets of four values.
#[inline(always)]
fn table<S: Simd>(simd: S, start: f32, values: [f32; 4]) -> S::F32s {
    let mut sums = simd.splat(start);
    for at in 0..4 {
        sums = simd.add_where(SETS[at], sums, simd.splat(values[at]));
    }
    sums
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Sums { values, tables } = self;
        let (whole, rest) = values.numbers.as_chunks();
        let (first, last) = tables.split_at_mut(FOURS * whole.len());
        for (numbers, tables) in whole.iter().zip(first.as_chunks_mut().0) {
            store_sums(simd, values, numbers, LANES, tables);
        }
        if !rest.is_empty() {
            let mut four = [[0.0; ENTRIES]; FOURS];
            store_sums(simd, values, &filled_up(rest), rest.len(), &mut four);
            last.copy_from_slice(&four[..last.len()]);
        }
    }
}

/// Writes the tables of the first `count` of some numbers.
#[inline(always)]
fn store_sums<S: Simd>(
    simd: S,
    values: Values<'_>,
    numbers: &[u8; LANES],
    count: usize,
    tables: &mut [[f32; ENTRIES]; FOURS],
) {
    let fours = worth(simd, values, numbers, count);
    for at in 0..FOURS {
        let mut start = 0;
        for place in 0..4 {
            start += i32::from(numbers[4 * at + place]);
        }
        let start = if values.from_numbers { start as f32 } else { 0.0 };
        simd.store(table(simd, start, fours[at]), &mut tables[at]);
    }
}

struct Extents<'a> {
    values: Values<'a>,
    lows: &'a mut [f32],
    widths: &'a mut [f32],
}

impl Kernel for Extents<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Extents { values, lows, widths } = self;
        let (whole, rest) = values.numbers.as_chunks();
        let (lows, last_lows) = lows.split_at_mut(LANES * whole.len());
        let (widths, last_widths) = widths.split_at_mut(LANES * whole.len());
        let places = lows.as_chunks_mut().0.iter_mut().zip(widths.as_chunks_mut().0);
        for (numbers, (lows, widths)) in whole.iter().zip(places) {
            store_extents(simd, values, numbers, 4 * LANES, lows, widths);
        }
        if !rest.is_empty() {
            let (mut lows, mut widths) = ([0.0; LANES], [0.0; LANES]);
            let numbers = filled_up(rest);
            store_extents(simd, values, &numbers, rest.len(), &mut lows, &mut widths);
            last_lows.copy_from_slice(&lows[..last_lows.len()]);
            last_widths.copy_from_slice(&widths[..last_widths.len()]);
        }
    }
}

/// Writes the extents of the tables of the first `count` of some numbers. Sums are lowest where all values below 0
/// are in the set, in the digits that they are rounded to as well, since a larger number never makes a rounded sum
/// smaller.
#[inline(always)]
fn store_extents<S: Simd>(
    simd: S,
    values: Values<'_>,
    numbers: &[u8; 4 * LANES],
    count: usize,
    lows: &mut [f32; LANES],
    widths: &mut [f32; LANES],
) {
    let (step, base, zero) = (simd.splat(values.step), simd.splat(values.low), simd.splat(0.0));
    let (mut low, mut high) = (zero, zero);
    for at in 0..4 {
        let mut lanes = [0; LANES];
        for lane in 0..LANES {
            lanes[lane] = i32::from(numbers[4 * lane + at]);
        }
        let there = (count + 3 - at) / 4;
        let there = if there < LANES { (1 << there) - 1 } else { u16::MAX };
        let worth = simd.mul(simd.to_f32(simd.load_i32(&lanes)), step);
        let worth = simd.add_where(there, zero, simd.add(worth, base));
        let above = simd.max(worth, zero);
        high = simd.add(high, above);
        low = simd.add(low, simd.sub(worth, above));
    }
    simd.store(low, lows);
    simd.store(simd.sub(high, low), widths);
}

struct Round<'a> {
    values: Values<'a>,
    lows: &'a [f32],
    factor: f32,
    rounded: &'a mut [[u8; ENTRIES]],
}

impl Kernel for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Round { values, lows, factor, rounded } = self;
        let scale = Scale::new(simd, factor);
        let (whole, rest) = values.numbers.as_chunks();
        let (lows, last_lows) = lows.split_at(FOURS * whole.len());
        let (rounded, last) = rounded.split_at_mut(FOURS * whole.len());
        let places = lows.as_chunks::<FOURS>().0.iter().zip(rounded.as_chunks_mut::<FOURS>().0);
        for (numbers, (lows, rounded)) in whole.iter().zip(places) {
            let sets = worth(simd, values, numbers, LANES);
            for at in 0..FOURS {
                rounded[at] = scale.round(simd, table(simd, 0.0, sets[at]), lows[at]);
            }
        }
        if !rest.is_empty() {
            let sets = worth(simd, values, &filled_up(rest), rest.len());
            for ((low, rounded), values) in last_lows.iter().zip(last).zip(sets) {
                *rounded = scale.round(simd, table(simd, 0.0, values), *low);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounding;
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

    #[test]
    fn extents_and_rounded_sums_are_those_of_the_tables() {
        for count in [1_usize, 4, 15, 16, 17, 63, 64, 66, 200] {
            let numbers: Vec<u8> = (0..count).map(|at| (at * at * 37 % 256) as u8).collect();
            let values = Values { numbers: &numbers, step: 0.31, low: -31.7, from_numbers: false };
            let tables = count.div_ceil(4);
            for level in Level::available() {
                let mut entries = vec![[0.0; ENTRIES]; tables];
                sums(level, values, &mut entries);
                let of_entries = rounding::Tables { entries: &entries, added: &[] };
                let mut expected =
                    (vec![0.0; tables], vec![0.0; tables], vec![[0; ENTRIES]; tables]);
                rounding::extents(level, of_entries, &mut expected.0, &mut expected.1);
                rounding::round(level, of_entries, &expected.0, 2.3, &mut expected.2);
                let mut found = (vec![0.0; tables], vec![0.0; tables], vec![[0; ENTRIES]; tables]);
                extents(level, values, &mut found.0, &mut found.1);
                round(level, values, &found.0, 2.3, &mut found.2);
                assert_eq!(found, expected, "{} {count}", level.name());
            }
        }
    }
}
