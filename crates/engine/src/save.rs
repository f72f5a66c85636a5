//! From memory into a file of any format.

use crate::sinks::{Sinks, element_for, format_for};
use crate::{Error, Location, Progress, Result, cast_rows};
use anear_formats::{Compression, Summary};
use anear_kernels::Rounding;
use anear_types::{Block, Column, ColumnInfo, Element, MatrixRef, Metric, Schema};
use std::path::PathBuf;

/// Bytes of vectors handed to a format at a time.
const PART_BYTES: usize = 16 << 20;

/// Which file to write, and how.
#[derive(Clone, Debug)]
pub struct SaveRequest {
    /// The file to write, and the name of the entry in it; `-` is standard output.
    pub output: Location,
    /// The format to write; `None` goes by the suffix of the output.
    pub format: Option<String>,
    /// The element to write; `None` keeps the element, or takes one that holds every value of it.
    pub element: Option<Element>,
    /// What becomes of values that the element asked for does not have.
    pub rounding: Rounding,
    /// Whether and how to compress, where the format can.
    pub compression: Compression,
    /// In a database, write pickled NumPy arrays instead of raw bytes.
    pub pickle: bool,
    /// Whether an existing output is replaced.
    pub replace: bool,
    /// Threads that encoding may use, 1 or more.
    pub threads: usize,
    /// The metric to name in the file; `None` for that of the input, if it has one.
    pub metric: Option<Metric>,
}

impl SaveRequest {
    /// Everything as it is, with the usual settings.
    pub fn new(output: Location) -> SaveRequest {
        SaveRequest {
            output,
            format: None,
            element: None,
            rounding: Rounding::Strict,
            compression: Compression::None,
            pickle: false,
            replace: false,
            threads: 1,
            metric: None,
        }
    }
}

/// What was written.
#[derive(Debug)]
pub struct Saved {
    /// The format written.
    pub format: &'static str,
    /// Rows and bytes of the new file.
    pub summary: Summary,
    /// The element written.
    pub element: Element,
    /// The file beside the output that holds the metadata, where the format cannot.
    pub sidecar: Option<PathBuf>,
    /// Whether the rows were told from codes that left something out, and are not those that were once
    /// put in.
    pub lossy: bool,
    /// Names of columns and attributes that found no place (on standard output).
    pub dropped: Vec<String>,
}

/// Writes rows and the metadata columns that go with them; `ids` is the position of the column
/// that holds the ids.
///
/// # Errors
/// If a column has not one value a row, two have one name, the output exists or its format cannot
/// hold such rows, or a value does not fit the element asked for. The output appears whole or not
/// at all.
pub fn save(
    rows: MatrixRef<'_>,
    columns: &[Column],
    ids: Option<usize>,
    request: &SaveRequest,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    check_columns(rows.rows(), columns)?;
    let format = format_for(request)?;
    let element = element_for(request, rows.element(), format)?;
    let info = |column: &Column| ColumnInfo { name: column.name.clone(), kind: column.kind };
    let schema = Schema {
        columns: columns.iter().map(info).collect(),
        ids,
        metric: request.metric,
        ..Schema::matrix(element, rows.rows() as u64, rows.dim())
    };
    let mut sinks = Sinks::create(request, format, &schema)?;
    progress.begin("saving", schema.rows);
    let step = (PART_BYTES / rows.row_bytes().max(1)).max(1);
    for start in (0..rows.rows()).step_by(step) {
        if progress.interrupted() {
            return Err(Error::interrupted());
        }
        let end = rows.rows().min(start + step);
        let part = rows.range(start, end);
        let converted = cast_rows(part, element, request.rounding).map_err(|error| {
            let row = start as u64 + error.row().unwrap_or(0);
            error.move_to_row(row)
        })?;
        let columns: Vec<Column> = columns.iter().map(|column| slice(column, start, end)).collect();
        sinks.write(converted.as_ref().map_or(part, Block::matrix), &columns)?;
        progress.advance((end - start) as u64);
    }
    progress.end();
    sinks.finish(format, &schema)
}

fn slice(column: &Column, start: usize, end: usize) -> Column {
    let values = column.values[start..end].to_vec();
    Column { name: column.name.clone(), kind: column.kind, values }
}

fn check_columns(rows: usize, columns: &[Column]) -> Result<()> {
    for (position, column) in columns.iter().enumerate() {
        if column.values.len() != rows {
            let found = column.values.len();
            let what = format!("the column {:?} has {found} values for {rows} rows", column.name);
            return Err(Error::bad_data(what));
        }
        if columns[..position].iter().any(|other| other.name == column.name) {
            return Err(Error::usage(format!("there are two columns {:?}", column.name)));
        }
    }
    Ok(())
}
