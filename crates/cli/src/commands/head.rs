//! `anear head`.

use super::{collection, rows};
use crate::args::{Common, Head};
use crate::output::{self, Shown};
use anear::{Column, MatrixRef, Metadata, Result, Vectors};
use serde_json::{Value as Json, json};

pub(crate) fn run(arguments: &Head, common: &Common) -> Result<()> {
    let options = super::open_options(common, &arguments.ids);
    let vectors = Vectors::open(&arguments.path, &options)?;
    let metadata = Metadata::of(&vectors, None, &options)?;
    let first = 0..arguments.n.min(vectors.schema().rows);
    let block = vectors.read(first.clone())?;
    let all = metadata.columns();
    let names: Vec<&str> = all.iter().map(|column| column.name.as_str()).collect();
    let columns = metadata.read(&names, first)?;
    if common.json {
        let documents = collection::document_columns(&arguments.path)?;
        return output::json(&as_json(&vectors, block.matrix(), &columns, &documents));
    }
    let rows = (0..block.rows()).map(|row| row.to_string());
    rows::show("row", rows, &columns, block.matrix())
}

/// `documents` names the columns whose texts are JSON documents.
fn as_json(
    vectors: &Vectors,
    matrix: MatrixRef<'_>,
    columns: &[Column],
    documents: &[String],
) -> Json {
    let shown: Vec<Shown> =
        columns.iter().map(|column| Shown::among(&column.name, documents)).collect();
    let row_json = |row: usize| {
        json!({
            "row": row,
            "vector": rows::components(matrix, row),
            "metadata": rows::metadata_json(&shown, columns, row),
        })
    };
    json!({
        "path": vectors.path().to_string_lossy(),
        "entry": vectors.entry(),
        "rows": (0..matrix.rows()).map(row_json).collect::<Vec<Json>>(),
    })
}
