//! An index in memory or in a mapped file: rows with ids and metadata that can be searched, added
//! to, removed from and kept in a file.

mod build;
mod file;
mod metadata;
mod names;
mod search;

pub use build::IndexSpec;
pub(crate) use file::structure;
pub use search::{IndexSearch, RowFilter, search_rows, search_vectors};

use crate::{Error, IndexInfo, Result};
use anear_kernels::{Rounding, cast};
use anear_types::{Block, ColumnInfo, Element, Ids, MatrixRef, Metric, Value};
use metadata::Kept;
use names::Names;
use std::ops::Range;

/// Rows that can be searched, with what they are called and what is known about them.
///
/// A row has a number, counted from 0, and an id: the one it was given, or else its number.
///
/// ```
/// use anear::{Element, Ids, Index, IndexSearch, IndexSpec, MatrixRef, Silent, Value};
///
/// let rows = MatrixRef::new(&[0, 0, 3, 4, 6, 8], Element::U8, 3, 2);
/// let ids = Ids::Texts(vec!["a".into(), "b".into(), "c".into()]);
/// let spec = IndexSpec { metric: Some(anear::Metric::L2), ..IndexSpec::default() };
/// let mut index = Index::build(rows, Some(ids), &spec, 1, &mut Silent)?;
/// index.remove(&Ids::Texts(vec!["a".into()]))?;
/// let query = MatrixRef::new(&[1, 1], Element::U8, 1, 2);
/// let hits = &index.search(query, &IndexSearch::nearest(1))?[0];
/// assert_eq!((&hits[0].id, hits[0].distance), (&Value::text("b"), 13.0));
/// # Ok::<(), anear::Error>(())
/// ```
#[derive(Debug)]
pub struct Index {
    structure: Box<dyn anear_index::Index>,
    names: Names,
    kept: Kept,
}

impl Index {
    /// Rows that can be found: all but the removed ones.
    pub fn len(&self) -> u64 {
        self.rows() - self.structure.removed().count()
    }

    /// Whether no row can be found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more than the largest number of a row; removed rows keep theirs.
    pub fn rows(&self) -> u64 {
        self.structure.rows().len()
    }

    /// Components in a row.
    pub fn dim(&self) -> usize {
        self.structure.rows().dim()
    }

    /// The type of a component.
    pub fn element(&self) -> Element {
        self.structure.rows().element()
    }

    /// How nearness is measured.
    pub fn metric(&self) -> Metric {
        self.structure.metric()
    }

    /// The kind of index, such as `flat`.
    pub fn kind(&self) -> &'static str {
        self.structure.info().name
    }

    /// What there is to say about it, as [`info`](crate::info()) says it of a file.
    pub fn info(&self) -> IndexInfo {
        IndexInfo {
            kind: self.kind().to_owned(),
            metric: Some(self.metric()),
            rows: Some(self.len()),
            dim: Some(self.dim()),
            params: self.structure.params(),
        }
    }

    /// The ids of all rows by number, removed ones too; `None` when ids are the numbers.
    ///
    /// # Errors
    /// If the file the index is in is damaged.
    pub fn ids(&self) -> Result<Option<&Ids>> {
        self.names.ids(&self.kept)
    }

    /// The metadata columns kept with the rows, the one with the ids among them.
    pub fn columns(&self) -> &[ColumnInfo] {
        self.kept.columns()
    }

    /// Facts about the whole index.
    pub fn attributes(&self) -> &[(String, Value)] {
        self.kept.attributes()
    }

    /// Whether a row was removed.
    pub fn is_removed(&self, row: u64) -> bool {
        self.structure.removed().contains(row)
    }

    /// The components of one row, as stored.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if there is no such row.
    pub fn row(&self, row: u64) -> Result<MatrixRef<'_>> {
        if row >= self.rows() {
            return Err(Error::usage(format!("there is no row {row} of {}", self.rows())));
        }
        Ok(self.structure.rows().row(row))
    }

    /// Appends rows and returns their numbers. Rows of another element are converted when that
    /// loses no more than the rounding of fractions. Without ids, integer ids count on from the
    /// largest. Metadata columns are null for these rows.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if the dimension is another, or ids are missing or not
    /// of the kind the index has; [`BadData`](crate::ErrorKind::BadData) if a row is not finite or
    /// an id is there already. Nothing is added then.
    pub fn add(&mut self, rows: MatrixRef<'_>, ids: Option<Ids>) -> Result<Range<u64>> {
        if rows.dim() != self.dim() {
            let (found, dim) = (rows.dim(), self.dim());
            let what = format!("the rows have {found} components, those of the index {dim}");
            return Err(Error::usage(what).help("all rows must come from the same model"));
        }
        self.metric().check_rows(rows)?;
        let mut converted;
        let rows = if rows.element() == self.element() {
            rows
        } else if self.metric().is_binary() {
            let (found, element) = (rows.element(), self.element());
            return Err(Error::usage(format!("the rows are bits in {found}, not in {element}")));
        } else {
            converted = Block::new(self.element(), self.dim(), rows.rows());
            cast(rows, 0, Rounding::Strict, &mut converted)?;
            converted.matrix()
        };
        let first = self.rows();
        match (&mut self.names, ids) {
            (names @ Names::Numbers, Some(ids)) if first == 0 => {
                let kind = ids.kind();
                *names = Names::new(Some(ids), rows.rows() as u64)?;
                self.kept.name_ids(kind);
            }
            (names, ids) => names.append(rows.rows() as u64, ids, &self.kept)?,
        }
        self.structure.add(rows);
        self.structure.catch_up(1, None)?;
        Ok(first..self.rows())
    }

    /// Removes the rows with these ids and returns how many there were; ids that are not there
    /// count nothing.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if the ids are text and those of the index integers, or
    /// the other way round.
    pub fn remove(&mut self, ids: &Ids) -> Result<u64> {
        let mut rows = self.names.rows_of(ids, &self.kept, self.rows())?;
        rows.retain(|row| self.structure.remove(*row));
        self.names.forget(&rows);
        Ok(rows.len() as u64)
    }
}
