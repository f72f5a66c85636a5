//! `--where`: which rows pass a condition over their metadata.

use crate::{Metadata, Progress, Result};
#[cfg(feature = "sqlite")]
use anear_formats::sqlite::filter::Filter;
#[cfg(feature = "sqlite")]
use anear_types::ColumnInfo;
use anear_types::{Limits, Value};

/// Rows of metadata loaded at a time.
#[cfg(feature = "sqlite")]
const BATCH_ROWS: u64 = 16_384;

/// The rows, ascending, whose metadata meets a condition: an SQL expression as SQLite understands
/// it, with `?` for `params`. It can use the metadata columns and `row`, the position in the file.
///
/// # Errors
/// If the condition is no single expression, names an unknown column, calls a function that is
/// not allowed, or takes longer than the limits allow.
#[cfg(feature = "sqlite")]
pub fn rows_where(
    metadata: &Metadata<'_>,
    rows: u64,
    condition: &str,
    params: &[Value],
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Vec<u64>> {
    let all = metadata.columns();
    let used = Filter::new(&all)?.columns_used(condition)?;
    let columns: Vec<ColumnInfo> = used.iter().map(|position| all[*position].clone()).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut filter = Filter::new(&columns)?;
    progress.begin("reading metadata", rows);
    let mut first = 0;
    while first < rows {
        let end = rows.min(first + BATCH_ROWS);
        match names.is_empty() {
            true => filter.add_bare((end - first) as usize)?,
            false => filter.add(&metadata.read(&names, first..end)?)?,
        }
        progress.advance(end - first);
        first = end;
    }
    progress.end();
    filter.rows_where(condition, params, limits.query_ms)
}

/// Stands in for the real one, which needs SQLite.
///
/// # Errors
/// Always.
#[cfg(not(feature = "sqlite"))]
pub fn rows_where(
    _: &Metadata<'_>,
    _: u64,
    _: &str,
    _: &[Value],
    _: &Limits,
    _: &mut dyn Progress,
) -> Result<Vec<u64>> {
    Err(crate::Error::usage("this build of anear has no SQLite, so it cannot evaluate conditions"))
}
