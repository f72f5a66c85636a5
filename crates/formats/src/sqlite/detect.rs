//! Which columns hold vectors, and how.
//!
//! Pickles, `.npy` files and text say what they are. Raw bytes do not: four bytes may be one f32
//! or two f16. But the numbers of a vector are of similar size, so that the logarithms of their
//! magnitudes lie close together, with a standard deviation of about 1.6 (base 2) for normally
//! distributed ones. Read as another type, mantissa bits end up in the exponent and the
//! deviation becomes 9 and more. The type with the smallest one wins.

use super::decode::{Decoder, Encoding, describe};
use crate::ReadOptions;
use crate::pickle::looks_like_pickle;
use anear_io::ByteOrder;
use anear_types::{Element, Error, Result};
use rusqlite::types::{Value, ValueRef};

/// A raw type is believed when the logarithms of the magnitudes deviate less than this.
const LARGEST_DEVIATION: f64 = 5.0;

/// Bytes of a sample that are looked at.
const SAMPLE_BYTES: usize = 16 << 10;

/// Numbers an unnamed text column must have in a cell to be taken for vectors.
const NUMBERS_IN_TEXT: usize = 16;

/// What a column turned out to hold.
pub(super) enum Finding {
    /// Not vectors.
    Other,
    /// Vectors like the first one.
    Vectors {
        /// How they are stored.
        encoding: Encoding,
        /// The type of their components.
        element: Element,
        /// Their number of components.
        dim: usize,
    },
    /// By its name or content it ought to hold vectors, but this is wrong with the first.
    Broken(Error),
}

/// Whether people call a column of vectors like this.
pub(super) fn is_vector_name(name: &str) -> bool {
    let name = name.to_lowercase();
    ["emb", "vec", "feature", "descriptor", "centroid", "latent"]
        .iter()
        .any(|word| name.contains(word))
}

/// Looks at the first values of a column called `name`.
pub(super) fn detect(name: &str, values: &[&Value], options: &ReadOptions) -> Finding {
    let named = is_vector_name(name);
    let filled: Vec<&Value> =
        values.iter().copied().filter(|value| **value != Value::Null).collect();
    let Some(first) = filled.first() else { return Finding::Other };
    let encoding = match first {
        Value::Null | Value::Integer(_) | Value::Real(_) => return Finding::Other,
        Value::Text(text) => match text_encoding(text.as_bytes(), named) {
            Some(encoding) => Ok(encoding),
            None => return Finding::Other,
        },
        Value::Blob(bytes) => blob_encoding(bytes, &filled, named, options),
    };
    let found = encoding.and_then(|encoding| first_vector(encoding, first, options));
    match found {
        Ok((encoding, element, dim)) => Finding::Vectors { encoding, element, dim },
        Err(error) if named => Finding::Broken(error),
        Err(_) => Finding::Other,
    }
}

fn first_vector(
    encoding: Encoding,
    value: &Value,
    options: &ReadOptions,
) -> Result<(Encoding, Element, usize)> {
    let mut decoder = Decoder::new(encoding, &options.limits);
    let stored = decoder.array(ValueRef::from(value))?;
    // Of a matrix in a cell the last axis stands for the vector; reading it says what is wrong.
    let dim = stored.shape.last().copied().unwrap_or(1);
    let dim = usize::try_from(dim).map_err(|_| Error::malformed("a vector too long for memory"))?;
    Ok((encoding, stored.element, dim))
}

/// Text that begins like a list is one if the column is called so, and must be long otherwise.
fn text_encoding(text: &[u8], named: bool) -> Option<Encoding> {
    let listed = text.trim_ascii_start().starts_with(b"[");
    let mut numbers = Vec::new();
    let parsed = super::numbers::parse(text, &mut numbers).is_ok();
    let enough = numbers.len() / size_of::<f64>() >= NUMBERS_IN_TEXT;
    let several = numbers.len() / size_of::<f64>() > 1;
    ((named && (listed || parsed && several)) || (parsed && enough)).then_some(Encoding::Text)
}

fn blob_encoding(
    first: &[u8],
    values: &[&Value],
    named: bool,
    options: &ReadOptions,
) -> Result<Encoding> {
    if first.starts_with(crate::npy::header::MAGIC) {
        return Ok(Encoding::Npy);
    }
    if looks_like_pickle(first) || values.iter().all(|value| begins_like_pickle(value)) {
        return Ok(Encoding::Pickle);
    }
    if first.trim_ascii_start().starts_with(b"[") && first.is_ascii() {
        return text_encoding(first, named).ok_or_else(|| Error::malformed("text"));
    }
    let raw = |element| Ok(Encoding::Raw(element, options.raw_order));
    let alike =
        values.iter().all(|v| matches!(v, Value::Blob(bytes) if bytes.len() == first.len()));
    if !(named || alike && first.len() >= 64) {
        return Err(Error::malformed("bytes of varying length"));
    }
    if let Some(element) = options.raw_element {
        return raw(element);
    }
    let blobs = values.iter().filter_map(|value| match value {
        Value::Blob(bytes) if bytes.len() == first.len() => Some(bytes.as_slice()),
        _ => None,
    });
    match raw_element(first.len(), &blobs, options) {
        Some(element) => raw(element),
        None => Err(Error::bad_data(format!(
            "{} that is no pickle, array or text, and no float numbers by its content",
            describe(ValueRef::Blob(first))
        ))
        .help("if the vectors are stored as raw numbers, say of which type they are")),
    }
}

/// Whether a value at least begins like a pickle of protocol 2 or later; it may be cut off.
fn begins_like_pickle(value: &Value) -> bool {
    matches!(value, Value::Blob(bytes) if matches!(bytes[..], [0x80, 2..=5, ..]))
}

/// The float type whose numbers are most alike, if any is believable.
fn raw_element<'a>(
    length: usize,
    blobs: &(impl Iterator<Item = &'a [u8]> + Clone),
    options: &ReadOptions,
) -> Option<Element> {
    // A small handicap for the less usual ones decides between equals.
    [(Element::F32, 0.0), (Element::F64, 0.5), (Element::F16, 1.0)]
        .into_iter()
        .filter(|(element, _)| length > 0 && length.is_multiple_of(element.bytes()))
        .filter_map(|(element, handicap)| {
            let deviation = deviation(element, blobs.clone(), options)?;
            (deviation < LARGEST_DEVIATION).then_some((element, deviation + handicap))
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(element, _)| element)
}

/// Standard deviation of the binary logarithms of the magnitudes; `None` if many are not finite
/// or absurd, or if every second or fourth number is zero, as the lower parts of wider ones are.
fn deviation<'a>(
    element: Element,
    blobs: impl Iterator<Item = &'a [u8]>,
    options: &ReadOptions,
) -> Option<f64> {
    let size = element.bytes();
    let (mut count, mut absurd, mut sum, mut squares) = (0usize, 0usize, 0.0, 0.0);
    let mut zeros = [0usize; 4];
    let mut looked_at = 0;
    for blob in blobs {
        if looked_at >= SAMPLE_BYTES {
            break;
        }
        looked_at += blob.len();
        let components = blob[..blob.len().min(SAMPLE_BYTES)].chunks_exact(size);
        for (position, component) in components.enumerate() {
            let mut native = [0; 8];
            native[..size].copy_from_slice(component);
            if options.raw_order != ByteOrder::NATIVE {
                native[..size].reverse();
            }
            let number = element.read_f64(&native[..size]).abs();
            if number == 0.0 {
                zeros[position % 4] += 1;
            } else if !number.is_finite() || !(1e-30..1e30).contains(&number) {
                absurd += 1;
            } else {
                let logarithm = number.log2();
                (count, sum, squares) =
                    (count + 1, sum + logarithm, squares + logarithm * logarithm);
            }
        }
    }
    let total = count + absurd + zeros.iter().sum::<usize>();
    let (fewest, most) = (zeros.iter().min(), zeros.iter().max());
    let lower_parts = total >= 4 && most >= Some(&(total * 9 / 40)) && fewest < Some(&(total / 8));
    if lower_parts && most > Some(&0) || absurd * 20 > total + 19 {
        return None;
    }
    let mean = sum / count.max(1) as f64;
    Some((squares / count.max(1) as f64 - mean * mean).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::f16;

    /// Normally distributed numbers, more or less: sums of uniform ones.
    fn normal(count: usize) -> Vec<f64> {
        let mut state = 1u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..count).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
    }

    fn guess(bytes: &[u8]) -> Option<Element> {
        raw_element(bytes.len(), &std::iter::once(bytes), &ReadOptions::default())
    }

    #[test]
    fn raw_numbers_are_told_apart_by_their_size() {
        for scale in [1.0, 0.05, 30.0, 1e-4] {
            let numbers: Vec<f64> = normal(384).iter().map(|x| x * scale).collect();
            let f64s: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
            let f32s: Vec<u8> = numbers.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect();
            let f16s: Vec<u8> =
                numbers.iter().flat_map(|x| f16::from_f64(*x).to_le_bytes()).collect();
            let widened: Vec<u8> =
                numbers.iter().flat_map(|x| f64::from(*x as f32).to_le_bytes()).collect();
            assert_eq!(guess(&f64s), Some(Element::F64), "{scale}");
            assert_eq!(guess(&f32s), Some(Element::F32), "{scale}");
            assert_eq!(guess(&f16s), Some(Element::F16), "{scale}");
            assert_eq!(guess(&widened), Some(Element::F64), "{scale}");
        }
    }

    #[test]
    fn round_numbers_with_empty_lower_halves_are_not_halved() {
        let rounded: Vec<f64> = normal(128).iter().map(|x| (x * 16.0).round()).collect();
        let f64s: Vec<u8> = rounded.iter().flat_map(|x| x.to_le_bytes()).collect();
        let f32s: Vec<u8> = rounded.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect();
        assert_eq!(guess(&f64s), Some(Element::F64));
        assert_eq!(guess(&f32s), Some(Element::F32));
        assert_eq!(guess(&[0; 64]), Some(Element::F32));
    }

    #[test]
    fn digests_and_codes_are_not_floats() {
        let numbers = normal(512);
        let digest: Vec<u8> = numbers.iter().map(|x| (x * 1e9) as i64 as u8).collect();
        assert_eq!(guess(&digest), None);
    }
}
