//! New centroids: the means of the rows that are nearest to each, and what becomes of those without any.

use crate::random::Twister;
use crate::work::Work;
use anear_kernels::{Level, prefetch};
use anear_types::Result;

/// How far the halves of a centroid that is split are from it, relative to it.
const SPLIT: f32 = 1.0 / 1024.0;
/// Rows that are asked for ahead: they lie far from each other.
const ROWS_AHEAD: usize = 2;
/// Sums that stay in a fast cache.
const FEW_BYTES: usize = 1 << 20;
/// Threads each of which may look for its own rows among all.
const FEW_THREADS: usize = 4;
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
    let few = FEW_BYTES / (dim * size_of::<f32>());
    // One thread reads rows as they lie, where all centroids stay at hand.
    let pieces = if work.threads <= 1 && count <= few { 1 } else { 4 * work.threads.max(1) };
    let share = count.div_ceil(pieces).max(1);
    let follows_rows = share <= few && work.threads <= FEW_THREADS;
    let members = (!follows_rows).then(|| Members::new(numbers, count));
    let mut sizes = vec![0.0; count];
    let pieces = centroids.chunks_mut(share * dim).zip(sizes.chunks_mut(share));
    let pieces: Vec<_> = (0..).step_by(share).zip(pieces).collect();
    let rows = Rows { values: rows, weights, dim };
    work.for_each(pieces, |(first, (centroids, sizes))| {
        centroids.fill(0.0);
        match &members {
            None => {
                let own = first..first + sizes.len();
                let number = |row: &u32| numbers[*row as usize] as usize;
                let owned = (0..numbers.len() as u32).filter(|row| own.contains(&number(row)));
                rows.add(owned, |row| number(&row) - first, centroids, sizes);
            }
            Some(members) => {
                let places = centroids.chunks_exact_mut(dim).zip(sizes.chunks_mut(1));
                for (number, (centroid, size)) in (first..).zip(places) {
                    rows.add(members.of(number).iter().copied(), |_| 0, centroid, size);
                }
            }
        }
        for (centroid, size) in centroids.chunks_exact_mut(dim).zip(sizes) {
            if *size != 0.0 {
                let factor = 1.0 / *size;
                centroid.iter_mut().for_each(|sum| *sum *= factor);
            }
        }
    })?;
    Ok(sizes)
}

/// Rows, and what they weigh.
#[derive(Clone, Copy)]
struct Rows<'a> {
    values: &'a [f32],
    weights: Option<&'a [f32]>,
    dim: usize,
}

impl<'a> Rows<'a> {
    fn values(self, row: u32) -> &'a [f32] {
        &self.values[row as usize * self.dim..][..self.dim]
    }

    /// Adds some rows, and what each weighs, to the sums that `place` says.
    fn add(
        self,
        numbers: impl Iterator<Item = u32> + Clone,
        place: impl Fn(u32) -> usize,
        sums: &mut [f32],
        sizes: &mut [f32],
    ) {
        let mut next = numbers.clone().skip(ROWS_AHEAD);
        for row in numbers {
            if let Some(next) = next.next() {
                prefetch(Level::best(), bytemuck::cast_slice(self.values(next)));
            }
            let place = place(row);
            let terms = sums[place * self.dim..][..self.dim].iter_mut().zip(self.values(row));
            let weight = self.weights.map_or(1.0, |weights| weights[row as usize]);
            sizes[place] += weight;
            match self.weights {
                None => terms.for_each(|(sum, x)| *sum += x),
                Some(_) => terms.for_each(|(sum, x)| *sum += x * weight),
            }
        }
    }
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
