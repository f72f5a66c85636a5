//! Codes by themselves: of rows that are not added, and rows that codes stand for.
//!
//! What comes first in the code of a row in lists is the list's number, the lowest byte first, as
//! FAISS writes it; a refinement's code is that of the first index, then that of the second.

use super::{Index, Path, Rows};
use anear_index::ann::{applied, undone};
use anear_index::making::{self, Work, list_bytes};
use anear_types::parts::{Coded, DirectMap, IndexParts, Integers, Inverted, List, Structure};
use anear_types::{Error, Result};

impl Index {
    /// Bytes of a code that [`encode`](Index::encode) makes.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such index.
    pub fn code_bytes(&self, path: &Path) -> Result<usize> {
        code_bytes(self.parts(path)?)
    }

    /// The codes of rows, which are not added.
    ///
    /// # Errors
    /// If the index is not trained, or has no codes by themselves.
    pub fn encode(&self, path: &Path, rows: &[f32], work: &Work<'_>) -> Result<Vec<u8>> {
        encode(self.parts(path)?, rows, work)
    }

    /// The rows that codes stand for.
    ///
    /// # Errors
    /// As for [`encode`](Index::encode), or if the codes are not whole or point to no list.
    pub fn decode(&self, path: &Path, codes: &[u8]) -> Result<Vec<f32>> {
        let parts = self.parts(path)?;
        let one = code_bytes(parts)?;
        match codes.len().is_multiple_of(one) {
            true => decode(parts, codes),
            false => Err(Error::usage(format!("{} bytes are no codes of {one}", codes.len()))),
        }
    }

    /// Adds rows as codes such as [`encode`](Index::encode) makes, with ids of their own if the index has any.
    ///
    /// # Errors
    /// If the codes are not whole or point to no list, there is not an id for each, or FAISS takes no codes for
    /// such an index.
    pub fn add_codes(&mut self, path: &Path, codes: &[u8], ids: Option<&[i64]>) -> Result<()> {
        making::add_codes(self.change(path)?, codes, ids)
    }
}

fn code_bytes(index: &IndexParts) -> Result<usize> {
    Ok(match &index.structure {
        Structure::Coded(coded) => coded.codec.code_bytes(index.dim),
        Structure::Inverted(inverted) => {
            list_bytes(inverted) + inverted.codec.code_bytes(index.dim)
        }
        Structure::Graph(graph) => code_bytes(graph.storage.index()?)?,
        Structure::IdMap(id_map) => code_bytes(&id_map.inner)?,
        Structure::Transformed(transformed) => code_bytes(&transformed.inner)?,
        Structure::Refined(refined) => {
            code_bytes(&refined.base)? + code_bytes(&refined.refinement)?
        }
    })
}

fn encode(index: &IndexParts, rows: &[f32], work: &Work<'_>) -> Result<Vec<u8>> {
    match &index.structure {
        Structure::Coded(coded) if coded.blocks.is_none() => {
            let filled = filled(index, rows, work)?;
            let Structure::Coded(coded) = filled.structure else {
                unreachable!("codes were added")
            };
            Ok(coded.codes.to_vec())
        }
        Structure::Inverted(inverted) if inverted.blocks.is_none() => {
            let filled = filled(index, rows, work)?;
            let Structure::Inverted(filled) = filled.structure else {
                unreachable!("lists were filled")
            };
            Ok(codes_in_order(&filled, index.dim, rows.len() / index.dim))
        }
        Structure::Coded(_) | Structure::Inverted(_) => encode(&unblocked(index), rows, work),
        Structure::Graph(graph) => encode(graph.storage.index()?, rows, work),
        Structure::IdMap(id_map) => encode(&id_map.inner, rows, work),
        Structure::Transformed(transformed) => {
            Index::from(index.clone()).some_transforms(&Path::default(), None)?;
            encode(&transformed.inner, &applied(&transformed.transforms, rows), work)
        }
        Structure::Refined(refined) => {
            let base = encode(&refined.base, rows, work)?;
            let second = encode(&refined.refinement, rows, work)?;
            let (one, other) = (code_bytes(&refined.base)?, code_bytes(&refined.refinement)?);
            let pairs = base.chunks(one).zip(second.chunks(other));
            Ok(pairs.flat_map(|(base, second)| [base, second].concat()).collect())
        }
    }
}

/// The index with these rows and no others.
fn filled(index: &IndexParts, rows: &[f32], work: &Work<'_>) -> Result<IndexParts> {
    let mut copy = Index::from(index.clone());
    copy.reset(&Path::default())?;
    if let Structure::Inverted(inverted) = &mut copy.change(&Path::default())?.structure {
        (inverted.lists, inverted.direct_map) = (Some(Vec::new()), DirectMap::None);
    }
    copy.add(&Path::default(), Rows::Floats(rows), None, work)?;
    Ok(copy.into_parts())
}

/// The codes of rows whose ids are their numbers.
fn codes_in_order(inverted: &Inverted, dim: usize, rows: usize) -> Vec<u8> {
    let (number, rest) = (list_bytes(inverted), inverted.codec.code_bytes(dim));
    let mut codes = vec![0; rows * (number + rest)];
    for list in inverted.lists.iter().flatten() {
        for (id, code) in list.ids.iter().zip(list.codes.chunks(rest)) {
            let place = &mut codes[id as usize * (number + rest)..][..number + rest];
            place[..number].copy_from_slice(&list.number.to_le_bytes()[..number]);
            place[number..].copy_from_slice(code);
        }
    }
    codes
}

fn decode(index: &IndexParts, codes: &[u8]) -> Result<Vec<f32>> {
    let count = codes.len() / code_bytes(index)?;
    match &index.structure {
        Structure::Coded(coded) if coded.blocks.is_none() => {
            let structure =
                Structure::Coded(Coded { codes: codes.to_vec().into(), ..coded.clone() });
            decode_all(IndexParts { rows: count as u64, structure, ..index.clone() }, count)
        }
        Structure::Inverted(inverted) if inverted.blocks.is_none() => {
            let lists = Some(lists_of(inverted, codes, index.dim)?);
            let inverted = Inverted { lists, direct_map: DirectMap::None, ..(**inverted).clone() };
            let structure = Structure::Inverted(Box::new(inverted));
            decode_all(IndexParts { rows: count as u64, structure, ..index.clone() }, count)
        }
        Structure::Coded(_) | Structure::Inverted(_) => decode(&unblocked(index), codes),
        Structure::Graph(graph) => decode(graph.storage.index()?, codes),
        Structure::IdMap(id_map) => decode(&id_map.inner, codes),
        Structure::Transformed(transformed) => {
            Index::from(index.clone()).some_transforms(&Path::default(), None)?;
            undone(&transformed.transforms, decode(&transformed.inner, codes)?)
        }
        Structure::Refined(refined) => {
            let (one, other) = (code_bytes(&refined.base)?, code_bytes(&refined.refinement)?);
            let second = codes.chunks(one + other).flat_map(|code| code[one..].to_vec());
            decode(&refined.refinement, &second.collect::<Vec<u8>>())
        }
    }
}

/// The rows with the ids 0 and so on.
fn decode_all(index: IndexParts, count: usize) -> Result<Vec<f32>> {
    let ids: Vec<i64> = (0..count as i64).collect();
    Index::from(index).reconstruct_found(&Path::default(), &ids)
}

/// Lists of codes that begin with their number, with the codes' places for ids.
fn lists_of(inverted: &Inverted, codes: &[u8], dim: usize) -> Result<Vec<List>> {
    let number = list_bytes(inverted);
    let mut lists = vec![(Vec::new(), Vec::new()); inverted.list_count];
    for (id, code) in (0..).zip(codes.chunks(number + inverted.codec.code_bytes(dim))) {
        let list = code[..number].iter().rev().fold(0, |list, byte| list << 8 | usize::from(*byte));
        let none = || Error::usage(format!("code {id} is of list {list}, which there is not"));
        let (ids, codes) = lists.get_mut(list).ok_or_else(none)?;
        ids.push(id);
        codes.extend_from_slice(&code[number..]);
    }
    let filled = lists.into_iter().enumerate().filter(|(_, (ids, _))| !ids.is_empty());
    let list = |(number, (ids, codes)): (usize, (Vec<i64>, Vec<u8>))| List {
        number,
        ids: ids.into_iter().collect::<Integers>(),
        codes: codes.into(),
    };
    Ok(filled.map(list).collect())
}

/// The index without rows, its codes not in blocks.
fn unblocked(index: &IndexParts) -> IndexParts {
    let mut other = index.clone();
    making::reset(&mut other);
    match &mut other.structure {
        Structure::Coded(coded) => coded.blocks = None,
        Structure::Inverted(inverted) => inverted.blocks = None,
        _ => unreachable!("others have no blocks of their own"),
    }
    other
}
