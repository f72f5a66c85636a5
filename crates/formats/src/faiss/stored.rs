//! Where an index keeps its vectors as they were put in, and their ids.
//!
//! | part | bytes |
//! | --- | --- |
//! | vectors of a flat index | number of floats u64, then they |
//! | vectors of a binary flat index | number of bytes u64, then they |
//! | ids of an id map, behind the index it wraps | number u64, then i64 each |

use super::header::Header;
use anear_io::Cursor;
use anear_types::{Element, Error, Result};
use std::ops::Range;

/// The places of vectors and ids in the file, checked to be as long as the rows need.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    /// The type of a component; `U8` for vectors of bits.
    pub(super) element: Element,
    /// Components in a row.
    pub(super) dim: usize,
    /// Bytes of all rows.
    pub(super) vectors: Range<usize>,
    /// Bytes of all ids, 8 a row; without them, a row's id is its number.
    pub(super) ids: Option<Range<usize>>,
}

impl Stored {
    /// Reads the part of a flat index that follows its header.
    ///
    /// # Errors
    /// If it is not as long as the header says, or the file ends before it does.
    pub(super) fn flat(cursor: &mut Cursor<'_>, header: &Header) -> Result<Stored> {
        let (element, dim) = match header.layout.is_binary() {
            true => (Element::U8, header.dim / 8),
            false => (Element::F32, header.dim),
        };
        let found = cursor.u64("the number of values")?;
        if header.rows.checked_mul(dim as u64) != Some(found) {
            return Err(Error::malformed(format!(
                "{found} values are stored for {} rows of dimension {}",
                header.rows, header.dim
            )));
        }
        let bytes = found.saturating_mul(element.bytes() as u64);
        let vectors = skip(cursor, bytes, "the vectors")?;
        Ok(Stored { element, dim, vectors, ids: None })
    }

    /// Reads the ids that follow the index which an id map wraps, and which has `self` inside.
    ///
    /// # Errors
    /// If they are not one a row.
    pub(super) fn with_ids(self, cursor: &mut Cursor<'_>, header: &Header) -> Result<Stored> {
        let count = cursor.u64("the number of ids")?;
        if count != header.rows {
            let rows = header.rows;
            return Err(Error::malformed(format!("there are {count} ids for {rows} rows")));
        }
        let ids = skip(cursor, count.saturating_mul(size_of::<i64>() as u64), "the ids")?;
        Ok(Stored { ids: Some(ids), ..self })
    }
}

/// Passes over some bytes; returns where they are.
fn skip(cursor: &mut Cursor<'_>, bytes: u64, what: &str) -> Result<Range<usize>> {
    let start = cursor.position();
    cursor.take(bytes, what)?;
    Ok(start..cursor.position())
}
