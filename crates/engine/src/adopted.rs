//! An index of another library whose rows are codes: its rows, told from the codes, as a matrix, and
//! the index to search it with.
//!
//! Rows come in the order of their ids, which for an index that numbers them is that in which they
//! were added. The ids are a column only where they are other numbers.

use crate::{Error, OpenOptions, Result, SearchRequest};
use anear_formats::{Container, Entry, IndexInfo, Skipped, VectorSource};
use anear_index::ann::{AnnIndex, Hit, Queries, Settings, adopt, distance, search_in_threads};
use anear_kernels::Level;
use anear_kernels::convert::to_f32;
use anear_types::{
    Block, Column, ColumnInfo, ColumnKind, Element, MatrixRef, Measure, Neighbor, Schema, Value,
};
use std::ops::Range;
use std::sync::Arc;

/// The name of the column with the ids.
const IDS: &str = "id";

/// An index and the order of its rows.
pub(crate) struct Adopted {
    index: Box<dyn AnnIndex>,
    /// The ids, ascending, and where each row is in the index; `None` where all are numbers of rows.
    order: Option<Vec<(i64, u64)>>,
}

impl Adopted {
    /// The index.
    pub(crate) fn index(&self) -> &dyn AnnIndex {
        &*self.index
    }

    /// Whether rows are told from codes that left something out.
    pub(crate) fn is_lossy(&self) -> bool {
        !self.index.is_lossless()
    }

    /// The id of a row.
    pub(crate) fn id(&self, row: u64) -> i64 {
        self.order.as_ref().map_or(row as i64, |order| order[row as usize].0)
    }

    /// The row with an id; the first of several.
    pub(crate) fn row(&self, id: i64) -> Option<u64> {
        match &self.order {
            None => u64::try_from(id).ok().filter(|row| *row < self.index.rows()),
            Some(order) => {
                let row = order.partition_point(|(known, _)| *known < id);
                order.get(row).filter(|(known, _)| *known == id).map(|_| row as u64)
            }
        }
    }

    fn new(index: Box<dyn AnnIndex>) -> Result<Adopted> {
        let ids = index.ids(0..index.rows())?;
        let mut order: Vec<(i64, u64)> = ids.into_iter().zip(0..).collect();
        order.sort_unstable();
        let are_numbers = order.iter().zip(0..).all(|((id, _), number)| *id == number);
        let is_sorted = order.iter().zip(0..).all(|((_, place), row)| *place == row);
        let order = (!are_numbers || !is_sorted).then_some(order);
        Ok(Adopted { index, order })
    }

    fn has_own_ids(&self) -> bool {
        let own = |order: &Vec<(i64, u64)>| !order.iter().zip(0..).all(|((id, _), row)| *id == row);
        self.order.as_ref().is_some_and(own)
    }

    fn is_of_bits(&self) -> bool {
        self.index.how().measure == Measure::Hamming
    }

    /// Writes rows in the order of their ids.
    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()> {
        let Some(order) = &self.order else { return self.index.decode(rows, values) };
        let places = &order[rows.start as usize..rows.end as usize];
        for ((_, place), row) in places.iter().zip(values.chunks_exact_mut(self.index.dim())) {
            self.index.decode(*place..place + 1, row)?;
        }
        Ok(())
    }
}

/// A file that holds an index, with its rows for a matrix.
pub(crate) struct AdoptedFile {
    inner: Box<dyn Container>,
    adopted: Arc<Adopted>,
    entries: Vec<Entry>,
}

/// Makes an index of a file that holds one and no matrix; of others, and of an index that cannot be
/// made, nothing.
///
/// # Errors
/// If the index contradicts itself.
pub(crate) fn adopt_rows(container: Box<dyn Container>) -> Result<Found> {
    let parts = container.parts().filter(|_| container.entries().is_empty());
    let index = match parts.map(adopt) {
        Some(Ok(index)) => index,
        Some(Err(error)) if error.kind() != crate::ErrorKind::Unsupported => return Err(error),
        _ => return Ok((container, None)),
    };
    let adopted = Arc::new(Adopted::new(index)?);
    let schema = schema(&adopted, container.index());
    let entries = vec![Entry { name: String::new(), schema }];
    let file = AdoptedFile { inner: container, adopted: Arc::clone(&adopted), entries };
    Ok((Box::new(file), Some(adopted)))
}

/// A container, and the index that it was made of.
pub(crate) type Found = (Box<dyn Container>, Option<Arc<Adopted>>);

fn schema(adopted: &Adopted, info: Option<&IndexInfo>) -> Schema {
    let (element, dim) = match adopted.is_of_bits() {
        true => (Element::U8, adopted.index.dim() / 8),
        false => (Element::F32, adopted.index.dim()),
    };
    let ids = adopted.has_own_ids();
    let column = || ColumnInfo { name: IDS.into(), kind: ColumnKind::Int };
    Schema {
        columns: ids.then(column).into_iter().collect(),
        ids: ids.then_some(0),
        metric: info.and_then(|info| info.metric),
        ..Schema::matrix(element, adopted.index.rows(), dim)
    }
}

impl Container for AdoptedFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        Ok(Box::new(Source {
            adopted: &self.adopted,
            schema: &self.entries[entry].schema,
            next_row: 0,
            values: Vec::new(),
        }))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let read = |column: &usize| {
            let ColumnInfo { name, kind } = self.entries[entry].schema.columns[*column].clone();
            let values = rows.clone().map(|row| Value::Int(self.adopted.id(row))).collect();
            Column { name, kind, values }
        };
        Ok(columns.iter().map(read).collect())
    }

    fn skipped(&self) -> &[Skipped] {
        &[]
    }

    fn index(&self) -> Option<&IndexInfo> {
        self.inner.index()
    }
}

/// Searches as the library does that the index comes from; of the rows in an ascending list, if there
/// is one.
///
/// # Errors
/// If the queries have another dimension.
pub(crate) fn search(
    adopted: &Adopted,
    queries: MatrixRef<'_>,
    request: &SearchRequest,
    keep: Option<&[u64]>,
    options: &OpenOptions,
) -> Result<Vec<Vec<Neighbor>>> {
    let index = adopted.index();
    let kept = |id: i64| {
        let row = adopted.row(id);
        keep.is_none_or(|keep| row.is_some_and(|row| keep.binary_search(&row).is_ok()))
    };
    let settings = Settings {
        probes: request.effort,
        effort: request.effort,
        keep: keep.is_some().then_some(&kept),
        ..Settings::default()
    };
    let mut values = Vec::new();
    let queries = match adopted.is_of_bits() {
        true if queries.element() != Element::U8 => {
            let what =
                format!("the queries are {}, the index holds packed bits", queries.element());
            return Err(Error::usage(what).help("give them as u8, eight bits to each"));
        }
        true => Queries::Bits { bytes: queries.bytes(), dim: 8 * queries.dim() },
        false => {
            values.resize(queries.rows() * queries.dim(), 0.0);
            to_f32(Level::best(), queries, &mut values);
            Queries::Floats { values: &values, dim: queries.dim() }
        }
    };
    let found = search_in_threads(index, queries, request.goal, &settings, options.threads)?;
    let neighbor = |hit: Hit| {
        let row = adopted.row(hit.id).ok_or_else(|| {
            Error::malformed(format!("the index found an id {} that no row has", hit.id))
        })?;
        Ok(Neighbor { row, distance: f64::from(distance(index.how(), hit.score)) })
    };
    found.into_iter().map(|hits| hits.into_iter().map(neighbor).collect()).collect()
}

struct Source<'a> {
    adopted: &'a Adopted,
    schema: &'a Schema,
    next_row: u64,
    values: Vec<f32>,
}

impl VectorSource for Source<'_> {
    fn schema(&self) -> &Schema {
        self.schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next_row = row;
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        let left = self.schema.rows.saturating_sub(self.next_row);
        let count = (block.spare_rows() as u64).min(left);
        let rows = self.next_row..self.next_row + count;
        self.values.resize(count as usize * self.adopted.index.dim(), 0.0);
        self.adopted.decode(rows, &mut self.values)?;
        let bytes: Vec<u8> = match self.adopted.is_of_bits() {
            true => self.values.chunks_exact(8).map(packed).collect(),
            false => self.values.iter().flat_map(|value| value.to_ne_bytes()).collect(),
        };
        block.spare_mut()[..bytes.len()].copy_from_slice(&bytes);
        block.advance(count as usize);
        self.next_row += count;
        Ok(count as usize)
    }
}

/// Eight bits as a byte, the first lowest.
fn packed(bits: &[f32]) -> u8 {
    bits.iter().zip(0..).fold(0, |byte, (bit, place)| byte | u8::from(*bit > 0.5) << place)
}
