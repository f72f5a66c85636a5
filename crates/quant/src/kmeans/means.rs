//! New centroids: the means of the rows that are nearest to each, and what becomes of those without any.

use crate::random::Twister;
use crate::work::Work;
use anear_kernels::{Level, prefetch};
use anear_types::Result;

/// How far the halves of a centroid that is split are from it, relative to it.
const SPLIT: f32 = 1.0 / 1024.0;
/// Rows that are asked for ahead: they lie far from each other.
const ROWS_AHEAD: usize = 2;
/// Where the choice of centroids to split begins.
const SPLIT_SEED: u64 = 1234;

/// Puts the mean of its rows in the place of each centroid that has some, of others 0, and returns how
/// much the rows of each weigh.
///
/// Sums are taken in the order of rows, as FAISS takes them.
pub(super) fn update(
    rows: &[f32],
    weights: Option<&[f32]>,
    numbers: &[u32],
    centroids: &mut [f32],
    dim: usize,
    work: &Work<'_>,
) -> Result<Vec<f32>> {
    let count = centroids.len() / dim;
    let members = Members::new(numbers, count);
    let mut sizes = vec![0.0; count];
    let share = count.div_ceil(4 * work.threads.max(1)).max(1);
    let pieces = centroids.chunks_mut(share * dim).zip(sizes.chunks_mut(share));
    let pieces: Vec<_> = (0..).step_by(share).zip(pieces).collect();
    work.for_each(pieces, |(first, (centroids, sizes))| {
        let places = centroids.chunks_exact_mut(dim).zip(sizes);
        for (number, (centroid, size)) in (first..).zip(places) {
            centroid.fill(0.0);
            let values = |row: u32| &rows[row as usize * dim..][..dim];
            let mut next = members.of(number).iter().skip(ROWS_AHEAD);
            for row in members.of(number) {
                if let Some(next) = next.next() {
                    prefetch(Level::best(), bytemuck::cast_slice(values(*next)));
                }
                let values = values(*row);
                let weight = weights.map_or(1.0, |weights| weights[*row as usize]);
                *size += weight;
                match weights {
                    None => centroid.iter_mut().zip(values).for_each(|(sum, x)| *sum += x),
                    Some(_) => {
                        centroid.iter_mut().zip(values).for_each(|(sum, x)| *sum += x * weight);
                    }
                }
            }
            if *size != 0.0 {
                let factor = 1.0 / *size;
                centroid.iter_mut().for_each(|sum| *sum *= factor);
            }
        }
    })?;
    Ok(sizes)
}

/// The rows of each centroid, in order.
struct Members {
    rows: Vec<u32>,
    starts: Vec<usize>,
}

impl Members {
    fn new(numbers: &[u32], count: usize) -> Members {
        let mut starts = vec![0; count + 1];
        numbers.iter().for_each(|number| starts[*number as usize + 1] += 1);
        (0..count).for_each(|number| starts[number + 1] += starts[number]);
        let mut next = starts.clone();
        let mut rows = vec![0; numbers.len()];
        for (number, row) in numbers.iter().zip(0..) {
            let place = &mut next[*number as usize];
            rows[*place] = row;
            *place += 1;
        }
        Members { rows, starts }
    }

    fn of(&self, number: usize) -> &[u32] {
        &self.rows[self.starts[number]..self.starts[number + 1]]
    }
}

/// Splits large centroids to fill those without rows, and returns how many. Each is chosen with the
/// likelihood of its size, as FAISS does.
pub(super) fn split(
    row_count: usize,
    sizes: &mut [f32],
    centroids: &mut [f32],
    dim: usize,
) -> usize {
    let mut random = Twister::new(SPLIT_SEED);
    let spare = (row_count - sizes.len()) as f32;
    let mut splits = 0;
    for empty in 0..sizes.len() {
        if sizes[empty] != 0.0 {
            continue;
        }
        let donor = choose(&mut random, sizes, spare);
        centroids.copy_within(donor * dim..(donor + 1) * dim, empty * dim);
        for at in 0..dim {
            let up = if at % 2 == 0 { SPLIT } else { -SPLIT };
            centroids[empty * dim + at] *= 1.0 + up;
            centroids[donor * dim + at] *= 1.0 - up;
        }
        sizes[empty] = sizes[donor] / 2.0;
        sizes[donor] -= sizes[empty];
        splits += 1;
    }
    splits
}

fn choose(random: &mut Twister, sizes: &[f32], spare: f32) -> usize {
    for attempt in 0..10 * sizes.len() {
        let donor = attempt % sizes.len();
        let likelihood = ((f64::from(sizes[donor]) - 1.0) / f64::from(spare)) as f32;
        if random.float() < likelihood {
            return donor;
        }
    }
    let larger =
        |largest: usize, other: usize| if sizes[other] > sizes[largest] { other } else { largest };
    (0..sizes.len()).fold(0, larger)
}
