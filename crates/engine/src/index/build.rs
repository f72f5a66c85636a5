//! Building an index over arrays, or over a matrix in any file.

use super::Index;
use super::metadata::Kept;
use super::names::Names;
use crate::{Error, Metadata, OpenOptions, Progress, Result, Vectors};
use anear_formats::anx::Table;
use anear_index::{IndexKind, Rows, Spec, kind_named};
use anear_types::{Ids, MatrixRef, Metric};
use std::path::Path;
use std::sync::Mutex;

/// Bytes of rows checked between two reports of progress.
const STEP_BYTES: usize = 64 << 20;

/// What kind of index to build.
#[derive(Clone, Debug)]
pub struct IndexSpec {
    /// The kind: `flat`, or `auto` for the one that suits the rows.
    pub kind: String,
    /// How nearness is measured; `None` takes the file's own metric, or cosine.
    pub metric: Option<Metric>,
    /// Whether to keep a byte a component beside the rows, which makes searches several times as
    /// fast and changes no answer.
    pub prefilter: bool,
}

impl Default for IndexSpec {
    fn default() -> IndexSpec {
        IndexSpec { kind: "auto".to_owned(), metric: None, prefilter: true }
    }
}

impl Index {
    /// Builds an index over rows: a copy of a matrix, a block, or rows that are shared with
    /// someone else ([`Rows::shared`]). Without ids, rows are called by their numbers.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if there is no such kind, the rows have no components or
    /// there are not as many ids; [`BadData`](crate::ErrorKind::BadData) if a row holds NaN or
    /// infinity, or what the metric is not for, or an id is there twice.
    pub fn build(
        rows: impl Into<Rows>,
        ids: Option<Ids>,
        spec: &IndexSpec,
        threads: usize,
        progress: &mut dyn Progress,
    ) -> Result<Index> {
        let kind = kind_named(&spec.kind)?;
        let rows = rows.into();
        let kept = ids.as_ref().map(|ids| Kept::ids_only(ids.kind())).unwrap_or_default();
        let names = Names::new(ids, rows.len())?;
        let metric = spec.metric.unwrap_or_default();
        let spec = Spec { metric, prefilter: spec.prefilter };
        build(rows, names, kept, kind, (&spec, threads), progress)
    }

    /// Builds an index over a matrix in a file, with its metadata and that of the file `meta`.
    /// Rows that are mapped are used in the file, which must stay as it is.
    ///
    /// # Errors
    /// As for [`build`](Index::build), or if the file is damaged.
    pub fn build_from(
        vectors: &Vectors,
        meta: Option<&Path>,
        spec: &IndexSpec,
        options: &OpenOptions,
        progress: &mut dyn Progress,
    ) -> Result<Index> {
        let kind = kind_named(&spec.kind)?;
        let count = vectors.schema().rows;
        let metadata = Metadata::of(vectors, meta, options)?;
        let mut table =
            Table { columns: metadata.columns(), ids: None, attributes: metadata.attributes() };
        let columns: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
        let mut values = metadata.read(&columns, 0..count)?;
        let mut ids = None;
        if let Some(name) = metadata.ids() {
            let position = columns.iter().position(|column| *column == name);
            let position = position.expect("the ids are a column");
            let read =
                Ids::from_column(&values[position]).map_err(|error| vectors.locate(error))?;
            values[position].values = Vec::new(); // they are held as ids from now on
            table.ids = Some(position);
            table.columns[position].kind = read.kind();
            ids = Some(read);
        }
        let names = Names::new(ids, count).map_err(|error| vectors.locate(error))?;
        let kept = Kept::in_memory(table, values, count);
        let metric = spec.metric.or(vectors.schema().metric).unwrap_or_default();
        let rows = vectors.shared_rows()?;
        let spec = (&Spec { metric, prefilter: spec.prefilter }, options.threads);
        build(rows, names, kept, kind, spec, progress).map_err(|error| vectors.locate(error))
    }
}

fn build(
    rows: Rows,
    names: Names,
    kept: Kept,
    kind: &dyn IndexKind,
    (spec, threads): (&Spec, usize),
    progress: &mut dyn Progress,
) -> Result<Index> {
    if rows.dim() == 0 {
        return Err(Error::usage("the rows have no components"));
    }
    progress.begin("checking rows", rows.len());
    for (first, part) in rows.parts() {
        let step = (STEP_BYTES / part.row_bytes()).max(1);
        for start in (0..part.rows()).step_by(step) {
            if progress.interrupted() {
                return Err(Error::interrupted());
            }
            let stretch = part.range(start, part.rows().min(start + step));
            check(spec.metric, first + start as u64, stretch, threads)?;
            progress.advance(stretch.rows() as u64);
        }
    }
    progress.end();
    let mut structure = kind.build(rows, spec)?;
    structure.catch_up(threads, None)?;
    Ok(Index { structure, names, kept })
}

/// Checks rows on several threads. The error is that of the first bad row.
fn check(metric: Metric, first: u64, rows: MatrixRef<'_>, threads: usize) -> Result<()> {
    let found = Mutex::new(None::<Error>);
    let step = rows.rows().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for start in (0..rows.rows()).step_by(step) {
            let part = rows.range(start, rows.rows().min(start + step));
            let found = &found;
            scope.spawn(move || {
                let Err(error) = metric.check_rows(part) else { return };
                let row = first + start as u64 + error.row().unwrap_or(0);
                let error = error.move_to_row(row);
                let mut found = found.lock().expect("no thread panics with it");
                if found.as_ref().is_none_or(|other| error.row() < other.row()) {
                    *found = Some(error);
                }
            });
        }
    });
    found.into_inner().expect("no thread panics with it").map_or(Ok(()), Err)
}
