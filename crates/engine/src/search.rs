//! Search over one matrix: the plan, the scan, and the answers with their metadata.

use crate::adopted::{self, Adopted};
use crate::blocks::each_block;
use crate::trees::Trees;
use crate::{Error, Location, Metadata, OpenOptions, Progress, Result, Vectors, rows_where};
use anear_index::flat::{FlatOptions, FlatSearch, Goal, NonFinite};
use anear_index::{Keep, Plan};
use anear_types::{Block, Element, MatrixRef, Metric, Neighbor, Value};
use std::borrow::Cow;
use std::path::PathBuf;

/// What to look for.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// The query vectors.
    pub queries: Queries,
    /// How nearness is measured; `None` takes the file's own metric, or cosine.
    pub metric: Option<Metric>,
    /// How many hits, or how near.
    pub goal: Goal,
    /// A condition on the metadata that hits must meet.
    pub condition: Option<String>,
    /// Values for the `?` in the condition.
    pub params: Vec<Value>,
    /// A file with metadata to lay beside the rows.
    pub meta: Option<PathBuf>,
    /// Metadata columns to return with each hit; `None` for all.
    pub show: Option<Vec<String>>,
    /// Whether rows with NaN or infinity are passed over or an error.
    pub nonfinite: NonFinite,
    /// Memory to use for rows.
    pub memory_bytes: u64,
    /// Whether to look at all rows, also in a file that is an approximate index.
    pub exact: bool,
    /// How hard an approximate index searches: how many of its lists are looked at, how many rows
    /// by way of its graph, or how many items are met in its trees; `None` for as hard as the file
    /// says.
    pub effort: Option<usize>,
}

impl SearchRequest {
    /// The `k` nearest rows to each query.
    pub fn nearest(queries: Queries, k: usize) -> SearchRequest {
        SearchRequest {
            queries,
            metric: None,
            goal: Goal::Nearest { k },
            condition: None,
            params: Vec::new(),
            meta: None,
            show: None,
            nonfinite: NonFinite::Refuse,
            memory_bytes: 2 << 30,
            exact: false,
            effort: None,
        }
    }
}

/// Where the query vectors come from.
#[derive(Clone, Debug)]
pub enum Queries {
    /// All rows of another matrix.
    At(Location),
    /// Rows of the searched matrix, by position.
    Rows(Vec<u64>),
    /// Rows of the searched matrix, by id.
    Ids(Vec<String>),
    /// These vectors, as lists of numbers.
    Given(Vec<Vec<f64>>),
    /// These vectors, of any element.
    Vectors(Block),
}

impl Queries {
    /// The query vectors; `None` where they are rows of the matrix that is searched.
    ///
    /// # Errors
    /// If the file they are in cannot be read, or they differ in dimension.
    pub fn vectors(&self, options: &OpenOptions) -> Result<Option<Cow<'_, Block>>> {
        Ok(Some(match self {
            Queries::Vectors(block) => Cow::Borrowed(block),
            Queries::At(location) => {
                let queries = Vectors::open_at(location, options)?;
                Cow::Owned(queries.read(0..queries.schema().rows)?)
            }
            Queries::Given(given) => Cow::Owned(given_vectors(given)?),
            Queries::Rows(_) | Queries::Ids(_) => return Ok(None),
        }))
    }
}

/// The answer to a search.
#[derive(Clone, Debug)]
pub struct SearchReply {
    /// The metric used.
    pub metric: Metric,
    /// Whether each hit is surely among the nearest. Otherwise an index was searched as the library
    /// does that it comes from.
    pub exact: bool,
    /// Names of the metadata columns returned with each hit.
    pub columns: Vec<String>,
    /// Hits for each query, nearest first.
    pub results: Vec<Vec<Hit>>,
}

/// A row that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its position in the file.
    pub row: u64,
    /// What the user calls it; the position when the file has no ids.
    pub id: Value,
    /// The distance, in the metric's scale.
    pub distance: f64,
    /// Values of the columns asked for.
    pub metadata: Vec<Value>,
}

/// Finds the nearest rows: with the index, in a file that is one for the metric, else in one pass
/// over the matrix. An index of another library gives the answers that it gives there, but that
/// trees find as many rows as asked for; everything else is exact.
///
/// # Errors
/// If an effort is asked for and there is no approximate index for the metric; if a query or the
/// matrix holds values that cannot be compared (NaN, another dimension), a condition or column is
/// unknown, or the file is damaged.
pub fn search(
    vectors: &Vectors,
    request: &SearchRequest,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<SearchReply> {
    let schema = vectors.schema();
    let metadata = Metadata::of(vectors, request.meta.as_deref(), options)?;
    let columns = shown_columns(&metadata, request.show.as_deref())?;
    let metric = request.metric.or(schema.metric).unwrap_or_default();
    let queries = query_vectors(vectors, &metadata, &request.queries, options)?;
    let keep = match &request.condition {
        None => None,
        Some(condition) => Some(rows_where(
            &metadata,
            schema.rows,
            condition,
            &request.params,
            &options.limits,
            progress,
        )?),
    };
    let flat = FlatOptions {
        metric,
        goal: request.goal,
        nonfinite: request.nonfinite,
        threads: options.threads,
    };
    // Both ways refuse the same queries.
    let scan = FlatSearch::new(queries.matrix(), flat).map_err(|error| {
        // What is wrong with a query is wrong in the file it came from.
        match &request.queries {
            Queries::At(location) => error.at_path(&location.path),
            Queries::Rows(_) | Queries::Ids(_) => vectors.locate(error),
            Queries::Given(_) | Queries::Vectors(_) => error,
        }
    })?;
    progress.begin("searching", schema.rows);
    let approximate = match request.exact {
        true => None,
        false => {
            Approximate::of(vectors, metric, request.goal).map_err(|error| vectors.locate(error))?
        }
    };
    if approximate.is_none() && request.effort.is_some() {
        let what = format!("there is no approximate index for the metric {metric} to search");
        let help = "leave out the effort to look at all rows";
        return Err(vectors.locate(Error::usage(what).help(help)));
    }
    let index = vectors.index(metric)?.filter(|index| index.info().is_exact || !request.exact);
    let is_exact =
        approximate.is_none() && index.as_ref().is_none_or(|index| index.info().is_exact);
    let found = match (approximate, index) {
        (Some(approximate), _) => {
            let found = approximate.search(queries.matrix(), request, keep.as_deref(), options);
            found.map_err(|error| vectors.locate(error))?
        }
        (None, Some(index)) => {
            let keep = keep.as_deref().map_or(Keep::All, Keep::Listed);
            let FlatOptions { goal, nonfinite, threads, .. } = flat;
            let plan =
                Plan { goal, keep, nonfinite, exact: request.exact, threads, interrupt: None };
            let found = index.search(queries.matrix(), &plan);
            found.map_err(|error| vectors.locate(error))?
        }
        (None, None) => stream(vectors, scan, keep.as_deref(), request.memory_bytes, progress)?,
    };
    progress.end();
    let results = with_metadata(&metadata, &columns, &found)?;
    Ok(SearchReply { metric, exact: is_exact, columns, results })
}

/// An index of another library, searched as that does.
enum Approximate<'a> {
    Adopted(&'a Adopted),
    /// Trees, and how many rows to find.
    Trees(Box<Trees>, usize),
}

impl Approximate<'_> {
    /// The one in a file, if it can be searched for a metric and goal.
    fn of(vectors: &Vectors, metric: Metric, goal: Goal) -> Result<Option<Approximate<'_>>> {
        if let Some(adopted) = vectors.approximate(metric) {
            return Ok(Some(Approximate::Adopted(adopted)));
        }
        match goal {
            Goal::Nearest { k } => {
                Ok(Trees::of(vectors, metric)?.map(|trees| Approximate::Trees(Box::new(trees), k)))
            }
            Goal::Within { .. } => Ok(None),
        }
    }

    fn search(
        &self,
        queries: MatrixRef<'_>,
        request: &SearchRequest,
        keep: Option<&[u64]>,
        options: &OpenOptions,
    ) -> Result<Vec<Vec<Neighbor>>> {
        match self {
            Approximate::Adopted(adopted) => {
                adopted::search(adopted, queries, request, keep, options)
            }
            Approximate::Trees(trees, count) => {
                trees.search(queries, *count, request.effort, keep, options.threads)
            }
        }
    }
}

/// Searches the rows as they stream by.
fn stream(
    vectors: &Vectors,
    mut scan: FlatSearch<'_>,
    keep: Option<&[u64]>,
    memory_bytes: u64,
    progress: &mut dyn Progress,
) -> Result<Vec<Vec<Neighbor>>> {
    each_block(vectors, memory_bytes, &mut |first, block| {
        if progress.interrupted() {
            return Err(Error::interrupted());
        }
        scan.scan(first, block, keep).map_err(|error| vectors.locate(error))?;
        progress.advance(block.rows() as u64);
        Ok(())
    })?;
    Ok(scan.finish())
}

/// The columns to return: those asked for, else all that can be shown.
fn shown_columns(metadata: &Metadata<'_>, show: Option<&[String]>) -> Result<Vec<String>> {
    match show {
        Some(names) => {
            metadata.check_names(names)?;
            Ok(names.to_vec())
        }
        None => Ok(metadata.columns().into_iter().map(|column| column.name).collect()),
    }
}

fn query_vectors<'a>(
    vectors: &Vectors,
    metadata: &Metadata<'_>,
    queries: &'a Queries,
    options: &OpenOptions,
) -> Result<Cow<'a, Block>> {
    if let Some(given) = queries.vectors(options)? {
        return Ok(given);
    }
    let found;
    let rows = match queries {
        Queries::Ids(ids) => {
            found = find_ids(vectors, metadata, ids)?;
            &found
        }
        Queries::Rows(rows) => rows,
        Queries::At(_) | Queries::Given(_) | Queries::Vectors(_) => unreachable!("given above"),
    };
    Ok(Cow::Owned(vectors.gather(rows)?))
}

/// The rows with these ids; without a column of ids, ids are positions.
fn find_ids(vectors: &Vectors, metadata: &Metadata<'_>, ids: &[String]) -> Result<Vec<u64>> {
    let unknown = |id: &String| {
        let error = vectors.locate(Error::usage(format!("there is no row with id {id:?}")));
        match metadata.ids() {
            Some(column) => error.help(format!("the ids are in the column {column:?}")),
            None => {
                error.help("the file has no ids; --ids COLUMN names the column that holds them")
            }
        }
    };
    let Some(column) = metadata.ids() else {
        return ids.iter().map(|id| id.parse().map_err(|_| unknown(id))).collect();
    };
    let all = metadata.read(&[column], 0..vectors.schema().rows)?;
    let all: Vec<String> = all[0].values.iter().map(Value::to_string).collect();
    let find = |id: &String| all.iter().position(|known| known == id).map(|row| row as u64);
    ids.iter().map(|id| find(id).ok_or_else(|| unknown(id))).collect()
}

fn given_vectors(given: &[Vec<f64>]) -> Result<Block> {
    let dim = given.first().map_or(0, Vec::len);
    let mut queries = Block::new(Element::F64, dim, given.len());
    for (position, vector) in given.iter().enumerate() {
        if vector.len() != dim {
            let what =
                format!("query {position} has {} components, the first has {dim}", vector.len());
            return Err(Error::bad_data(what));
        }
        let bytes: Vec<u8> = vector.iter().flat_map(|component| component.to_ne_bytes()).collect();
        queries.push_row(&bytes);
    }
    Ok(queries)
}

/// Adds ids and metadata to neighbours.
fn with_metadata(
    metadata: &Metadata<'_>,
    columns: &[String],
    neighbors: &[Vec<Neighbor>],
) -> Result<Vec<Vec<Hit>>> {
    let mut rows: Vec<u64> = neighbors.iter().flatten().map(|neighbor| neighbor.row).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let ids = metadata.ids().map(|ids| {
        names.iter().position(|name| *name == ids).unwrap_or_else(|| {
            names.push(ids);
            names.len() - 1
        })
    });
    let found = match names.is_empty() {
        true => Default::default(),
        false => metadata.gather(&names, &rows)?,
    };
    let hit = |neighbor: &Neighbor| {
        let values = found.get(&neighbor.row).map_or(&[][..], Vec::as_slice);
        let id = ids.map(|ids| values[ids].clone()).filter(|id| *id != Value::Null);
        Hit {
            row: neighbor.row,
            id: id.unwrap_or(Value::Int(neighbor.row as i64)),
            distance: neighbor.distance,
            metadata: values[..columns.len().min(values.len())].to_vec(),
        }
    };
    Ok(neighbors.iter().map(|hits| hits.iter().map(hit).collect()).collect())
}
