//! Tables added to each other.

use crate::Level;
use crate::arch::{Kernel, Simd};

/// Writes the sums of the entries of two tables.
///
/// # Panics
/// If the three have not the same length.
pub fn add(level: Level, x: &[f32], y: &[f32], sums: &mut [f32]) {
    assert_eq!((x.len(), y.len()), (sums.len(), sums.len()));
    level.run(Add { x, y, sums });
}

struct Add<'a> {
    x: &'a [f32],
    y: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        // The compiler makes vector instructions of this.
        for ((sum, x), y) in self.sums.iter_mut().zip(self.x).zip(self.y) {
            *sum = x + y;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_adds() {
        let x: Vec<f32> = (0..77).map(|at| at as f32).collect();
        let y: Vec<f32> = (0..77).map(|at| (at * at) as f32).collect();
        for level in Level::available() {
            let mut sums = vec![0.0; 77];
            add(level, &x, &y, &mut sums);
            for (at, sum) in sums.iter().enumerate() {
                assert_eq!(*sum, (at * (at + 1)) as f32, "{}", level.name());
            }
        }
    }
}
