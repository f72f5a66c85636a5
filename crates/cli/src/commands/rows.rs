//! Rows with their vectors, as `head` and `get` show them.

use crate::output::{self, Shown};
use anear::{Column, MatrixRef, Result};
use serde_json::Value as Json;

/// Components shown of each vector in a table.
const SHOWN_COMPONENTS: usize = 4;

/// A table: what rows are called, their metadata, the beginnings of their vectors.
pub(super) fn show(
    called: &str,
    names: impl Iterator<Item = String>,
    columns: &[Column],
    matrix: MatrixRef<'_>,
) -> Result<()> {
    let headers = columns.iter().map(|column| column.name.as_str());
    let mut table = output::table([called].into_iter().chain(headers).chain(["vector"]));
    for (row, name) in names.enumerate() {
        let values = columns.iter().map(|column| output::cell(&column.values[row]));
        table.add_row([name].into_iter().chain(values).chain([beginning(matrix, row)]));
    }
    output::print(&table)
}

/// All components of a row.
pub(super) fn components(matrix: MatrixRef<'_>, row: usize) -> Vec<f64> {
    (0..matrix.dim()).map(|column| matrix.get_f64(row, column)).collect()
}

/// The metadata of a row.
pub(super) fn metadata_json(shown: &[Shown], columns: &[Column], row: usize) -> Json {
    output::object(shown.iter().zip(columns.iter().map(|column| &column.values[row])))
}

/// The first components of a row.
fn beginning(matrix: MatrixRef<'_>, row: usize) -> String {
    let shown = matrix.dim().min(SHOWN_COMPONENTS);
    let mut components: Vec<String> =
        (0..shown).map(|column| format!("{:.4}", matrix.get_f64(row, column))).collect();
    if shown < matrix.dim() {
        components.push("..".to_owned());
    }
    format!("[{}]", components.join(", "))
}
