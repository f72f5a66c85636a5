//! The header of a `.npy` file, read and written.
//!
//! | bytes | field |
//! | --- | --- |
//! | 6 | `\x93NUMPY` |
//! | 2 | version: 1.0, 2.0 or 3.0 |
//! | 2 or 4 | length of the text, little-endian: u16 in version 1, u32 later |
//! | that many | a Python dict literal, padded with spaces, ended by a newline |
//!
//! The data follow at once. Source: NumPy's documentation of `numpy.lib.format`. Written headers
//! leave room for a row count of any length, as NumPy's do, so that rows can be appended later by
//! rewriting the header in place.

use super::literal::{Literal, parse_dict};
use crate::shape::array_schema;
use anear_io::{ByteOrder, Cursor};
use anear_types::{Element, Error, Limits, Result, Schema};

/// The first bytes of every `.npy` file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// Data begin at a multiple of this in files written here, as in NumPy's.
const ALIGNMENT: usize = 64;

/// Digits kept free for the growing axis.
const GROWTH_DIGITS: usize = 21;

/// Where the numbers of an array are and what they are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// Element and shape.
    pub(crate) schema: Schema,
    /// The order of the bytes of a number.
    pub(crate) order: ByteOrder,
    /// Whether the first axis varies fastest.
    pub(crate) fortran: bool,
    /// Bytes before the data.
    pub(crate) data_offset: usize,
}

/// What the values of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers.
    Number(Element),
    /// `U`: text of this many four-byte code points, filled up with zeros.
    Unicode(usize),
    /// `S`: this many bytes, filled up with zeros.
    Bytes(usize),
}

/// A header as it stands, of any kind anear has a use for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// What the values are.
    pub(crate) kind: Kind,
    /// The order of the bytes of a number or code point.
    pub(crate) order: ByteOrder,
    /// Whether the first axis varies fastest.
    pub(crate) fortran: bool,
    /// The length of each axis.
    pub(crate) shape: Vec<u64>,
    /// Bytes before the data.
    pub(crate) data_offset: usize,
}

/// Reads the header of an array of numbers at the beginning of `bytes`, which is the whole file
/// (or all that is known of it). Whether the data are complete is left to the caller.
///
/// # Errors
/// If it is damaged, or the values are not numbers.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Header> {
    let description = describe(bytes, limits)?;
    description.numeric(limits, bytes.len() as u64)
}

impl Description {
    /// The header of an array of numbers; `file_bytes` bounds what its shape may claim.
    ///
    /// # Errors
    /// If the values are text, or the shape is absurd.
    pub(crate) fn numeric(self, limits: &Limits, file_bytes: u64) -> Result<Header> {
        let Kind::Number(element) = self.kind else {
            return Err(Error::unsupported("the array holds text, not numbers"));
        };
        Ok(Header {
            schema: array_schema(element, &self.shape, limits, file_bytes)?,
            order: self.order,
            fortran: self.fortran,
            data_offset: self.data_offset,
        })
    }
}

/// Reads a header of any kind.
///
/// # Errors
/// If it is damaged, or the values are neither numbers nor text.
pub(crate) fn describe(bytes: &[u8], limits: &Limits) -> Result<Description> {
    let (text_start, text_length) = text_place(bytes)?;
    if text_length > limits.header_bytes {
        return Err(Error::limit(format!("the header claims to be {text_length} bytes long")));
    }
    let mut cursor = Cursor::new(&bytes[text_start..]);
    let text = cursor.take(text_length, "the header")?;
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    for (key, value) in parse_dict(text)? {
        match (key.as_slice(), value) {
            (b"descr", Literal::Text(text)) => descr = Some(parse_descr(&text)?),
            (b"descr", Literal::List) => {
                return Err(Error::unsupported("a structured array (records), not plain numbers")
                    .help("save the field that holds the vectors by itself"));
            }
            (b"fortran_order", Literal::Bool(value)) => fortran = Some(value),
            (b"shape", Literal::Tuple(axes)) => shape = Some(axes),
            (key, _) => {
                let key = key.escape_ascii();
                return Err(Error::malformed(format!("the header's '{key}' is not as expected")));
            }
        }
    }
    let missing = |key: &str| Error::malformed(format!("the header has no '{key}'"));
    let (kind, order) = descr.ok_or_else(|| missing("descr"))?;
    Ok(Description {
        kind,
        order,
        fortran: fortran.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
        data_offset: text_start + text.len(),
    })
}

/// How many bytes of a file its header takes, when at least the first 12 are at hand.
///
/// # Errors
/// If it does not begin like a `.npy` file.
pub(crate) fn header_bytes(bytes: &[u8]) -> Result<u64> {
    let (text_start, text_length) = text_place(bytes)?;
    Ok(text_start as u64 + text_length)
}

/// Offset and length of the dict.
fn text_place(bytes: &[u8]) -> Result<(usize, u64)> {
    let mut cursor = Cursor::new(bytes);
    if cursor.take(MAGIC.len() as u64, "the magic string")? != MAGIC {
        let head = bytes[..MAGIC.len()].escape_ascii();
        return Err(Error::malformed(format!(
            "not an array saved by NumPy: it begins with \"{head}\""
        )));
    }
    let version = cursor.array::<2>("the version")?;
    let length = match version {
        [1, 0] => u64::from(cursor.u16("the header length")?),
        [2 | 3, 0] => u64::from(cursor.u32("the header length")?),
        [major, minor] => {
            return Err(Error::unsupported(format!("version {major}.{minor} of the npy format")));
        }
    };
    Ok((cursor.position(), length))
}

/// Reads a dtype string such as `<f4`.
fn parse_descr(text: &[u8]) -> Result<(Kind, ByteOrder)> {
    let (order, rest) = match text {
        [b'<', rest @ ..] => (ByteOrder::Little, rest),
        [b'>', rest @ ..] => (ByteOrder::Big, rest),
        [b'|' | b'=', rest @ ..] => (ByteOrder::NATIVE, rest),
        rest => (ByteOrder::NATIVE, rest),
    };
    let kind = match rest {
        b"b1" | b"?" => Kind::Number(Element::Bool),
        b"i1" => Kind::Number(Element::I8),
        b"u1" => Kind::Number(Element::U8),
        b"i2" => Kind::Number(Element::I16),
        b"u2" => Kind::Number(Element::U16),
        b"i4" => Kind::Number(Element::I32),
        b"u4" => Kind::Number(Element::U32),
        b"i8" => Kind::Number(Element::I64),
        b"u8" => Kind::Number(Element::U64),
        b"f2" => Kind::Number(Element::F16),
        b"f4" => Kind::Number(Element::F32),
        b"f8" => Kind::Number(Element::F64),
        [b'U', size @ ..] => Kind::Unicode(text_size(size)?),
        [b'S' | b'a', size @ ..] => Kind::Bytes(text_size(size)?),
        other => return Err(unsupported_descr(text, other)),
    };
    Ok((kind, order))
}

fn text_size(digits: &[u8]) -> Result<usize> {
    let size = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok());
    size.map(|size| size as usize)
        .ok_or_else(|| Error::malformed(format!("text of length '{}'", digits.escape_ascii())))
}

fn unsupported_descr(descr: &[u8], kind: &[u8]) -> Error {
    let what = match kind {
        [b'O', ..] => "pickled Python objects, which are never unpickled",
        [b'c', ..] => "complex numbers",
        [b'M', ..] => "dates",
        [b'm', ..] => "time spans",
        [b'V', ..] => "raw bytes of no known type",
        b"f16" | b"f12" | b"f10" => "long doubles",
        _ => "values of an unknown type",
    };
    Error::unsupported(format!("the array holds {what} (dtype '{}')", descr.escape_ascii()))
}

/// The dtype string of an element in this machine's byte order; `None` if NumPy has no such type.
fn descr(element: Element) -> Option<String> {
    let kind = match element {
        Element::Bool => "b1",
        Element::I8 => "i1",
        Element::U8 => "u1",
        Element::I16 => "i2",
        Element::U16 => "u2",
        Element::I32 => "i4",
        Element::U32 => "u4",
        Element::I64 => "i8",
        Element::U64 => "u8",
        Element::F16 => "f2",
        Element::F32 => "f4",
        Element::F64 => "f8",
        Element::F8E4M3 | Element::F8E5M2 | Element::Bf16 => return None,
    };
    Some(match (element.bytes(), ByteOrder::NATIVE) {
        (1, _) => format!("|{kind}"),
        (_, ByteOrder::Little) => format!("<{kind}"),
        (_, ByteOrder::Big) => format!(">{kind}"),
    })
}

/// The header of a C-order array in this machine's byte order, with room to grow.
///
/// # Errors
/// If NumPy has no such element.
pub(crate) fn write(element: Element, shape: &[u64]) -> Result<Vec<u8>> {
    let descr = descr(element)
        .ok_or_else(|| Error::unsupported(format!("NumPy has no type for {element}")))?;
    Ok(write_descr(&descr, shape))
}

/// The header of a C-order array with this dtype string, with room to grow.
pub(crate) fn write_descr(descr: &str, shape: &[u64]) -> Vec<u8> {
    let text = dict(descr, shape);
    let digits = shape.first().map_or(GROWTH_DIGITS, |axis| axis.to_string().len());
    let needed = text.len() + GROWTH_DIGITS.saturating_sub(digits) + 1;
    let short = needed + ALIGNMENT + 10 <= usize::from(u16::MAX);
    let prefix = if short { 10 } else { 12 };
    let total = (prefix + needed).next_multiple_of(ALIGNMENT);
    assemble(&text, prefix, total)
}

/// The header of `shape` in exactly `total` bytes, for overwriting one of the same array in
/// place; `None` if there is no room.
///
/// # Errors
/// If NumPy has no such element.
pub(crate) fn write_in_place(
    element: Element,
    shape: &[u64],
    old: &[u8],
) -> Result<Option<Vec<u8>>> {
    let descr = descr(element)
        .ok_or_else(|| Error::unsupported(format!("NumPy has no type for {element}")))?;
    let text = dict(&descr, shape);
    let prefix = text_place(old)?.0;
    let fits = prefix + text.len() < old.len();
    Ok(fits.then(|| {
        let mut header = assemble(&text, prefix, old.len());
        header[..prefix].copy_from_slice(&old[..prefix]);
        header
    }))
}

fn dict(descr: &str, shape: &[u64]) -> String {
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let shape = axes.join(", ");
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}{comma}), }}")
}

fn assemble(text: &str, prefix: usize, total: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(total);
    header.extend_from_slice(MAGIC);
    if prefix == 10 {
        header.extend_from_slice(&[1, 0]);
        header.extend_from_slice(&((total - prefix) as u16).to_le_bytes());
    } else {
        header.extend_from_slice(&[2, 0]);
        header.extend_from_slice(&((total - prefix) as u32).to_le_bytes());
    }
    header.extend_from_slice(text.as_bytes());
    header.resize(total - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, text: &str) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, 0]);
        match version {
            1 => bytes.extend((text.len() as u16).to_le_bytes()),
            _ => bytes.extend((text.len() as u32).to_le_bytes()),
        }
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn written_headers_are_read_back_and_aligned() {
        for element in Element::ALL {
            for shape in [vec![], vec![0], vec![7], vec![3, 4], vec![u64::MAX >> 8, 0], vec![1; 40]]
            {
                let Ok(header) = write(element, &shape) else {
                    assert_eq!(descr(element), None);
                    continue;
                };
                assert_eq!(header.len() % ALIGNMENT, 0);
                let description = describe(&header, &Limits::default()).unwrap();
                assert_eq!(description.kind, Kind::Number(element));
                assert_eq!(description.shape, shape);
                assert_eq!(description.data_offset, header.len());
            }
        }
    }

    #[test]
    fn a_header_has_room_for_any_row_count() {
        let old = write(Element::F32, &[0, 384]).unwrap();
        let new = write_in_place(Element::F32, &[u64::MAX, 384], &old).unwrap().unwrap();
        assert_eq!(new.len(), old.len());
        assert_eq!(describe(&new, &Limits::default()).unwrap().shape, [u64::MAX, 384]);
        let tight = file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (9, 384), }\n");
        assert!(write_in_place(Element::F32, &[9, 384], &tight).unwrap().is_some());
        assert!(write_in_place(Element::F32, &[10, 384], &tight).unwrap().is_none());
    }

    #[test]
    fn a_very_long_shape_takes_version_two() {
        let header = write_descr(&"x".repeat(70_000), &[1]);
        assert_eq!(header[6], 2);
        assert_eq!(header_bytes(&header).unwrap(), header.len() as u64);
    }

    #[test]
    fn all_versions_and_python_two_are_read() {
        for version in 1..=3 {
            let bytes = file(version, "{'shape': (2L, 3L), 'descr': '>i2', 'fortran_order': True}");
            let header = parse(&bytes, &Limits::default()).unwrap();
            assert_eq!((header.schema.rows, header.schema.dim), (2, 3));
            assert_eq!((header.order, header.fortran), (ByteOrder::Big, true));
            assert_eq!(header.data_offset, bytes.len());
        }
    }

    #[test]
    fn what_is_no_matrix_of_numbers_is_named() {
        let limits = Limits::default();
        for (descr, reason) in [
            ("'<c8'", "complex"),
            ("'|O'", "never unpickled"),
            ("'<M8[ns]'", "dates"),
            ("'<f16'", "long doubles"),
            ("'<U3'", "text"),
            ("'|V2'", "raw bytes"),
            ("[('x', '<f4')]", "structured"),
        ] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2, 3)}}");
            let error = parse(&file(1, &text), &limits).unwrap_err();
            assert!(error.to_string().contains(reason), "{descr}: {error}");
        }
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1152921504606846976)}";
        assert!(parse(&file(1, text), &limits).is_err(), "a row of 2^62 bytes");
    }

    /// Bytes changed at random, from a fixed seed, must never end in a panic.
    #[test]
    fn damaged_headers_never_panic() {
        let limits = Limits::default();
        let original = write(Element::F32, &[12, 34]).unwrap();
        let interesting = b"{}()[],:'\"\\Lu019TFx \n\xff\0";
        let mut state = 1u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize
        };
        for _ in 0..30_000 {
            let mut bytes = original.clone();
            for _ in 0..=next() % 6 {
                let place = next() % bytes.len();
                match next() % 3 {
                    0 => bytes[place] = next() as u8,
                    1 => bytes[place] = interesting[next() % interesting.len()],
                    _ => bytes.truncate(place.max(1)),
                }
            }
            let _ = parse(&bytes, &limits);
        }
    }
}
