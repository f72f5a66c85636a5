//! Sums behind the last whole block of a vector.

use super::terms::Term;

/// Adds the terms of the components from a position on, the first of them rounded, as many as
/// whole groups of the sizes take, the others fused.
#[inline(always)]
pub(super) fn add_rest<T: Term>(mut sum: f32, x: &[f32], y: &[f32], groups: [usize; 2]) -> f32 {
    let mut rounded = 0;
    for group in groups {
        if x.len() - rounded >= group {
            rounded += group;
        }
    }
    let (x, x_rest) = x.split_at(rounded);
    let (y, y_rest) = y.split_at(rounded);
    sum = add_rounded::<T>(sum, x, y);
    for (x, y) in x_rest.iter().zip(y_rest) {
        sum = T::fused(sum, *x, *y);
    }
    sum
}

/// Adds terms one after the other, each of them rounded.
#[inline(always)]
pub(super) fn add_rounded<T: Term>(mut sum: f32, x: &[f32], y: &[f32]) -> f32 {
    for (x, y) in x.iter().zip(y) {
        sum += T::of(*x, *y);
    }
    sum
}
