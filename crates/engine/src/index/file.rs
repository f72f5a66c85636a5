//! An index in a `.anx` file. The bytes are described in `docs/format.md`.

use super::Index;
use super::metadata::{Kept, add_ids};
use super::names::Names;
use crate::{Error, OpenOptions, Result};
use anear_formats::anx::{ColumnWriter, Table};
use anear_formats::format_for_output;
use anear_index::{Rows, kind_of};
use anear_io::{About, Input, Output, SEGMENT_MAGIC, Segment, SegmentWriter};
use anear_types::{ColumnKind, Ids, Metric, Value};
use std::path::Path;

/// Rows of metadata held at a time.
const BATCH_ROWS: u64 = 16_384;

impl Index {
    /// Opens an index file. Rows are used in the mapped file, which must stay as it is; nothing
    /// but a description is read, so that the largest opens at once.
    ///
    /// # Errors
    /// [`Malformed`](crate::ErrorKind::Malformed) if the file is no index or is damaged,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if it is of a newer version or a kind that
    /// is not known.
    pub fn load(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Index> {
        let path = path.as_ref();
        open(Input::open(path)?, options).map_err(|error| error.at_path(path))
    }

    /// An index from the bytes of its file, which become its memory.
    ///
    /// # Errors
    /// As for [`load`](Index::load).
    pub fn from_bytes(bytes: Vec<u8>, options: &OpenOptions) -> Result<Index> {
        open(Input::from_bytes("index in memory", bytes), options)
    }

    /// Writes the index to a file, which appears whole or not at all, and returns its size in
    /// bytes. Removed rows are left out and the others move up; where rows are called by their
    /// numbers, those that were there are written as ids then, so that each keeps its name.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if the file exists and `replace` is not set, or its
    /// suffix is that of another format; or if writing fails.
    pub fn save(&self, path: impl AsRef<Path>, replace: bool) -> Result<u64> {
        let path = path.as_ref();
        check_suffix(path)?;
        let mut writer = SegmentWriter::create(Output::create(path, replace)?)?;
        let about = About {
            kind: self.kind().to_owned(),
            metric: self.metric(),
            element: self.element(),
            rows: self.len(),
            dim: self.dim(),
        };
        self.structure.save(&mut writer)?;
        about.write(&mut writer)?;
        let mut table = self.kept.table.clone();
        if table.ids.is_none() && self.len() < self.rows() {
            add_ids(&mut table, ColumnKind::Int);
        }
        table.write(&mut writer)?;
        for (position, info) in table.columns.iter().enumerate() {
            let mut column = ColumnWriter::begin(&mut writer, position, info)?;
            match table.ids == Some(position) {
                true => self.write_ids(&mut column)?,
                false => self.write_column(position, &mut column)?,
            }
            column.finish()?;
        }
        writer.finish()
    }

    /// Rows that were not removed.
    fn live(&self) -> impl Iterator<Item = u64> {
        (0..self.rows()).filter(|row| !self.is_removed(*row))
    }

    fn write_ids(&self, column: &mut ColumnWriter<'_>) -> Result<()> {
        let ids = self.ids()?;
        let id = |row: u64| ids.map_or(Value::Int(row as i64), |ids: &Ids| ids.get(row as usize));
        self.live().try_for_each(|row| column.push(&id(row)))
    }

    fn write_column(&self, position: usize, column: &mut ColumnWriter<'_>) -> Result<()> {
        let mut first = 0;
        while first < self.kept.rows {
            let end = self.kept.rows.min(first + BATCH_ROWS);
            let batch = self.kept.read(position, first..end)?;
            for (row, value) in (first..end).zip(&batch.values) {
                if !self.is_removed(row) {
                    column.push(value)?;
                }
            }
            first = end;
        }
        let added = self.live().filter(|row| *row >= self.kept.rows);
        added.map(|_| Value::Null).try_for_each(|null| column.push(&null))
    }
}

/// A file called after another format would be taken for one.
fn check_suffix(path: &Path) -> Result<()> {
    let Ok(format) = format_for_output(path) else { return Ok(()) };
    match format.info().name {
        "anx" => Ok(()),
        name => Err(Error::usage(format!("an index is written as .anx, not as a {name} file"))
            .at_path(path)
            .help("name the output .anx")),
    }
}

/// What searches the rows of an index file, if this is one of a known kind for this metric.
pub(crate) fn structure(
    input: &Input,
    metric: Metric,
) -> Result<Option<Box<dyn anear_index::Index>>> {
    if !input.bytes().starts_with(&SEGMENT_MAGIC) {
        return Ok(None);
    }
    let segment = Segment::open(input.clone())?;
    let about = About::read(&segment)?;
    match kind_of(&about) {
        Ok(kind) if about.metric == metric => {
            kind.load(&segment, &about, Rows::in_file(&segment, &about)?).map(Some)
        }
        _ => Ok(None),
    }
}

fn open(input: Input, options: &OpenOptions) -> Result<Index> {
    let segment = Segment::open(input)?;
    let about = About::read(&segment)?;
    let kind = kind_of(&about)?;
    let rows = Rows::in_file(&segment, &about)?;
    let mut table = Table::read(&segment, about.rows, &options.limits)?;
    if let Some(name) = &options.ids {
        let position = table.columns.iter().position(|column| column.name == *name);
        let missing = || Error::usage(format!("there is no metadata column {name:?}"));
        table.ids = Some(position.ok_or_else(missing)?);
    }
    let structure = kind.load(&segment, &about, rows)?;
    let names = if table.ids.is_some() { Names::stored() } else { Names::Numbers };
    Ok(Index { structure, names, kept: Kept::in_file(table, segment, about.rows) })
}
