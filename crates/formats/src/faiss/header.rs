//! The header of a FAISS index.
//!
//! | header | after the four letters |
//! | --- | --- |
//! | float | dim i32, rows i64, two unused i64 (1 << 20 each), trained u8, metric i32, and if that is above 1: f32 |
//! | binary | dim i32 (bits), code bytes i32, rows i64, trained u8, metric i32 |
//!
//! All numbers are little-endian.

use super::kinds::{Layout, layout};
use super::metric;
use anear_io::Cursor;
use anear_types::{Error, Measure, Metric, Result};

/// What the two unused fields hold.
const UNUSED: i64 = 1 << 20;
/// What binary indexes have for a metric, which nothing looks at.
const BINARY_METRIC: i32 = 1;

/// The header of an index.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    /// Its four letters.
    pub(super) fourcc: [u8; 4],
    /// What follows.
    pub(super) layout: Layout,
    /// Components in a row; bits for binary indexes.
    pub(super) dim: usize,
    /// Rows.
    pub(super) rows: u64,
    /// Whether the index has learnt what it needs to take rows.
    pub(super) trained: bool,
    /// How nearness is measured, and the argument of that; binary indexes count bits.
    pub(super) measure: (Measure, f32),
}

impl Header {
    /// Reads a header.
    ///
    /// # Errors
    /// If the letters are not known or a field makes no sense.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Header> {
        let fourcc: [u8; 4] = cursor.array("the kind of the index")?;
        let letters = fourcc.escape_ascii().to_string();
        if &fourcc == b"null" {
            return Err(Error::malformed("there is no index in this place (\"null\")"));
        }
        let layout = layout(&fourcc).ok_or_else(|| {
            Error::unsupported(format!("an index of kind \"{letters}\", which anear does not know"))
        })?;
        let is_binary = layout.is_binary();
        let dim = cursor.i32("the dimension")?;
        let code_bytes = if is_binary { cursor.i32("the code size")? } else { 0 };
        let rows = cursor.i64("the number of rows")?;
        if !is_binary {
            cursor.take(2 * size_of_val(&UNUSED) as u64, "the header")?;
        }
        let trained = cursor.u8("the header")?;
        let measure = match is_binary {
            true => cursor.i32("the metric").map(|_| (Measure::Hamming, 0.0))?,
            false => metric::read(cursor)?,
        };
        if dim <= 0 || rows < 0 || trained > 1 {
            return Err(Error::malformed(format!(
                "the header of index \"{letters}\" has dimension {dim}, {rows} rows, trained {trained}"
            )));
        }
        if is_binary && i64::from(code_bytes) * 8 != i64::from(dim) {
            return Err(Error::malformed(format!(
                "codes of {code_bytes} bytes do not hold {dim} bits"
            )));
        }
        let (dim, rows, trained) = (dim as usize, rows as u64, trained == 1);
        Ok(Header { fourcc, layout, dim, rows, trained, measure })
    }

    /// The bytes of a header, as FAISS writes them.
    ///
    /// # Panics
    /// If a number is beyond what FAISS counts with.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let small =
            |number: usize| i32::try_from(number).expect("a checked dimension").to_le_bytes();
        let rows = i64::try_from(self.rows).expect("rows in a file").to_le_bytes();
        out.extend_from_slice(&self.fourcc);
        out.extend_from_slice(&small(self.dim));
        if self.layout.is_binary() {
            out.extend_from_slice(&small(self.dim / 8));
            out.extend_from_slice(&rows);
            out.push(u8::from(self.trained));
            out.extend_from_slice(&BINARY_METRIC.to_le_bytes());
        } else {
            out.extend_from_slice(&rows);
            out.extend_from_slice(&[UNUSED.to_le_bytes(); 2].concat());
            out.push(u8::from(self.trained));
            metric::write(self.measure.0, self.measure.1, out);
        }
    }

    /// The four letters as text.
    pub(super) fn letters(&self) -> String {
        self.fourcc.escape_ascii().to_string()
    }

    /// Our metric, if there is one.
    pub(super) fn metric(&self) -> Option<Metric> {
        self.measure.0.metric()
    }
}
