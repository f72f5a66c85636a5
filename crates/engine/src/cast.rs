//! Rows with components of another type.

use crate::Result;
use anear_kernels::{Rounding, cast};
use anear_types::{Block, Element, MatrixRef};

/// The rows with another element; `None` when they have that element already.
///
/// # Errors
/// [`BadData`](crate::ErrorKind::BadData) at the first row with a value that the element does not
/// have, see [`Rounding`].
pub fn cast_rows(
    rows: MatrixRef<'_>,
    element: Element,
    rounding: Rounding,
) -> Result<Option<Block>> {
    if rows.element() == element {
        return Ok(None);
    }
    let mut converted = Block::try_new(element, rows.dim(), rows.rows())?;
    cast(rows, 0, rounding, &mut converted)?;
    Ok(Some(converted))
}
