//! Moving the rows of one index into another.

use super::add::append;
use super::lists::{layout, list_at};
use anear_quant::packed::Layout;
use anear_types::parts::{
    Beside, Coded, DirectMap, IdMap, IndexParts, Inverted, List, Structure, Transformed,
};
use anear_types::{Error, Result};

/// Moves all rows of `other`, an index of the same kind that has learned the same, behind those of
/// `parts`. `added` is added to ids that rows have in lists or of their own.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the indexes differ, or have a direct map, or something is
/// added to ids where rows are numbered; [`Unsupported`](anear_types::ErrorKind::Unsupported) for kinds
/// that FAISS does not merge.
pub fn merge(parts: &mut IndexParts, other: IndexParts, added: i64) -> Result<()> {
    if (parts.dim, parts.measure) != (other.dim, other.measure) {
        return Err(different("dimensions or measures"));
    }
    let (rows, other_rows, dim) = (parts.rows as usize, other.rows as usize, parts.dim);
    match (&mut parts.structure, other.structure) {
        (Structure::Coded(coded), Structure::Coded(other)) => {
            if added != 0 {
                return Err(Error::usage("something is added to ids, but rows are numbered"));
            }
            merge_codes(coded, dim, rows, &other, other_rows)?;
        }
        (Structure::Inverted(inverted), Structure::Inverted(other)) => {
            merge_lists(inverted, *other, dim, added)?;
        }
        (Structure::IdMap(id_map), Structure::IdMap(other)) => {
            let IdMap { inner, ids, .. } = *other;
            merge(&mut id_map.inner, inner, 0)?;
            id_map.ids.extend(ids.iter().map(|id| id.wrapping_add(added)));
        }
        (Structure::Transformed(transformed), Structure::Transformed(other)) => {
            let Transformed { transforms, inner } = *other;
            if transformed.transforms != transforms {
                return Err(different("transforms"));
            }
            merge(&mut transformed.inner, inner, added)?;
        }
        (Structure::Graph(_) | Structure::Refined(_), _) => {
            let what = "graphs and refined indexes are not merged with others";
            return Err(Error::unsupported(what));
        }
        _ => return Err(different("kinds")),
    }
    parts.rows += other.rows;
    Ok(())
}

fn different(what: &str) -> Error {
    Error::usage(format!("indexes of different {what} are not merged"))
}

fn merge_codes(
    coded: &mut Coded,
    dim: usize,
    rows: usize,
    other: &Coded,
    other_rows: usize,
) -> Result<()> {
    if coded.codec != other.codec || coded.blocks != other.blocks {
        return Err(different("codecs"));
    }
    let codes = match &other.blocks {
        None => &*other.codes,
        Some(blocks) => &Layout::new(blocks, &other.codec, dim).unpack(&other.codes, other_rows),
    };
    append(coded, dim, rows, codes);
    Ok(())
}

fn merge_lists(inverted: &mut Inverted, other: Inverted, dim: usize, added: i64) -> Result<()> {
    check_lists(inverted, &other)?;
    let layout = layout(inverted, dim);
    let moved = |id: i64| id.wrapping_add(added);
    match (&mut inverted.beside, other.beside) {
        (Beside::Nothing, Beside::Nothing) => {}
        (Beside::Duplicates(pairs), Beside::Duplicates(others)) => {
            pairs.extend(others.iter().map(moved));
        }
        (
            Beside::Refinement { product, codes, .. },
            Beside::Refinement { product: learned, codes: others, .. },
        ) if *product == learned => {
            codes.make_mut().extend_from_slice(&others);
        }
        _ => return Err(different("kinds of lists")),
    }
    let (Some(lists), Some(others)) = (&mut inverted.lists, other.lists) else {
        return Err(Error::unsupported("the lists of the index are not in the file"));
    };
    for List { number, ids, codes } in others {
        let list = list_at(lists, number);
        let place = list.codes.make_mut();
        match &layout {
            None => place.extend_from_slice(&codes),
            Some(layout) => {
                layout.append(place, list.ids.len(), &layout.unpack(&codes, ids.len()));
            }
        }
        list.ids.extend(ids.iter().map(moved));
    }
    Ok(())
}

fn check_lists(inverted: &Inverted, other: &Inverted) -> Result<()> {
    if inverted.direct_map != DirectMap::None || other.direct_map != DirectMap::None {
        return Err(Error::usage("indexes with direct maps are not merged"));
    }
    if inverted.list_count != other.list_count || inverted.quantizer != other.quantizer {
        return Err(different("coarse quantizers"));
    }
    let of = |inverted: &Inverted| (inverted.residual, inverted.blocks, inverted.lists.is_some());
    if inverted.codec != other.codec || of(inverted) != of(other) {
        return Err(different("codecs"));
    }
    Ok(())
}
