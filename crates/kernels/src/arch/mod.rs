//! What the CPU can do, found once, in few levels.
//!
//! A level is a token: a value of it proves that the check was made, so code behind it may use
//! the instructions. [`Level::run`] is the only door between the levels: it takes a [`Kernel`],
//! an algorithm written over [`Simd`], and compiles its body once for each level. Everything a
//! kernel calls inside must be `#[inline(always)]`, or it is compiled without the instructions.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod maker;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod reciprocal_root;
mod simd;

#[cfg(target_arch = "x86_64")]
use avx2::Avx2Fma;
#[cfg(target_arch = "x86_64")]
use avx512::{Avx512, Vbmi, Vnni};
#[cfg(target_arch = "x86_64")]
pub(crate) use maker::is_amd;
#[cfg(target_arch = "aarch64")]
use neon::Neon;
use portable::Portable;
pub(crate) use reciprocal_root::reciprocal_root;
pub(crate) use simd::{BYTES, HALF, LANES, SIX_BITS, Simd};
use std::sync::OnceLock;

/// An algorithm written once for all levels.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;

    /// Runs it with the instructions of `S`; to be marked `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The instructions to compute with; a value of it proves that the CPU has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2Fma(Avx2Fma),
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(Avx512<Vnni>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<Vbmi>),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
}

impl Level {
    /// Plain Rust; what the compiler's target has.
    pub const PORTABLE: Level = Level(Set::Portable(Portable));

    /// The highest level of this CPU. The environment variable `ANEAR_LEVEL` lowers it for tests,
    /// to `portable`, `avx2` or `avx512vnni`; it is read once.
    pub fn best() -> Level {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let forced = std::env::var("ANEAR_LEVEL").unwrap_or_default();
            let levels = Level::available();
            let highest = levels[levels.len() - 1];
            levels.into_iter().find(|level| level.name() == forced).unwrap_or(highest)
        })
    }

    /// Every level of this CPU, the lowest first.
    pub fn available() -> Vec<Level> {
        [
            Some(Level::PORTABLE),
            #[cfg(target_arch = "x86_64")]
            Avx2Fma::detect().map(|token| Level(Set::Avx2Fma(token))),
            #[cfg(target_arch = "x86_64")]
            Avx512::<Vnni>::detect().map(|token| Level(Set::Avx512Vnni(token))),
            #[cfg(target_arch = "x86_64")]
            Avx512::<Vbmi>::detect().map(|token| Level(Set::Avx512(token))),
            #[cfg(target_arch = "aarch64")]
            Neon::detect().map(|token| Level(Set::Neon(token))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The name, as `ANEAR_LEVEL` takes it.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Set::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2Fma(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512Vnni(_) => "avx512vnni",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Set::Neon(_) => "neon",
        }
    }

    /// Vectors of queries that a block of rows is scored against at once: two where there are
    /// registers for it.
    pub(crate) fn query_vectors(self) -> usize {
        struct Registers;
        impl Kernel for Registers {
            type Output = usize;
            #[inline(always)]
            fn run<S: Simd>(self, _: S) -> usize {
                S::REGISTERS
            }
        }
        if self.run(Registers) >= 16 { 2 } else { 1 }
    }

    /// Runs a kernel with the instructions of this level.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Set::Portable(simd) => kernel.run(simd),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2Fma(simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512Vnni(simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(simd) => simd.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(simd) => simd.run(kernel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "aarch64")]
    #[test]
    fn every_arm_cpu_has_neon() {
        let names: Vec<&str> = Level::available().into_iter().map(Level::name).collect();
        assert_eq!(names, ["portable", "neon"]);
    }

    /// The larger of each two, and which are not above.
    struct Compare([f32; LANES], [f32; LANES]);

    impl Kernel for Compare {
        type Output = ([f32; LANES], u16);

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let (a, b) = (simd.load(&self.0), simd.load(&self.1));
            let mut larger = [0.0; LANES];
            simd.store(simd.max(a, b), &mut larger);
            (larger, simd.not_above(a, b))
        }
    }

    struct ToBytes([f32; LANES]);

    impl Kernel for ToBytes {
        type Output = [u8; LANES];

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> [u8; LANES] {
            simd.to_bytes(simd.load(&self.0))
        }
    }

    #[test]
    fn bytes_are_whole_parts_within_their_limits() {
        let ends = [f32::NAN, f32::INFINITY, -f32::INFINITY, 255.9, 256.0, 1e20, -1e20, -0.5, 0.99];
        for first in [0.0, 7.5, 100.0, 230.9] {
            let lanes = std::array::from_fn(|lane| {
                let number = first + lane as f32 * 1.25;
                ends.get(lane).copied().filter(|_| first > 0.0).unwrap_or(number)
            });
            for level in Level::available() {
                assert_eq!(
                    level.run(ToBytes(lanes)),
                    lanes.map(|lane| lane as u8),
                    "{}",
                    level.name()
                );
            }
        }
    }

    #[test]
    fn comparisons_with_nan_are_as_the_trait_says() {
        let values = [f32::NAN, -1.0, 2.0, f32::INFINITY];
        let a: [f32; LANES] = std::array::from_fn(|lane| values[lane / 4]);
        let b: [f32; LANES] = std::array::from_fn(|lane| values[lane % 4]);
        for level in Level::available() {
            let (larger, not_above) = level.run(Compare(a, b));
            for lane in 0..LANES {
                let above = a[lane] > b[lane];
                let expected = if above { a[lane] } else { b[lane] };
                assert_eq!(larger[lane].to_bits(), expected.to_bits(), "{} {lane}", level.name());
                assert_eq!(not_above >> lane & 1 == 0, above, "{} {lane}", level.name());
            }
        }
    }
}
