//! The arithmetic of Annoy, to the last bit.
//!
//! Annoy is compiled on the machine it is installed on, with `-march=native -ffast-math
//! -fno-associative-math`. Which of two distances is smaller, on which side of a plane an item is,
//! and so the whole shape of a tree depends on how that rounds sums. [`Arithmetic`] says for which
//! instructions Annoy would be compiled on this processor, and computes as GCC compiles it:
//!
//! | instructions | a sum over components |
//! | --- | --- |
//! | AVX-512 | 16 sums side by side, products fused; then halves added to halves |
//! | AVX with FMA | 8 sums side by side, products fused; then halves added to halves |
//! | AVX | the same, products rounded |
//! | none of them | one after the other, products rounded |
//!
//! What is left behind the last whole block is added one after the other. The compiler makes
//! vectors of the products there and rounds them, as far as they fill a vector; only the last few
//! are fused. Divisions by a number that stays the same are multiplications by its reciprocal,
//! and the reciprocal of a root is the processor's own approximation (`rsqrtss`, which differs
//! between makers) and one step of Newton.
//!
//! Found in the machine code that GCC 12 makes of annoy 1.17.3 for the targets in the table
//! ([`Arithmetic::names`]), and by comparing files and answers. Another compiler may decide
//! otherwise; on ARM, nothing was compared.

mod angles;
mod blocks;
mod means;
mod sums;
mod tail;
mod target;
mod terms;

use crate::Level;
use crate::arch::reciprocal_root;
pub use sums::{Norm, Rows, Sum};
use target::{TARGETS, Target};

/// How Annoy rounds on some processor.
#[derive(Clone, Copy, Debug)]
pub struct Arithmetic {
    target: &'static Target,
    level: Level,
}

impl Arithmetic {
    /// That of the Annoy that would be compiled on this processor.
    pub fn native() -> Arithmetic {
        Arithmetic { target: target::native(), level: Level::best() }
    }

    /// That of an Annoy compiled for one of the [`names`](Arithmetic::names). It is computed on
    /// any processor, but reciprocals of roots are those of this one.
    pub fn named(name: &str) -> Option<Arithmetic> {
        let target = TARGETS.iter().find(|target| target.name == name)?;
        Some(Arithmetic { target, level: Level::best() })
    }

    /// The names of the targets, as `-march` of GCC has them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TARGETS.iter().map(|target| target.name)
    }

    /// The name of the target.
    pub fn name(self) -> &'static str {
        self.target.name
    }

    /// The level whose instructions compute it.
    pub fn level(self) -> Level {
        self.level
    }

    /// The reciprocal of the root of a positive number.
    pub fn reciprocal_root(self, square: f32) -> f32 {
        let guess = reciprocal_root(square);
        self.newton(guess, guess * square, guess)
    }

    /// The roots of some numbers, 0 for negative ones: by way of reciprocals where there are so
    /// many that the compiler computes four at a time, but for the last of them.
    pub fn roots(self, numbers: &mut [f32]) {
        const GROUP: usize = 4;
        let grouped = match numbers.len() >= self.target.roots_from {
            true => numbers.len() / GROUP * GROUP,
            false => 0,
        };
        let (grouped, single) = numbers.split_at_mut(grouped);
        for number in grouped {
            let guess = reciprocal_root(*number);
            let root = guess * *number;
            let is_positive = *number > 0.0;
            *number = if is_positive { self.newton(guess, root, root) } else { 0.0 };
        }
        for number in single {
            *number = if *number < 0.0 { 0.0 } else { number.sqrt() };
        }
    }

    /// One step of Newton from a guess at the reciprocal of a root toward the reciprocal or the
    /// root, `wanted`; `root` is the guess at the root.
    fn newton(self, guess: f32, root: f32, wanted: f32) -> f32 {
        self.mul_add(guess, root, -3.0) * (wanted * -0.5)
    }

    /// `a * b + c`, rounded once where the processor can.
    pub fn mul_add(self, a: f32, b: f32, c: f32) -> f32 {
        if self.target.is_fused() { a.mul_add(b, c) } else { a * b + c }
    }
}
