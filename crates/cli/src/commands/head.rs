//! `anear head`.

use crate::args::{Common, Head};
use crate::output;
use anear::{Column, MatrixRef, Metadata, Result, Vectors};
use serde_json::{Value as Json, json};

/// Components shown of each vector in a table.
const SHOWN_COMPONENTS: usize = 4;

pub(crate) fn run(arguments: &Head, common: &Common) -> Result<()> {
    let options = super::open_options(common);
    let vectors = Vectors::open(&arguments.path, &options)?;
    let metadata = Metadata::of(&vectors, None, &options)?;
    let rows = arguments.n.min(vectors.schema().rows);
    let block = vectors.read(0..rows)?;
    let all = metadata.columns();
    let names: Vec<&str> = all.iter().map(|column| column.name.as_str()).collect();
    let columns = metadata.read(&names, 0..rows)?;
    match common.json {
        true => output::json(&as_json(&vectors, block.matrix(), &columns)),
        false => show(block.matrix(), &columns),
    }
}

fn as_json(vectors: &Vectors, matrix: MatrixRef<'_>, columns: &[Column]) -> Json {
    let row_json = |row: usize| {
        let components = (0..matrix.dim()).map(|column| matrix.get_f64(row, column));
        let values = columns.iter().map(|column| (column.name.as_str(), &column.values[row]));
        json!({
            "row": row,
            "vector": components.collect::<Vec<f64>>(),
            "metadata": output::object(values),
        })
    };
    json!({
        "path": vectors.path().to_string_lossy(),
        "entry": vectors.entry(),
        "rows": (0..matrix.rows()).map(row_json).collect::<Vec<Json>>(),
    })
}

fn show(matrix: MatrixRef<'_>, columns: &[Column]) -> Result<()> {
    let names = columns.iter().map(|column| column.name.as_str());
    let mut table = output::table(["row"].into_iter().chain(names).chain(["vector"]));
    for row in 0..matrix.rows() {
        let values = columns.iter().map(|column| output::cell(&column.values[row]));
        let cells = std::iter::once(row.to_string()).chain(values);
        table.add_row(cells.chain([beginning(matrix, row)]));
    }
    output::print(&table)
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
