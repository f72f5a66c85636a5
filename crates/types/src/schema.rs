//! The shape of one entry: what its rows are made of and what goes with them.

use crate::{ColumnKind, Element, Metric, Value};

/// What an entry holds, or what a new file is to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The shape as stored, before it is seen as a matrix; empty for a single number.
    pub shape: Vec<u64>,
    /// The type of a component, as stored.
    pub element: Element,
    /// Number of rows. For a file being written this is what the writer expects, not a promise.
    pub rows: u64,
    /// Components in a row.
    pub dim: usize,
    /// Metadata columns, one value a row.
    pub columns: Vec<ColumnInfo>,
    /// Which of `columns` holds the ids; without one, a row's id is its position.
    pub ids: Option<usize>,
    /// The metric, when the file names one.
    pub metric: Option<Metric>,
    /// Facts about the whole entry, such as the name of the model.
    pub attributes: Vec<(String, Value)>,
}

/// Name and type of a metadata column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// The column's name.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
}

impl Schema {
    /// A plain matrix without metadata.
    pub fn matrix(element: Element, rows: u64, dim: usize) -> Schema {
        Schema {
            shape: vec![rows, dim as u64],
            element,
            rows,
            dim,
            columns: Vec::new(),
            ids: None,
            metric: None,
            attributes: Vec::new(),
        }
    }

    /// A stored array of any rank, seen as a matrix: the last axis is the vector, all others
    /// count rows; one axis is a single vector, no axis a single number. `None` when the number
    /// of components does not fit in memory's address range; an axis without length does not
    /// hide that of the others, as in NumPy.
    ///
    /// ```
    /// use anear_types::{Element, Schema};
    /// let schema = Schema::array(Element::F32, vec![3, 5, 7]).unwrap();
    /// assert_eq!((schema.rows, schema.dim), (15, 7));
    /// assert_eq!(Schema::array(Element::F32, vec![64]).unwrap().rows, 1);
    /// assert!(Schema::array(Element::F32, vec![1 << 40, 1 << 40]).is_none());
    /// assert!(Schema::array(Element::F32, vec![0, 1 << 62]).is_none());
    /// ```
    pub fn array(element: Element, shape: Vec<u64>) -> Option<Schema> {
        let (dim, leading) = match shape.split_last() {
            Some((last, leading)) => (usize::try_from(*last).ok()?, leading),
            None => (1, &[][..]),
        };
        let mut axes = shape.iter().map(|axis| (*axis).max(1));
        let bytes = axes.try_fold(element.bytes() as u64, |bytes, axis| bytes.checked_mul(axis))?;
        isize::try_from(bytes).ok()?;
        let rows = leading.iter().product();
        Some(Schema { shape, ..Schema::matrix(element, rows, dim) })
    }

    /// Bytes in a row.
    pub fn row_bytes(&self) -> usize {
        self.dim * self.element.bytes()
    }

    /// Bytes of all rows, saturating.
    pub fn total_bytes(&self) -> u64 {
        self.rows.saturating_mul(self.row_bytes() as u64)
    }

    /// The position of the metadata column with this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
