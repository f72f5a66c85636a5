//! What an index says of itself, and where its vectors are.
//!
//! Settings are read as long as every length on the way is checked against the bytes that are
//! there; what cannot be reached cheaply is left out.

use super::header::Header;
use super::kinds::{Layout, Part};
use super::stored::Stored;
use anear_io::Cursor;
use anear_types::{Error, Metric, Result, Value};

/// How deep indexes may wrap each other.
const MAX_DEPTH: usize = 8;

/// What an index says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Description {
    /// Its header.
    pub(super) header: Header,
    /// Settings by name.
    pub(super) params: Vec<(String, Value)>,
    /// Where its vectors are; or else the four letters of the index, this one or one inside,
    /// that keeps them in a way which is not read.
    pub(super) stored: Result<Stored, String>,
}

impl Description {
    /// What only the header tells.
    fn new(header: Header) -> Description {
        let mut index = Description { stored: Err(header.letters()), params: Vec::new(), header };
        let is_wrapper = index.header.layout == Layout::Wrapper;
        let metric_type = index.header.metric_type.filter(|_| !is_wrapper); // the inner one counts
        if let (Some(metric_type), None) = (metric_type, index.header.metric()) {
            index.set_text("metric", metric_type.name());
        }
        if let Some(exponent) = metric_type.and_then(|metric_type| metric_type.exponent()) {
            index.params.push(("p".to_owned(), Value::Real(f64::from(exponent))));
        }
        if !index.header.trained {
            index.params.push(("trained".to_owned(), Value::Bool(false)));
        }
        index
    }

    fn set(&mut self, name: &str, value: impl TryInto<i64>) {
        let value = value.try_into().unwrap_or(i64::MAX);
        self.params.push((name.to_owned(), Value::Int(value)));
    }

    fn set_text(&mut self, name: &str, value: impl Into<Box<str>>) {
        self.params.push((name.to_owned(), Value::Text(value.into())));
    }
}

/// Reads an index: its header and the settings that follow.
pub(super) fn read_index(cursor: &mut Cursor<'_>, depth: usize) -> Result<Description> {
    if depth > MAX_DEPTH {
        return Err(Error::limit("indexes wrap each other too deeply"));
    }
    let mut index = Description::new(Header::read(cursor)?);
    let file_holds_rows =
        !matches!(index.header.layout, Layout::Inverted(_) | Layout::BinaryInverted);
    if file_holds_rows && index.header.rows > cursor.remaining() as u64 {
        return Err(Error::malformed(format!(
            "the index is said to hold {} rows, {} bytes are left",
            index.header.rows,
            cursor.remaining()
        )));
    }
    match index.header.layout {
        Layout::Flat | Layout::BinaryFlat => {
            index.stored = Ok(Stored::flat(cursor, &index.header)?);
        }
        Layout::Product => product(cursor, &mut index)?,
        Layout::Scalar => scalar(cursor, &mut index)?,
        Layout::Hnsw | Layout::BinaryHnsw => hnsw(cursor, &mut index)?,
        Layout::Wrapper | Layout::BinaryWrapper => id_map(cursor, &mut index, depth)?,
        Layout::Refine => wrapped(cursor, &mut index, "base", depth).map(drop)?,
        Layout::Transforms => transforms(cursor, &mut index)?,
        Layout::Inverted(part) => inverted(cursor, &mut index, part, depth)?,
        Layout::BinaryInverted => inverted(cursor, &mut index, Part::Other, depth)?,
        Layout::Binary | Layout::Other => {}
    }
    Ok(index)
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
    let fits = dim == index.header.dim as u64 && parts > 0 && dim.is_multiple_of(parts);
    if !fits || !(1..=24).contains(&bits) {
        return Err(Error::malformed(format!(
            "a product quantizer of {parts} parts of {bits} bits for dimension {dim} in an index \
             of dimension {}",
            index.header.dim
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
    if skip_counted(cursor, 4, "the levels")? != index.header.rows {
        return Err(Error::malformed("the graph has another number of nodes than rows"));
    }
    skip_counted(cursor, 8, "the offsets")?;
    skip_counted(cursor, 4, "the neighbours")?;
    let entry_point = cursor.i32("the entry point")?;
    if i64::from(entry_point) >= index.header.rows as i64 {
        return Err(Error::malformed(format!("the graph begins at node {entry_point}")));
    }
    let max_level = cursor.i32("the levels")?;
    index.set("max_level", max_level);
    index.set("efConstruction", cursor.i32("the settings of the graph")?);
    index.set("efSearch", cursor.i32("the settings of the graph")?);
    cursor.take(4, "the settings of the graph")?;
    wrapped_header(cursor, index, "storage").map(drop)
}

/// Names the index that begins here and checks that it fits.
fn wrapped_header(cursor: &mut Cursor<'_>, index: &mut Description, name: &str) -> Result<Header> {
    let inner = Header::read(cursor)?;
    fits_inside(index, &inner)?;
    index.set_text(name, inner.letters());
    Ok(inner)
}

fn fits_inside(outer: &Description, inner: &Header) -> Result<()> {
    let outer = &outer.header;
    if inner.dim != outer.dim {
        let (inner, outer) = (inner.dim, outer.dim);
        let what = format!("an index of dimension {inner} inside one of dimension {outer}");
        return Err(Error::malformed(what));
    }
    if inner.layout.is_binary() != outer.layout.is_binary() {
        let (inner, outer) = (inner.letters(), outer.letters());
        let what = format!("\"{inner}\" inside \"{outer}\", of which one is for bits");
        return Err(Error::malformed(what));
    }
    Ok(())
}

/// Reads the index that begins here, takes over its settings and returns where its vectors are.
fn wrapped(
    cursor: &mut Cursor<'_>,
    index: &mut Description,
    name: &str,
    depth: usize,
) -> Result<Description> {
    let mut inner = read_index(cursor, depth + 1)?;
    fits_inside(index, &inner.header)?;
    index.set_text(name, inner.header.letters());
    index.params.append(&mut inner.params);
    Ok(inner)
}

/// An index, then ids for its rows. Ids for rows that have some already mean nothing.
fn id_map(cursor: &mut Cursor<'_>, index: &mut Description, depth: usize) -> Result<()> {
    let inner = wrapped(cursor, index, "index", depth)?;
    let of = |header: &Header| (header.rows, header.metric());
    if of(&inner.header) != of(&index.header) {
        return Err(Error::malformed(format!(
            "an id map of {} rows and metric {} over an index of {} rows and metric {}",
            index.header.rows,
            index.header.metric().map_or("unknown", Metric::name),
            inner.header.rows,
            inner.header.metric().map_or("unknown", Metric::name)
        )));
    }
    index.stored = match inner.stored {
        Ok(Stored { ids: Some(_), .. }) => Err(index.header.letters()),
        Ok(stored) => Ok(stored.with_ids(cursor, &index.header)?),
        unread => unread,
    };
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
    if lists > 1 << 40 || lists == 0 && index.header.rows > 0 {
        return Err(Error::malformed(format!("{} rows are in {lists} lists", index.header.rows)));
    }
    index.set("nlist", lists);
    index.set("nprobe", probes);
    let quantizer = cursor.clone();
    let header = wrapped_header(cursor, index, "quantizer")?;
    if !matches!(header.layout, Layout::Flat | Layout::BinaryFlat) {
        return Ok(());
    }
    if header.rows != lists {
        return Err(Error::malformed(format!("{lists} lists have {} centroids", header.rows)));
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
