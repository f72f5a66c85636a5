//! Vectors: in files and pending.

use super::Verified;
use crate::read::{Extent, Moment, StoredVectors};
use crate::spec::Spec;
use anear_types::{Error, MatrixRef, Result};

pub(super) fn check(
    moment: &Moment,
    spec: &Spec,
    verified: &mut Verified,
    report: &mut dyn FnMut(u64) -> bool,
) -> Result<()> {
    let vectors = match moment.vectors() {
        Ok(vectors) => vectors,
        Err(error) => {
            verified.broken(error.to_string());
            return Ok(());
        }
    };
    let mut next = 0;
    for extent in moment.extents()? {
        if extent.first_row != next {
            let (first, rows) = (extent.first_row, extent.rows);
            verified.broken(format!("{rows} rows from {first} are counted, expected row {next}"));
        }
        if extent.first_row < next {
            continue; // no vector is read twice
        }
        next = extent.end();
        let checked = check_extent(&vectors, spec, extent);
        let name = || moment.file_name(extent.file).unwrap_or_default();
        verified.note(checked.map_err(|error| error.at_path(name())));
        if report(extent.rows.saturating_mul(spec.row_bytes() as u64)) {
            return Err(Error::interrupted());
        }
    }
    let pending = moment.pending(0)?;
    verified.note(finite(spec, next, pending.matrix()));
    Ok(())
}

fn check_extent(vectors: &StoredVectors, spec: &Spec, extent: Extent) -> Result<()> {
    let (first, last) = (extent.first_row, extent.end().saturating_sub(1));
    let rows = vectors
        .range(extent.first_row..extent.end())
        .ok_or_else(|| Error::malformed(format!("rows {first} to {last} are not in one file")))?;
    extent.check(rows)?;
    finite(spec, first, rows)
}

fn finite(spec: &Spec, first_row: u64, rows: MatrixRef<'_>) -> Result<()> {
    spec.metric.check_rows(rows).map_err(|error| {
        let row = first_row + error.row().unwrap_or(0);
        error.move_to_row(row)
    })
}
