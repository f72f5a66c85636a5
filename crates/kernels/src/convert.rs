//! Any element widened to f32 or f64.
//!
//! To f32 this is exact for every element whose [`fits_f32`](Element::fits_f32) says so, and
//! rounds to nearest for the others; to f64 it is exact but for large 64-bit integers.

use crate::Level;
use crate::arch::{Kernel, LANES, Simd};
use anear_types::{Element, MatrixRef};
use std::sync::OnceLock;

/// Writes all components of `matrix` as f32.
///
/// # Panics
/// If `out` has another number of components.
pub fn to_f32(level: Level, matrix: MatrixRef<'_>, out: &mut [f32]) {
    assert_eq!(out.len(), matrix.rows() * matrix.dim());
    level.run(Widen { bytes: matrix.bytes(), element: matrix.element(), out });
}

/// Writes all components of `matrix` as f64.
///
/// # Panics
/// If `out` has another number of components.
pub fn to_f64(level: Level, matrix: MatrixRef<'_>, out: &mut [f64]) {
    assert_eq!(out.len(), matrix.rows() * matrix.dim());
    level.run(Widen { bytes: matrix.bytes(), element: matrix.element(), out });
}

struct Widen<'a, T> {
    bytes: &'a [u8],
    element: Element,
    out: &'a mut [T],
}

/// f32 or f64.
trait Wide: Copy {
    fn from_f32(value: f32) -> Self;
    fn from_f64(value: f64) -> Self;
    fn from_i64(value: i64) -> Self;
    fn from_u64(value: u64) -> Self;
}

macro_rules! wide {
    ($kind:ty) => {
        impl Wide for $kind {
            #[inline(always)]
            fn from_f32(value: f32) -> Self {
                value as $kind
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $kind
            }
            #[inline(always)]
            fn from_i64(value: i64) -> Self {
                value as $kind
            }
            #[inline(always)]
            fn from_u64(value: u64) -> Self {
                value as $kind
            }
        }
    };
}

wide!(f32);
wide!(f64);

/// Reads components of `N` bytes each.
#[inline(always)]
fn each<const N: usize, T>(bytes: &[u8], out: &mut [T], read: impl Fn([u8; N]) -> T) {
    for (component, out) in bytes.as_chunks::<N>().0.iter().zip(out) {
        *out = read(*component);
    }
}

impl<T: Wide> Kernel for Widen<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (bytes, out) = (self.bytes, self.out);
        // Integers of up to 16 bits are exact in f32, and the compiler has vectors for that step.
        match self.element {
            Element::Bool => each(bytes, out, |[b]: [u8; 1]| T::from_f32(f32::from(b.min(1)))),
            Element::I8 => each(bytes, out, |b| T::from_f32(f32::from(i8::from_ne_bytes(b)))),
            Element::U8 => each(bytes, out, |[b]: [u8; 1]| T::from_f32(f32::from(b))),
            Element::I16 => each(bytes, out, |b| T::from_f32(f32::from(i16::from_ne_bytes(b)))),
            Element::U16 => each(bytes, out, |b| T::from_f32(f32::from(u16::from_ne_bytes(b)))),
            Element::I32 => each(bytes, out, |b| T::from_i64(i32::from_ne_bytes(b).into())),
            Element::U32 => each(bytes, out, |b| T::from_u64(u32::from_ne_bytes(b).into())),
            Element::I64 => each(bytes, out, |b| T::from_i64(i64::from_ne_bytes(b))),
            Element::U64 => each(bytes, out, |b| T::from_u64(u64::from_ne_bytes(b))),
            Element::Bf16 => each(bytes, out, |b| {
                T::from_f32(f32::from_bits(u32::from(u16::from_ne_bytes(b)) << 16))
            }),
            Element::F32 => each(bytes, out, |b| T::from_f32(f32::from_ne_bytes(b))),
            Element::F64 => each(bytes, out, |b| T::from_f64(f64::from_ne_bytes(b))),
            Element::F16 => widen_f16(simd, bytes, out),
            Element::F8E4M3 | Element::F8E5M2 => {
                let table = f8_table(self.element);
                each(bytes, out, |[b]: [u8; 1]| T::from_f32(table[usize::from(b)]));
            }
        }
    }
}

#[inline(always)]
fn widen_f16<S: Simd, T: Wide>(simd: S, bytes: &[u8], out: &mut [T]) {
    let (vectors, rest) = bytes.as_chunks::<{ 2 * LANES }>();
    let (out_vectors, out_rest) = out.as_chunks_mut::<LANES>();
    for (vector, out) in vectors.iter().zip(out_vectors) {
        widen_f16_vector(simd, vector, out);
    }
    let mut last = [0; 2 * LANES];
    last[..rest.len()].copy_from_slice(rest);
    let mut wide = [T::from_f32(0.0); LANES];
    widen_f16_vector(simd, &last, &mut wide);
    out_rest.copy_from_slice(&wide[..out_rest.len()]);
}

#[inline(always)]
fn widen_f16_vector<S: Simd, T: Wide>(simd: S, bytes: &[u8; 2 * LANES], out: &mut [T; LANES]) {
    let (pairs, _) = bytes.as_chunks::<2>();
    let mut bits = [0; LANES];
    for (bits, pair) in bits.iter_mut().zip(pairs) {
        *bits = u16::from_ne_bytes(*pair);
    }
    let mut values = [0.0; LANES];
    simd.store(simd.load_f16(&bits), &mut values);
    for (out, value) in out.iter_mut().zip(values) {
        *out = T::from_f32(value);
    }
}

fn f8_table(element: Element) -> &'static [f32; 256] {
    static TABLES: [OnceLock<[f32; 256]>; 2] = [const { OnceLock::new() }; 2];
    TABLES[usize::from(element == Element::F8E4M3)]
        .get_or_init(|| std::array::from_fn(|byte| element.read_f64(&[byte as u8]) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_widens_to_what_reading_one_by_one_gives() {
        let all_pairs: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_ne_bytes).collect();
        for level in Level::available() {
            for element in Element::ALL {
                // Also an odd number of components, at an odd address.
                for bytes in [&all_pairs[..], &all_pairs[1..1 + 21 * element.bytes()]] {
                    let matrix = MatrixRef::new(bytes, element, 1, bytes.len() / element.bytes());
                    let mut singles = vec![0.0; matrix.dim()];
                    let mut doubles = vec![0.0; matrix.dim()];
                    to_f32(level, matrix, &mut singles);
                    to_f64(level, matrix, &mut doubles);
                    for column in 0..matrix.dim() {
                        let expected = matrix.get_f64(0, column);
                        let (single, double) = (singles[column], doubles[column]);
                        let same = double == expected || double.is_nan() && expected.is_nan();
                        assert!(same, "{element} {column}: {double}, not {expected}");
                        let same = single == expected as f32 || single.is_nan();
                        let exact = !element.fits_f32() || f64::from(single) == double;
                        assert!(same && (exact || double.is_nan()), "{element} {column}: {single}");
                    }
                }
            }
        }
    }
}
