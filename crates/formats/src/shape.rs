//! Shapes that a file claims, checked before anything relies on them.

use anear_types::{Element, Error, Limits, Result, Schema};

/// The schema of an array of this shape, as a file of `file_bytes` claims it.
///
/// # Errors
/// If the number of components overflows; or if an array that is empty claims rows so long, or so
/// many rows of nothing, that a reader would spend memory or time on them.
pub(crate) fn array_schema(
    element: Element,
    shape: &[u64],
    limits: &Limits,
    file_bytes: u64,
) -> Result<Schema> {
    let schema = Schema::array(element, shape.to_vec()).ok_or_else(|| {
        Error::malformed(format!("an array of shape {shape:?} does not fit into memory"))
    })?;
    if schema.total_bytes() == 0 {
        limits.check_expansion("one row", schema.row_bytes() as u64, file_bytes)?;
        limits.check_expansion("rows without components", schema.rows, file_bytes)?;
    }
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_arrays_may_not_claim_absurd_axes() {
        let limits = Limits::default();
        let check = |shape: &[u64]| array_schema(Element::F32, shape, &limits, 100);
        assert_eq!(check(&[0, 384]).unwrap().dim, 384);
        assert_eq!(check(&[10, 0]).unwrap().rows, 10);
        assert!(check(&[0, 1 << 40]).is_err());
        assert!(check(&[1 << 40, 0]).is_err());
        assert!(check(&[1 << 40, 1 << 40, 0]).is_err());
        assert!(check(&[1 << 40, 1 << 20]).is_ok(), "whether the data are there is seen elsewhere");
    }
}
