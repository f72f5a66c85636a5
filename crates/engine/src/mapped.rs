//! Rows of a file as they lie in memory, for those who keep them longer than a call.

use crate::Result;
use anear_index::Rows;
use anear_io::{Input, PrivateMap};
use anear_types::{Element, Error, MatrixRef};
use std::ops::Range;
use std::sync::Arc;

/// Rows that are used in the bytes of their file, without a copy. Cloning is cheap; the file stays
/// mapped as long as one clone lives.
#[derive(Clone, Debug)]
pub struct Mapped {
    input: Input,
    bytes: Range<usize>,
    element: Element,
    rows: usize,
    dim: usize,
}

impl Mapped {
    /// `matrix` as a part of `input`; `None` if its bytes lie elsewhere.
    pub(crate) fn new(input: &Input, matrix: MatrixRef<'_>) -> Option<Mapped> {
        let length = matrix.bytes().len();
        let start = match length {
            0 => 0,
            _ => matrix.bytes().as_ptr().addr().checked_sub(input.bytes().as_ptr().addr())?,
        };
        let bytes = start..start.checked_add(length)?;
        input.bytes().get(bytes.clone())?;
        let (element, rows, dim) = (matrix.element(), matrix.rows(), matrix.dim());
        Some(Mapped { input: input.clone(), bytes, element, rows, dim })
    }

    /// The rows.
    pub fn matrix(&self) -> MatrixRef<'_> {
        let bytes = &self.input.bytes()[self.bytes.clone()];
        MatrixRef::new(bytes, self.element, self.rows, self.dim)
    }

    /// The same rows in memory that may be written to, without a copy either: a page is copied
    /// when it is first written to, and the file never changes. `None` if the file is not mapped.
    ///
    /// # Errors
    /// If the system cannot map the file once more, or it became shorter.
    pub fn private(&self) -> Result<Option<PrivateRows>> {
        let Some(map) = self.input.private()? else { return Ok(None) };
        if map.len() < self.bytes.end {
            let what = format!("the file shrank to {} bytes while it was open", map.len());
            return Err(Error::malformed(what).at_path(self.input.path()));
        }
        Ok(Some(PrivateRows { map, bytes: self.bytes.clone() }))
    }
}

impl From<Mapped> for Rows {
    fn from(mapped: Mapped) -> Rows {
        let Mapped { input, bytes, element, rows, dim } = mapped;
        Rows::shared(Arc::new(input), bytes, element, rows, dim)
    }
}

/// Rows that may be written to and that began as those of a file, see [`Mapped::private`].
#[derive(Debug)]
pub struct PrivateRows {
    map: PrivateMap,
    bytes: Range<usize>,
}

impl PrivateRows {
    /// The bytes of the rows.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.map[self.bytes.clone()]
    }
}
