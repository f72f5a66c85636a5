//! Annoy files: searched through their trees with what is kept beside them, and built.

use crate::{
    Error, Location, Metadata, OpenOptions, Progress, Result, SaveRequest, Saved, Vectors,
};
use anear_formats::{Summary, format_for_output};
use anear_index::Keep;
use anear_index::forest::{Amended, Ask, Forest, Growth, same_items};
use anear_io::{Delta, Output};
use anear_kernels::Level;
use anear_kernels::convert;
use anear_types::{Element, Ids, MatrixRef, Metric, Neighbor, Value};

/// The name of the format.
pub(crate) const NAME: &str = "annoy";
/// Trees that are built where nobody says how many.
const TREES: i32 = 10;
/// Numbers that may be left out between ids, for each row: each takes as much space as an item.
const SPARSE: usize = 8;

/// The trees of an Annoy file, over the rows that the file is read as.
pub(crate) struct Trees {
    amended: Amended,
    /// The number of each row's item; `None` if rows and items are the same.
    numbers: Option<Vec<u64>>,
}

impl Trees {
    /// The trees of a file, if it is one of Annoy and its items lie as they do for the metric.
    ///
    /// # Errors
    /// If the file is damaged.
    pub(crate) fn of(vectors: &Vectors, metric: Metric) -> Result<Option<Trees>> {
        let schema = vectors.schema();
        let fits = |stored: Metric| same_items(stored, metric);
        if vectors.format() != NAME || !schema.metric.is_some_and(fits) {
            return Ok(None);
        }
        let bits = if schema.element == Element::U8 { 8 } else { 1 };
        let amended = Amended::from_input(vectors.input(), metric, schema.dim * bits)?;
        let numbers = match schema.columns.is_empty() {
            true => None,
            false => Some(numbers(vectors)?),
        };
        Ok(Some(Trees { amended, numbers }))
    }

    /// The nearest rows to each query among those that may be found: as many as asked for, if
    /// there are so many. The effort is the number of items to meet, Annoy's `search_k`.
    ///
    /// # Errors
    /// If the file is damaged, or a query does not go with it.
    pub(crate) fn search(
        &self,
        queries: MatrixRef<'_>,
        count: usize,
        effort: Option<usize>,
        keep: Option<&[u64]>,
        threads: usize,
    ) -> Result<Vec<Vec<Neighbor>>> {
        let items: Option<Vec<u64>> = keep.map(|rows| match &self.numbers {
            None => rows.to_vec(),
            Some(numbers) => rows.iter().map(|row| numbers[*row as usize]).collect(),
        });
        let keep = items.as_deref().map_or(Keep::All, Keep::Listed);
        let search_k = effort.map_or(-1, |effort| i32::try_from(effort).unwrap_or(i32::MAX));
        let ask = Ask { keep, search_k, ..Ask::nearest(count) };
        let found = self.amended.nearest_rows(queries, &ask, threads, None)?;
        let neighbors = found.into_iter().map(|hits| {
            let hits = hits.into_iter().filter_map(|hit| {
                let item = u64::from(hit.item);
                let row = match &self.numbers {
                    None => item,
                    Some(numbers) => numbers.binary_search(&item).ok()? as u64,
                };
                Some(Neighbor { row, distance: f64::from(hit.distance) })
            });
            hits.collect()
        });
        Ok(neighbors.collect())
    }
}

/// The numbers of the items that a file has, ascending.
fn numbers(vectors: &Vectors) -> Result<Vec<u64>> {
    let column = vectors.metadata(&[0], 0..vectors.schema().rows)?.remove(0);
    let number = |value: &Value| match value {
        Value::Int(number) => *number as u64,
        other => unreachable!("{other:?} among the numbers of items"),
    };
    Ok(column.values.iter().map(number).collect())
}

/// Whether an output is to be an Annoy file.
pub(crate) fn is_meant(request: &SaveRequest) -> bool {
    match &request.format {
        Some(name) => name == NAME,
        None => {
            format_for_output(&request.output.path).is_ok_and(|format| format.info().name == NAME)
        }
    }
}

/// Builds trees over all rows of a matrix and writes them as an Annoy file. Integer ids become the
/// numbers of items.
///
/// # Errors
/// [`Usage`](crate::ErrorKind::Usage) if there are no trees for the metric, ids are no numbers of
/// items or leave out too many; [`BadData`](crate::ErrorKind::BadData) if a row is not finite; or
/// if the output exists and may not be replaced.
pub(crate) fn build(
    vectors: &Vectors,
    request: &SaveRequest,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    let Location { path, .. } = &request.output;
    let schema = vectors.schema();
    let metric = match request.metric.or(schema.metric).unwrap_or_default() {
        Metric::Cosine => Metric::Angular, // the same order
        Metric::L2 => Metric::Euclidean,
        metric => metric,
    };
    let is_packed = metric == Metric::Hamming && schema.element == Element::U8;
    let dim = if is_packed { 8 * schema.dim } else { schema.dim };
    let mut forest = Forest::new(metric, dim)?;
    let output = Output::create(path, request.replace)?;
    let metadata = Metadata::of(vectors, None, options)?;
    let numbers = item_numbers(vectors, &metadata)?;
    progress.begin("building trees", schema.rows);
    let mut row = 0;
    crate::blocks::each_block(vectors, MEMORY_BYTES, &mut |_, block| {
        if progress.interrupted() {
            return Err(Error::interrupted());
        }
        metric.check_rows(block).map_err(|error| vectors.locate(error))?;
        for values in rows_as_floats(block, is_packed).chunks_exact(dim) {
            let number = numbers.as_ref().map_or(row as u32, |numbers| numbers[row]);
            forest.add_item(number, values)?;
            row += 1;
        }
        progress.advance(block.rows() as u64);
        Ok(())
    })?;
    let growth = Growth::trees(TREES).on_threads(options.threads.max(1) as i32);
    forest.build(&growth, None)?;
    let bytes = forest.write(output)?;
    Delta::remove(path)?; // they were those of a file that was replaced
    progress.end();
    let kept = numbers.and(metadata.ids());
    let columns = metadata.columns().into_iter().map(|column| column.name);
    Ok(Saved {
        format: NAME,
        summary: Summary { rows: row as u64, bytes },
        element: if metric == Metric::Hamming { Element::U8 } else { Element::F32 },
        sidecar: None,
        lossy: vectors.is_lossy(),
        dropped: columns.filter(|name| Some(&**name) != kept).collect(),
    })
}

/// Bytes of rows held beside the forest.
const MEMORY_BYTES: u64 = 64 << 20;

/// The rows of a block as floats; each bit as one, where they are packed.
fn rows_as_floats(block: MatrixRef<'_>, is_packed: bool) -> Vec<f32> {
    if is_packed {
        let bits = |byte: &u8| {
            let byte = *byte;
            (0..8).map(move |bit| f32::from(byte >> bit & 1))
        };
        return block.bytes().iter().flat_map(bits).collect();
    }
    let mut values = vec![0.0; block.rows() * block.dim()];
    convert::to_f32(Level::best(), block, &mut values);
    values
}

/// The number of each row's item, from integer ids; `None` where there are none.
fn item_numbers(vectors: &Vectors, metadata: &Metadata<'_>) -> Result<Option<Vec<u32>>> {
    let Some(name) = metadata.ids() else { return Ok(None) };
    let rows = vectors.schema().rows;
    let column = metadata.read(&[name], 0..rows)?.remove(0);
    let Ids::Ints(ids) = Ids::from_column(&column).map_err(|error| vectors.locate(error))? else {
        return Ok(None);
    };
    let most = (rows as usize).saturating_mul(SPARSE).max(1 << 16).min(i32::MAX as usize - 1);
    let number = |id: &i64| {
        usize::try_from(*id).ok().filter(|number| *number < most).map(|number| number as u32)
    };
    let numbers: Option<Vec<u32>> = ids.iter().map(number).collect();
    numbers.map(Some).ok_or_else(|| {
        let what = format!(
            "an Annoy file has room for each number from 0 to the largest id, and an id is not below {most}"
        );
        vectors.locate(Error::usage(what)).help("write another format, or give the rows other ids")
    })
}
