//! The lowest scores of each query.

use crate::Level;
use crate::arch::{Kernel, Simd};

/// Lowers the lowest score so far of each query of a group of some width, and tells the row it came from.
///
/// `scores` are those that [`scores`](super::scores) or [`codes::scores`](crate::codes::scores) wrote, row by
/// row; to those of a row its shift is
/// added. Rows are numbered from `first`. A score takes the place of a higher one only, so among equal
/// ones the first stays; one that is not a number is never lowest.
///
/// # Panics
/// If there is not a shift a row, and room for each query of the group, or groups have no such width.
pub fn lowest(
    level: Level,
    width: usize,
    scores: &[f32],
    shifts: &[f32],
    first: u32,
    best: (&mut [f32], &mut [u32]),
) {
    assert_eq!(scores.len(), shifts.len() * width);
    assert_eq!((best.0.len(), best.1.len()), (width, width));
    match width {
        1 => level.run(Lowest::<1> { scores, shifts, first, best }),
        2 => level.run(Lowest::<2> { scores, shifts, first, best }),
        3 => level.run(Lowest::<3> { scores, shifts, first, best }),
        16 => level.run(Lowest::<16> { scores, shifts, first, best }),
        32 => level.run(Lowest::<32> { scores, shifts, first, best }),
        width => panic!("groups have no width of {width}"),
    }
}

/// Writes the `k`-th lowest score of each query of a group; infinity where there are fewer, and anything
/// where a score is not a number. Scores and shifts are as for [`lowest`].
///
/// # Panics
/// If there is not a shift a row, and room for each query of the group, groups have no such width, or `k` is 0.
pub fn kth_lowest(level: Level, scores: &[f32], shifts: &[f32], k: usize, found: &mut [f32]) {
    let width = found.len();
    assert!(k > 0 && scores.len() == shifts.len() * width);
    match width {
        1 => level.run(KthLowest::<1> { scores, shifts, k, found }),
        2 => level.run(KthLowest::<2> { scores, shifts, k, found }),
        3 => level.run(KthLowest::<3> { scores, shifts, k, found }),
        16 => level.run(KthLowest::<16> { scores, shifts, k, found }),
        32 => level.run(KthLowest::<32> { scores, shifts, k, found }),
        width => panic!("groups have no width of {width}"),
    }
}

struct KthLowest<'a, const W: usize> {
    scores: &'a [f32],
    shifts: &'a [f32],
    k: usize,
    found: &'a mut [f32],
}

impl<const W: usize> Kernel for KthLowest<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let mut lowest = vec![[f32::INFINITY; W]; self.k];
        for (scores, shift) in self.scores.as_chunks::<W>().0.iter().zip(self.shifts) {
            let mut moving = *scores;
            for score in &mut moving {
                *score += shift;
            }
            // What is higher than one of the lowest moves on to the next; of vectors, as the compiler makes them.
            for place in &mut lowest {
                for lane in 0..W {
                    let (score, other) = (moving[lane], place[lane]);
                    place[lane] = if score < other { score } else { other };
                    moving[lane] = if score < other { other } else { score };
                }
            }
        }
        self.found.copy_from_slice(&lowest[self.k - 1]);
    }
}

struct Lowest<'a, const W: usize> {
    scores: &'a [f32],
    shifts: &'a [f32],
    first: u32,
    best: (&'a mut [f32], &'a mut [u32]),
}

impl<const W: usize> Kernel for Lowest<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let mut lowest: [f32; W] = self.best.0.try_into().expect("as wide as the group");
        let mut rows: [u32; W] = self.best.1.try_into().expect("as wide as the group");
        let all = self.scores.as_chunks::<W>().0.iter().zip(self.shifts);
        for ((scores, shift), row) in all.zip(self.first..) {
            // The compiler makes vector instructions of this.
            for lane in 0..W {
                let score = scores[lane] + shift;
                let is_lower = score < lowest[lane];
                lowest[lane] = if is_lower { score } else { lowest[lane] };
                rows[lane] = if is_lower { row } else { rows[lane] };
            }
        }
        self.best.0.copy_from_slice(&lowest);
        self.best.1.copy_from_slice(&rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Group;

    #[test]
    fn every_level_finds_the_kth_lowest() {
        for (level, width) in Level::available()
            .into_iter()
            .flat_map(|level| [1, 2, 3, 16, 32].map(|width| (level, width)))
        {
            let shifts: Vec<f32> = (0..9).map(|row| (row * 5 % 7) as f32).collect();
            let scores: Vec<f32> =
                (0..9 * width).map(|at| ((at * 7919 + at / 11) % 23) as f32).collect();
            for k in 1..12 {
                let mut found = vec![0.0; width];
                kth_lowest(level, &scores, &shifts, k, &mut found);
                for (query, found) in found.iter().enumerate() {
                    let score = |row: usize| scores[row * width + query] + shifts[row];
                    let mut all: Vec<f32> = (0..9).map(score).collect();
                    all.sort_by(f32::total_cmp);
                    assert_eq!(*found, all.get(k - 1).copied().unwrap_or(f32::INFINITY));
                }
            }
        }
    }

    #[test]
    fn every_level_finds_the_first_of_the_lowest() {
        for (level, queries) in
            Level::available().into_iter().flat_map(|level| [1, 2, 3, 9, 40].map(|q| (level, q)))
        {
            for group in Group::split(level, &vec![0.5; queries], 1) {
                let (width, shifts) = (group.width(), [0.0, 1.0, -1.0, f32::NAN, 0.0]);
                let scores: Vec<f32> =
                    (0..5 * width).map(|at| ((at * 7 + at / width) % 5) as f32).collect();
                let (mut best, mut rows) = (vec![f32::INFINITY; width], vec![u32::MAX; width]);
                lowest(level, width, &scores, &shifts, 10, (&mut best, &mut rows));
                for query in 0..width {
                    let score = |row: usize| scores[row * width + query] + shifts[row];
                    let expected = [0, 1, 2, 4]
                        .into_iter()
                        .reduce(|a, b| if score(b) < score(a) { b } else { a })
                        .unwrap();
                    assert_eq!((best[query], rows[query]), (score(expected), 10 + expected as u32));
                }
            }
        }
    }
}
