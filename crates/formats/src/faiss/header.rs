//! The header of a FAISS index, and those settings that follow it directly.
//!
//! | header | after the four letters |
//! | --- | --- |
//! | float | dim i32, rows i64, two unused i64, trained u8, metric i32, and if that is above 1: f32 |
//! | binary | dim i32 (bits), code bytes i32, rows i64, trained u8, metric i32 |
//!
//! Settings are read as long as every length on the way is checked against the bytes that are
//! there; what cannot be reached cheaply is left out.

use super::kinds::{Layout, Part, layout};
use anear_io::Cursor;
use anear_types::{Error, Metric, Result, Value};

/// How deep indexes may wrap each other.
const MAX_DEPTH: usize = 8;

/// What an index says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Description {
    /// Its four letters.
    pub(super) fourcc: [u8; 4],
    /// What follows the header.
    pub(super) layout: Layout,
    /// Components in a row; bits for binary indexes.
    pub(super) dim: usize,
    /// Rows.
    pub(super) rows: u64,
    /// The metric, if anear has it.
    pub(super) metric: Option<Metric>,
    /// Settings by name.
    pub(super) params: Vec<(String, Value)>,
}

impl Description {
    /// The four letters as text.
    pub(super) fn letters(&self) -> String {
        self.fourcc.escape_ascii().to_string()
    }

    fn set(&mut self, name: &str, value: impl TryInto<i64>) {
        let value = value.try_into().unwrap_or(i64::MAX);
        self.params.push((name.to_owned(), Value::Int(value)));
    }

    fn set_text(&mut self, name: &str, value: impl Into<Box<str>>) {
        self.params.push((name.to_owned(), Value::Text(value.into())));
    }
}

/// Reads the header.
pub(super) fn read_header(cursor: &mut Cursor<'_>) -> Result<Description> {
    let fourcc: [u8; 4] = cursor.array("the kind of the index")?;
    let letters = fourcc.escape_ascii().to_string();
    if &fourcc == b"null" {
        return Err(Error::malformed("there is no index in this place (\"null\")"));
    }
    let layout = layout(&fourcc).ok_or_else(|| {
        Error::unsupported(format!("an index of kind \"{letters}\", which anear does not know"))
    })?;
    let is_binary = layout.is_binary();
    let dim = cursor.i32("the dimension")?;
    let code_bytes = if is_binary { cursor.i32("the code size")? } else { 0 };
    let rows = cursor.i64("the number of rows")?;
    if !is_binary {
        cursor.take(16, "the header")?;
    }
    let trained = cursor.u8("the header")?;
    let metric_type = cursor.i32("the metric")?;
    if dim <= 0 || rows < 0 || trained > 1 {
        return Err(Error::malformed(format!(
            "the header of index \"{letters}\" has dimension {dim}, {rows} rows, trained {trained}"
        )));
    }
    if is_binary && i64::from(code_bytes) * 8 != i64::from(dim) {
        return Err(Error::malformed(format!(
            "codes of {code_bytes} bytes do not hold {dim} bits"
        )));
    }
    let mut description = Description {
        fourcc,
        layout,
        dim: dim as usize,
        rows: rows as u64,
        metric: is_binary.then_some(Metric::Hamming),
        params: Vec::new(),
    };
    if !is_binary {
        read_metric(cursor, metric_type, &mut description)?;
    }
    if trained == 0 {
        description.params.push(("trained".to_owned(), Value::Bool(false)));
    }
    Ok(description)
}

fn read_metric(
    cursor: &mut Cursor<'_>,
    metric_type: i32,
    description: &mut Description,
) -> Result<()> {
    let (name, metric) = match metric_type {
        0 => ("ip", Some(Metric::InnerProduct)),
        1 => ("l2", Some(Metric::L2)),
        2 => ("manhattan", Some(Metric::Manhattan)),
        3 => ("chebyshev", Some(Metric::Chebyshev)),
        4 => ("lp", None),
        20 => ("canberra", Some(Metric::Canberra)),
        21 => ("braycurtis", Some(Metric::BrayCurtis)),
        22 => ("jensenshannon", Some(Metric::JensenShannon)),
        23 => ("jaccard of floats", None),
        24 => ("nan-euclidean", None),
        25 => ("gower", None),
        other => return Err(Error::malformed(format!("there is no metric of number {other}"))),
    };
    description.metric = metric;
    if metric.is_none() {
        description.set_text("metric", name);
    }
    if metric_type > 1 {
        let argument = f32::from_le_bytes(cursor.array("the argument of the metric")?);
        if metric_type == 4 {
            let argument = f64::from(argument);
            description.params.push(("p".to_owned(), Value::Real(argument)));
        }
    }
    Ok(())
}

/// Reads an index: its header and the settings that follow.
pub(super) fn read_index(cursor: &mut Cursor<'_>, depth: usize) -> Result<Description> {
    if depth > MAX_DEPTH {
        return Err(Error::limit("indexes wrap each other too deeply"));
    }
    let mut index = read_header(cursor)?;
    let file_holds_rows = !matches!(index.layout, Layout::Inverted(_) | Layout::BinaryInverted);
    if file_holds_rows && index.rows > cursor.remaining() as u64 {
        return Err(Error::malformed(format!(
            "the index is said to hold {} rows, {} bytes are left",
            index.rows,
            cursor.remaining()
        )));
    }
    match index.layout {
        Layout::Flat => skip_vectors(cursor, &index, 4)?,
        Layout::BinaryFlat => skip_vectors(cursor, &index, 1)?,
        Layout::Product => product(cursor, &mut index)?,
        Layout::Scalar => scalar(cursor, &mut index)?,
        Layout::Hnsw | Layout::BinaryHnsw => hnsw(cursor, &mut index)?,
        Layout::Wrapper | Layout::BinaryWrapper => wrapped(cursor, &mut index, "index", depth)?,
        Layout::Refine => wrapped(cursor, &mut index, "base", depth)?,
        Layout::Transforms => transforms(cursor, &mut index)?,
        Layout::Inverted(part) => inverted(cursor, &mut index, part, depth)?,
        Layout::BinaryInverted => inverted(cursor, &mut index, Part::Other, depth)?,
        Layout::Binary | Layout::Other => {}
    }
    Ok(index)
}

/// Passes over the vectors of a flat index, of `size` bytes a counted value.
fn skip_vectors(cursor: &mut Cursor<'_>, index: &Description, size: u64) -> Result<()> {
    let row_values = if size == 1 { index.dim as u64 / 8 } else { index.dim as u64 };
    let expected = index.rows.checked_mul(row_values);
    let found = cursor.u64("the number of values")?;
    if expected != Some(found) {
        return Err(Error::malformed(format!(
            "{found} values are stored for {} rows of dimension {}",
            index.rows, index.dim
        )));
    }
    cursor.take(found.saturating_mul(size), "the vectors").map(drop)
}

/// Passes over a counted run of values of `size` bytes; returns how many.
fn skip_counted(cursor: &mut Cursor<'_>, size: u64, what: &str) -> Result<u64> {
    let count = cursor.u64(what)?;
    cursor.take(count.saturating_mul(size), what)?;
    Ok(count)
}

fn product(cursor: &mut Cursor<'_>, index: &mut Description) -> Result<()> {
    let dim = cursor.u64("the product quantizer")?;
    let parts = cursor.u64("the product quantizer")?;
    let bits = cursor.u64("the product quantizer")?;
    let fits = dim == index.dim as u64 && parts > 0 && dim.is_multiple_of(parts);
    if !fits || !(1..=24).contains(&bits) {
        return Err(Error::malformed(format!(
            "a product quantizer of {parts} parts of {bits} bits for dimension {dim} in an index \
             of dimension {}",
            index.dim
        )));
    }
    index.set("M", parts);
    index.set("nbits", bits);
    let expected = dim << bits;
    let centroids = skip_counted(cursor, 4, "the centroids")?;
    if centroids != expected && centroids != 0 {
        return Err(Error::malformed(format!(
            "{centroids} centroid values are stored, {expected} are expected"
        )));
    }
    Ok(())
}

fn scalar(cursor: &mut Cursor<'_>, index: &mut Description) -> Result<()> {
    const NAMES: [&str; 9] = [
        "8bit",
        "4bit",
        "8bit_uniform",
        "4bit_uniform",
        "fp16",
        "8bit_direct",
        "6bit",
        "bf16",
        "8bit_direct_signed",
    ];
    let kind = cursor.i32("the scalar quantizer")?;
    let name = usize::try_from(kind).ok().and_then(|kind| NAMES.get(kind));
    match name {
        Some(name) => index.set_text("qtype", *name),
        None => index.set("qtype", kind),
    }
    Ok(())
}

fn hnsw(cursor: &mut Cursor<'_>, index: &mut Description) -> Result<()> {
    skip_counted(cursor, 8, "the level probabilities")?;
    let levels = cursor.u64("the neighbour counts")?;
    let counts = cursor.take(levels.saturating_mul(4), "the neighbour counts")?;
    if let [_, base, ..] = counts.as_chunks::<4>().0 {
        index.set("M", i32::from_le_bytes(*base) / 2);
    }
    if skip_counted(cursor, 4, "the levels")? != index.rows {
        return Err(Error::malformed("the graph has another number of nodes than rows"));
    }
    skip_counted(cursor, 8, "the offsets")?;
    skip_counted(cursor, 4, "the neighbours")?;
    let entry_point = cursor.i32("the entry point")?;
    if i64::from(entry_point) >= index.rows as i64 {
        return Err(Error::malformed(format!("the graph begins at node {entry_point}")));
    }
    let max_level = cursor.i32("the levels")?;
    index.set("max_level", max_level);
    index.set("efConstruction", cursor.i32("the settings of the graph")?);
    index.set("efSearch", cursor.i32("the settings of the graph")?);
    cursor.take(4, "the settings of the graph")?;
    wrapped_header(cursor, index, "storage")
}

/// Names the index that begins here and checks it has the same dimension.
fn wrapped_header(cursor: &mut Cursor<'_>, index: &mut Description, name: &str) -> Result<()> {
    let inner = read_header(cursor)?;
    same_dim(index, &inner)?;
    index.set_text(name, inner.letters());
    Ok(())
}

fn same_dim(outer: &Description, inner: &Description) -> Result<()> {
    if inner.dim == outer.dim {
        return Ok(());
    }
    Err(Error::malformed(format!(
        "an index of dimension {} inside one of dimension {}",
        inner.dim, outer.dim
    )))
}

fn wrapped(
    cursor: &mut Cursor<'_>,
    index: &mut Description,
    name: &str,
    depth: usize,
) -> Result<()> {
    let inner = read_index(cursor, depth + 1)?;
    same_dim(index, &inner)?;
    index.set_text(name, inner.letters());
    index.params.extend(inner.params);
    Ok(())
}

fn transforms(cursor: &mut Cursor<'_>, index: &mut Description) -> Result<()> {
    let count = cursor.i32("the number of transforms")?;
    if !(0..=100).contains(&count) {
        return Err(Error::malformed(format!("there are {count} transforms before the index")));
    }
    index.set("transforms", count);
    let first: [u8; 4] = cursor.array("the first transform")?;
    index.set_text("transform", first.escape_ascii().to_string());
    Ok(())
}

fn inverted(
    cursor: &mut Cursor<'_>,
    index: &mut Description,
    part: Part,
    depth: usize,
) -> Result<()> {
    let lists = cursor.u64("the number of lists")?;
    let probes = cursor.u64("the number of lists to search")?;
    if lists > 1 << 40 || lists == 0 && index.rows > 0 {
        return Err(Error::malformed(format!("{} rows are in {lists} lists", index.rows)));
    }
    index.set("nlist", lists);
    index.set("nprobe", probes);
    let quantizer = cursor.clone();
    let description = read_header(cursor)?;
    same_dim(index, &description)?;
    index.set_text("quantizer", description.letters());
    if !matches!(description.layout, Layout::Flat | Layout::BinaryFlat) {
        return Ok(());
    }
    if description.rows != lists {
        return Err(Error::malformed(format!("{lists} lists have {} centroids", description.rows)));
    }
    *cursor = quantizer;
    read_index(cursor, depth + 1)?;
    direct_map(cursor)?;
    match part {
        Part::Product => {
            cursor.take(9, "the codes")?; // by_residual u8, code size u64
            product(cursor, index)
        }
        Part::Scalar => scalar(cursor, index),
        Part::Other => Ok(()),
    }
}

/// Passes over the map from ids to places in lists.
fn direct_map(cursor: &mut Cursor<'_>) -> Result<()> {
    let kind = cursor.u8("the direct map")?;
    if kind > 2 {
        return Err(Error::malformed(format!("there is no direct map of kind {kind}")));
    }
    skip_counted(cursor, 8, "the direct map")?;
    if kind == 2 {
        skip_counted(cursor, 16, "the direct map")?;
    }
    Ok(())
}
