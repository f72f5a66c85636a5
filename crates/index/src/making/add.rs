//! Adding rows.

use super::encode::encode;
use super::{Vectors, check_rows, floats, lists, remove, weave};
use crate::ann::codec_of;
use anear_quant::Work;
use anear_quant::packed::Layout;
use anear_quant::transform::Transform;
use anear_types::parts::{
    Coded, IdMap, IndexParts, Integers, Refined, Storage, Structure, Transformed,
};
use anear_types::{Error, Result};
use std::borrow::Cow;

/// Adds rows behind those there are, with ids of their own if the index has any. Without ids rows are
/// numbered in the order in which they come.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the rows are not as those of the index, it is not trained,
/// there is not an id for each row, or it takes rows with ids only, or only without;
/// [`Malformed`](anear_types::ErrorKind::Malformed) if it says that it is trained and has not learned all it needs;
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if its lists, or the rows of a graph, are not in the file;
/// [`Limit`](anear_types::ErrorKind::Limit) if a graph would have more rows than it can number;
/// [`Interrupted`](anear_types::ErrorKind::Interrupted).
pub fn add(
    parts: &mut IndexParts,
    rows: Vectors<'_>,
    ids: Option<&[i64]>,
    work: &Work<'_>,
) -> Result<()> {
    check_rows(parts, rows)?;
    if !parts.trained {
        return Err(
            Error::usage("the index is not trained").help("train it with rows like these first")
        );
    }
    parts.check_learned()?;
    let count = rows.len();
    if ids.is_some_and(|ids| ids.len() != count) {
        let ids = ids.map_or(0, <[i64]>::len);
        return Err(Error::usage(format!("{ids} ids for {count} rows")));
    }
    let (first, dim, measure) = (parts.rows, parts.dim, parts.measure);
    match &mut parts.structure {
        Structure::Coded(coded) => {
            without_ids(ids)?;
            let codec = codec_of(&coded.codec, dim, measure)?;
            let codes = encode(&*codec, rows, work)?;
            append(coded, dim, first as usize, &codes);
        }
        Structure::Inverted(inverted) => {
            lists::add(inverted, (dim, measure), first, rows, ids, work)?;
        }
        Structure::Graph(graph) => {
            without_ids(ids)?;
            let left = Storage::Left(graph.storage.kind());
            let mut storage = std::mem::replace(&mut graph.storage, left);
            let added = storage.index_mut().and_then(|index| {
                add_and(index, rows, work, |index| weave::weave(graph, index, rows, work))
            });
            graph.storage = storage;
            added?;
        }
        Structure::IdMap(id_map) => add_mapped(id_map, rows, ids, work)?,
        Structure::Transformed(transformed) => {
            add_transformed(transformed, floats(rows)?, ids, work)?;
        }
        Structure::Refined(refined) => {
            without_ids(ids)?;
            add_refined(refined, rows, work)?;
        }
    }
    parts.rows += count as u64;
    Ok(())
}

/// Refuses ids of rows that are numbered.
fn without_ids(ids: Option<&[i64]>) -> Result<()> {
    match ids {
        None => Ok(()),
        Some(_) => {
            Err(Error::usage("rows of this index are numbered, and have no ids of their own")
                .help("put an id map around it: IDMap,.."))
        }
    }
}

/// Appends codes of rows of `dim` components to those of so many.
pub(super) fn append(coded: &mut Coded, dim: usize, rows: usize, codes: &[u8]) {
    let place = coded.codes.make_mut();
    match &coded.blocks {
        None => place.extend_from_slice(codes),
        Some(blocks) => Layout::new(blocks, &coded.codec, dim).append(place, rows, codes),
    }
}

fn add_mapped(
    id_map: &mut IdMap,
    rows: Vectors<'_>,
    ids: Option<&[i64]>,
    work: &Work<'_>,
) -> Result<()> {
    let Some(ids) = ids else {
        return Err(Error::usage("rows of an id map need ids").help("give an id for each row"));
    };
    add(&mut id_map.inner, rows, None, work)?;
    id_map.ids.extend(ids.iter().copied());
    Ok(())
}

fn add_transformed(
    transformed: &mut Transformed,
    rows: &[f32],
    ids: Option<&[i64]>,
    work: &Work<'_>,
) -> Result<()> {
    let apply = |rows, parts| Transform::new(parts).apply(rows);
    let values = transformed.transforms.iter().fold(Cow::Borrowed(rows), apply);
    let dim = transformed.inner.dim;
    add(&mut transformed.inner, Vectors::Floats { values: &values, dim }, ids, work)
}

fn add_refined(refined: &mut Refined, rows: Vectors<'_>, work: &Work<'_>) -> Result<()> {
    let Refined { base, refinement, .. } = refined;
    add_and(refinement, rows, work, |_| add(base, rows, None, work))
}

/// Adds rows to an index inside another and does the rest; takes the rows away again if that fails.
fn add_and(
    inner: &mut IndexParts,
    rows: Vectors<'_>,
    work: &Work<'_>,
    rest: impl FnOnce(&IndexParts) -> Result<()>,
) -> Result<()> {
    if !matches!(inner.structure, Structure::Coded(_)) {
        let mut filled = inner.clone();
        add(&mut filled, rows, None, work)?;
        rest(&filled)?;
        *inner = filled;
        return Ok(());
    }
    let before = inner.rows as i64;
    add(inner, rows, None, work)?;
    let done = rest(inner);
    if done.is_err() {
        remove(inner, &|row| row >= before)?;
    }
    done
}

/// The ids of rows where there are none of their own.
pub(super) fn numbered(first: u64, count: usize, ids: Option<&[i64]>) -> Integers {
    match ids {
        Some(ids) => ids.iter().copied().collect(),
        None => (first as i64..).take(count).collect(),
    }
}
