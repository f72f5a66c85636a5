//! From any element to any other, for `convert --dtype`.
//!
//! Floats round to the nearest value of the target, ties to even, in one step. Integers go to
//! integers exactly. What the target cannot say (too large, a fraction for an integer, no number)
//! is an error that names the row, unless rounding is asked for.

use crate::{Level, convert};
use anear_types::{Block, Element, Error, MatrixRef, Result};
use half::f16;
use half::slice::HalfFloatSliceExt;

/// What to do with a value that the target's range or an integer target cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Refuse it.
    Strict,
    /// Take the nearest value there is; anything but zero is true.
    Lossy,
}

/// Appends `matrix`, converted to the element of `out`, to `out`. `first_row` is the number of
/// the matrix's first row, for errors.
///
/// # Errors
/// [`BadData`](anear_types::ErrorKind::BadData) at the first row that holds a value which `out`'s
/// element does not, see [`Rounding`]. Not a number is refused by integers in any case.
///
/// # Panics
/// If the rows do not fit into `out` or the dimensions differ.
pub fn cast(
    matrix: MatrixRef<'_>,
    first_row: u64,
    rounding: Rounding,
    out: &mut Block,
) -> Result<()> {
    let (from, to, dim) = (matrix.element(), out.element(), matrix.dim());
    assert_eq!(dim, out.dim());
    assert!(matrix.rows() <= out.spare_rows());
    let bytes = matrix.rows() * out.row_bytes();
    let target = &mut out.spare_mut()[..bytes];
    let level = Level::best();
    if from == to {
        target.copy_from_slice(matrix.bytes());
    } else if to == Element::F64 {
        convert::to_f64(level, matrix, typed(target));
    } else if to == Element::F32 && from != Element::F64 {
        convert::to_f32(level, matrix, typed(target));
    } else {
        let cast_row = row_caster(from, to);
        for row in 0..matrix.rows() {
            let target = &mut target[row * dim * to.bytes()..][..dim * to.bytes()];
            cast_row(matrix.range(row, row + 1), to, rounding, target).map_err(|column| {
                let value = matrix.get_f64(row, column);
                Error::bad_data(format!("component {column} is {value}, which {to} cannot hold"))
                    .at_row(first_row + row as u64)
                    .help("convert to a wider type, or allow rounding")
            })?;
        }
    }
    out.advance(matrix.rows());
    Ok(())
}

/// The components a block keeps for its caller are always aligned.
fn typed<T: bytemuck::Pod>(bytes: &mut [u8]) -> &mut [T] {
    bytemuck::cast_slice_mut(bytes)
}

/// Converts one row; the error is the column of a value that does not fit.
type CastRow = fn(MatrixRef<'_>, Element, Rounding, &mut [u8]) -> Result<(), usize>;

fn row_caster(from: Element, to: Element) -> CastRow {
    match (from.is_float(), to.is_float()) {
        (false, false) => integers,
        _ if to == Element::F16 && from.fits_f32() => to_f16,
        _ if to == Element::F32 => to_f32,
        _ => numbers,
    }
}

/// The many-times case: the CPU's own rounding.
fn to_f16(
    row: MatrixRef<'_>,
    to: Element,
    rounding: Rounding,
    out: &mut [u8],
) -> Result<(), usize> {
    let mut singles = vec![0.0; row.dim()];
    convert::to_f32(Level::best(), row, &mut singles);
    let halves: &mut [f16] = typed(out);
    halves.convert_from_f32_slice(&singles);
    let overflow = |(half, single): (&f16, &f32)| half.is_infinite() && single.is_finite();
    if halves.iter().zip(&singles).any(overflow) { numbers(row, to, rounding, out) } else { Ok(()) }
}

/// The same, from f64.
fn to_f32(
    row: MatrixRef<'_>,
    to: Element,
    rounding: Rounding,
    out: &mut [u8],
) -> Result<(), usize> {
    let singles: &mut [f32] = typed(out);
    convert::to_f32(Level::best(), row, singles);
    if singles.iter().any(|single| single.is_infinite()) {
        return numbers(row, to, rounding, out);
    }
    Ok(())
}

fn numbers(
    row: MatrixRef<'_>,
    to: Element,
    rounding: Rounding,
    out: &mut [u8],
) -> Result<(), usize> {
    let mut values = vec![0.0; row.dim()];
    convert::to_f64(Level::best(), row, &mut values);
    for (column, (value, out)) in
        values.into_iter().zip(out.chunks_exact_mut(to.bytes())).enumerate()
    {
        let lossy = rounding == Rounding::Lossy;
        let stored = match FloatLayout::of(to) {
            Some(layout) => layout.round(value, lossy).map(|bits| write_low(bits, out)),
            None => {
                let fits = value.fract() == 0.0 || lossy && !value.is_nan();
                fits.then(|| value.round_ties_even())
                    .and_then(|whole| write_integer(whole as i128, to, lossy, out))
            }
        };
        stored.ok_or(column)?;
    }
    Ok(())
}

fn integers(
    row: MatrixRef<'_>,
    to: Element,
    rounding: Rounding,
    out: &mut [u8],
) -> Result<(), usize> {
    let size = row.element().bytes();
    let components = row.bytes().chunks_exact(size).zip(out.chunks_exact_mut(to.bytes()));
    for (column, (bytes, out)) in components.enumerate() {
        let value = match row.element() {
            Element::I64 => i64::from_ne_bytes(bytes.try_into().expect("8 bytes")).into(),
            Element::U64 => u64::from_ne_bytes(bytes.try_into().expect("8 bytes")).into(),
            element => element.read_f64(bytes) as i128,
        };
        write_integer(value, to, rounding == Rounding::Lossy, out).ok_or(column)?;
    }
    Ok(())
}

fn write_integer(value: i128, to: Element, lossy: bool, out: &mut [u8]) -> Option<()> {
    let bits = 8 * to.bytes() as u32;
    let (low, high) = match to {
        Element::Bool if lossy => (i128::from(value != 0), i128::from(value != 0)),
        Element::Bool => (0, 1),
        Element::I8 | Element::I16 | Element::I32 | Element::I64 => {
            (-1 << (bits - 1), (1 << (bits - 1)) - 1)
        }
        _ => (0, (1 << bits) - 1),
    };
    let held = value.clamp(low, high);
    (held == value || lossy).then(|| write_low(held as u64, out))
}

/// Writes the lowest bytes of a word as a native integer.
fn write_low(word: u64, out: &mut [u8]) {
    let bytes = word.to_ne_bytes();
    let start = if cfg!(target_endian = "big") { bytes.len() - out.len() } else { 0 };
    out.copy_from_slice(&bytes[start..start + out.len()]);
}

/// How a float is laid out: a sign bit, an exponent, a mantissa.
struct FloatLayout {
    exponent_bits: u32,
    mantissa_bits: u32,
    /// The bits of the largest finite value.
    largest: u64,
    /// The bits of infinity, where there is one.
    infinity: Option<u64>,
    nan: u64,
}

impl FloatLayout {
    fn of(element: Element) -> Option<FloatLayout> {
        let (exponent_bits, mantissa_bits) = match element {
            Element::F8E4M3 => (4, 3),
            Element::F8E5M2 => (5, 2),
            Element::F16 => (5, 10),
            Element::Bf16 => (8, 7),
            Element::F32 => (8, 23),
            _ => return None,
        };
        let infinity = ((1 << exponent_bits) - 1) << mantissa_bits;
        Some(match element {
            Element::F8E4M3 => FloatLayout {
                exponent_bits,
                mantissa_bits,
                largest: 0x7e,
                infinity: None,
                nan: 0x7f,
            },
            _ => FloatLayout {
                exponent_bits,
                mantissa_bits,
                largest: infinity - 1,
                infinity: Some(infinity),
                nan: infinity | 1 << (mantissa_bits - 1),
            },
        })
    }

    /// The bits of the nearest value. `None` if a number is too large and `lossy` is not set;
    /// with it, the largest value is nearest.
    fn round(&self, value: f64, lossy: bool) -> Option<u64> {
        let sign = u64::from(value.is_sign_negative()) << (self.exponent_bits + self.mantissa_bits);
        if value.is_nan() {
            return Some(sign | self.nan);
        }
        let magnitude = match self.infinity {
            Some(infinity) if value.is_infinite() => infinity,
            _ => match self.round_magnitude(value.abs()) {
                bits if bits <= self.largest => bits,
                _ if lossy => self.largest,
                _ => return None,
            },
        };
        Some(sign | magnitude)
    }

    /// Bits of a magnitude; beyond `largest` when it is too large.
    fn round_magnitude(&self, magnitude: f64) -> u64 {
        let bias = (1 << (self.exponent_bits - 1)) - 1;
        let bits = magnitude.to_bits();
        let exponent = (bits >> 52) as i32 - 1023;
        if exponent > bias + 1 {
            return u64::MAX;
        }
        // The spacing of the target's values around here is 2^unit, subnormals included.
        let unit = exponent.max(1 - bias) - self.mantissa_bits as i32;
        // Dividing by a power of two is exact, and so is the integer it rounds to: below 2^52,
        // adding 2^52 leaves no room for a fraction.
        let power = f64::from_bits(((1023 - unit) as u64) << 52);
        let whole = 2f64.powi(52);
        let steps = (magnitude * power + whole - whole) as u64;
        // A carry out of the mantissa runs into the exponent, which is what it should do.
        let exponent_field = (exponent.max(1 - bias) + bias - 1) as u64;
        (exponent_field << self.mantissa_bits) + steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast_one(value: f64, to: Element, rounding: Rounding) -> Result<f64> {
        let bytes = value.to_ne_bytes();
        let mut out = Block::new(to, 1, 1);
        cast(MatrixRef::new(&bytes, Element::F64, 1, 1), 7, rounding, &mut out)?;
        Ok(out.matrix().get_f64(0, 0))
    }

    #[test]
    fn small_floats_keep_all_their_values() {
        for element in [Element::F8E4M3, Element::F8E5M2, Element::F16, Element::Bf16] {
            for bits in 0..1u32 << (8 * element.bytes()) {
                let bytes = &bits.to_le_bytes()[..element.bytes()];
                let value = element.read_f64(bytes);
                let again = cast_one(value, element, Rounding::Strict).unwrap();
                let same = again.to_bits() == value.to_bits() || again.is_nan() && value.is_nan();
                assert!(same, "{element} {bits}");
            }
        }
    }

    #[test]
    fn rounding_is_to_nearest_even_in_one_step() {
        let strict = |value, to| cast_one(value, to, Rounding::Strict);
        assert_eq!(strict(1.0 + 2f64.powi(-11), Element::F16).unwrap(), 1.0);
        // By way of f32 this would round down: the last bit is lost there.
        let above_tie = 1.0 + 2f64.powi(-11) + 2f64.powi(-40);
        assert_eq!(strict(above_tie, Element::F16).unwrap(), 1.0 + 2f64.powi(-10));
        for value in [1.0000001, 3.4e38, 1e-40, 0.1, 6.1e-5, 1e-46] {
            assert_eq!(strict(value, Element::F32).unwrap(), f64::from(value as f32));
        }
        assert_eq!(strict(65519.9, Element::F16).unwrap(), 65504.0);
        assert!(strict(65520.0, Element::F16).is_err());
        assert_eq!(cast_one(1e300, Element::F16, Rounding::Lossy).unwrap(), 65504.0);
        assert_eq!(strict(f64::NEG_INFINITY, Element::Bf16).unwrap(), f64::NEG_INFINITY);
        assert!(strict(f64::INFINITY, Element::F8E4M3).is_err());
        assert_eq!(strict(464.0, Element::F8E4M3).unwrap(), 448.0);
    }

    #[test]
    fn integers_take_what_they_can_hold() {
        assert_eq!(cast_one(-128.0, Element::I8, Rounding::Strict).unwrap(), -128.0);
        let error = cast_one(0.5, Element::I8, Rounding::Strict).unwrap_err();
        assert_eq!(error.to_string(), "component 0 is 0.5, which i8 cannot hold (row 7)");
        assert_eq!(cast_one(2.5, Element::I8, Rounding::Lossy).unwrap(), 2.0);
        assert_eq!(cast_one(-300.0, Element::I8, Rounding::Lossy).unwrap(), -128.0);
        assert_eq!(
            cast_one(f64::INFINITY, Element::U64, Rounding::Lossy).unwrap(),
            u64::MAX as f64
        );
        assert!(cast_one(f64::NAN, Element::I32, Rounding::Lossy).is_err());
        assert_eq!(cast_one(7.0, Element::Bool, Rounding::Lossy).unwrap(), 1.0);
        assert!(cast_one(7.0, Element::Bool, Rounding::Strict).is_err());

        let large = (i64::MAX - 1).to_ne_bytes();
        let mut out = Block::new(Element::U64, 1, 1);
        let matrix = MatrixRef::new(&large, Element::I64, 1, 1);
        cast(matrix, 0, Rounding::Strict, &mut out).unwrap();
        assert_eq!(out.matrix().typed::<u64>().unwrap(), [i64::MAX as u64 - 1]);
    }

    #[test]
    fn halves_are_the_same_by_either_way() {
        let singles: Vec<f32> = (0..4000).map(|i| f32::from_bits(i * 1_000_003)).collect();
        let finite: Vec<f32> = singles.into_iter().filter(|x| x.abs() < 65504.0).collect();
        let matrix = MatrixRef::new(bytemuck::cast_slice(&finite), Element::F32, 1, finite.len());
        let mut out = Block::new(Element::F16, finite.len(), 1);
        cast(matrix, 0, Rounding::Strict, &mut out).unwrap();
        for (column, single) in finite.iter().enumerate() {
            let one = cast_one(f64::from(*single), Element::F16, Rounding::Strict).unwrap();
            assert_eq!(out.matrix().get_f64(0, column), one);
        }
    }
}
