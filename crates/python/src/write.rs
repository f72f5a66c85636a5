//! Writing files: `save` and `convert`.

use crate::error::Result;
use crate::given::Given;
use crate::options;
use crate::signals::{Unseen, watched};
use crate::values::column_from_python;
use anear::{Column, ConvertRequest, Error, Rounding, SaveRequest, Saved};
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::path::PathBuf;

/// How to write, as `python/anear/_write.py` says it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Target {
    path: PathBuf,
    entry: Option<String>,
    format: Option<String>,
    dtype: Option<String>,
    metric: Option<String>,
    lossy: bool,
    compress: Option<String>,
    pickle: bool,
    force: bool,
    threads: Option<isize>,
}

impl Target {
    pub(crate) fn request(self) -> Result<SaveRequest> {
        let output = options::location(self.path, self.entry);
        Ok(SaveRequest {
            format: self.format,
            element: self.dtype.as_deref().map(options::element).transpose()?,
            metric: self.metric.as_deref().map(options::metric).transpose()?,
            rounding: if self.lossy { Rounding::Lossy } else { Rounding::Strict },
            compression: options::compression(self.compress.as_deref())?,
            pickle: self.pickle,
            replace: self.force,
            threads: options::threads(self.threads)?,
            ..SaveRequest::new(output)
        })
    }
}

/// What was written: format, element, rows, bytes, the file of metadata, what found no place.
pub(crate) type Report = (&'static str, &'static str, u64, u64, Option<PathBuf>, Vec<String>);

pub(crate) fn report(saved: Saved) -> Report {
    let Saved { format, summary, element, sidecar, dropped, .. } = saved;
    (format, element.name(), summary.rows, summary.bytes, sidecar, dropped)
}

/// Writes rows; `ids` names the column that holds them.
#[pyfunction]
#[pyo3(signature = (rows, columns, ids, target))]
pub(crate) fn save(
    rows: &Bound<'_, PyAny>,
    columns: Vec<(String, Bound<'_, PyList>)>,
    ids: Option<&str>,
    target: Target,
) -> Result<Report> {
    let found = Given::matrix_of(rows)?;
    let request = target.request()?;
    let columns = columns.into_iter().map(|(name, values)| column_from_python(name, &values));
    let columns: Vec<Column> = columns.collect::<Result<_>>()?;
    let ids = ids.map(|ids| position(&columns, ids)).transpose()?;
    let matrix = found.matrix();
    let saved = watched(rows.py(), |interrupt| {
        anear::save(matrix, &columns, ids, &request, &mut Unseen(interrupt))
    })?;
    Ok(report(saved))
}

fn position(columns: &[Column], name: &str) -> Result<usize> {
    columns.iter().position(|column| column.name == name).ok_or_else(|| {
        Error::usage(format!("there is no metadata column {name:?} to take ids from")).into()
    })
}

/// Where the rows come from, as `python/anear/_write.py` says it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Origin {
    path: PathBuf,
    entry: Option<String>,
    ids: Option<String>,
    raw: Option<String>,
    limits: bool,
    condition: Option<String>,
    meta: Option<PathBuf>,
    kind: Option<String>,
    metadata: bool,
    threads: Option<isize>,
}

/// Converts a file.
#[pyfunction]
pub(crate) fn convert(py: Python<'_>, origin: Origin, target: Target) -> Result<Report> {
    let options =
        options::open_options(origin.ids, origin.threads, origin.raw.as_deref(), origin.limits)?;
    let input = options::location(origin.path, origin.entry);
    let request = ConvertRequest {
        condition: origin.condition,
        meta: origin.meta,
        kind: origin.kind,
        keep_metadata: origin.metadata,
        ..ConvertRequest::new(input, target.request()?)
    };
    let saved =
        watched(py, |interrupt| anear::convert(&request, &options, &mut Unseen(interrupt)))?;
    Ok(report(saved))
}
