//! Adding rows as codes.

use super::add::append;
use super::lists;
use anear_types::parts::{CodecParts, Coded, IndexParts, Inverted, Structure};
use anear_types::{Error, Result};

/// Bytes of a list's number, which comes before a row's code, the lowest byte first.
pub fn list_bytes(inverted: &Inverted) -> usize {
    let last = inverted.list_count.saturating_sub(1);
    (usize::BITS - last.leading_zeros()).div_ceil(8) as usize
}

/// Adds rows behind those there are, given as codes: in lists each behind the number of its list. Ids are for
/// rows in lists and of id maps; others are numbered, and leave them aside as FAISS does.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the codes are not whole or point to no list, there is not an id
/// for each, or the index is not trained; [`Unsupported`](anear_types::ErrorKind::Unsupported) if FAISS takes no
/// codes for such an index, or not all that it needs of a row.
pub fn add_codes(parts: &mut IndexParts, codes: &[u8], ids: Option<&[i64]>) -> Result<()> {
    add(parts, codes, ids, ids.map(<[i64]>::len))
}

/// Adds rows as codes, of which there have to be so many if that is said.
fn add(
    parts: &mut IndexParts,
    codes: &[u8],
    ids: Option<&[i64]>,
    wanted: Option<usize>,
) -> Result<()> {
    if !parts.trained {
        return Err(Error::usage("the index is not trained").help("train it first"));
    }
    parts.check_learned()?;
    let (first, dim, measure) = (parts.rows, parts.dim, parts.measure);
    match &mut parts.structure {
        Structure::Coded(Coded { blocks: Some(_), .. }) => return Err(no_codes("rows in blocks")),
        Structure::Coded(coded) => {
            let count = count(codes, coded.codec.code_bytes(dim), wanted)?;
            if let CodecParts::TwoLevel(_) = coded.codec {
                let new = Coded { codes: codes.to_vec().into(), ..coded.clone() };
                let structure = Structure::Coded(new);
                let argument = parts.argument;
                IndexParts { dim, rows: count, trained: true, measure, argument, structure }
                    .check()?;
            }
            append(coded, dim, first as usize, codes);
            parts.rows += count;
        }
        Structure::Inverted(inverted) if inverted.blocks.is_some() => {
            return Err(no_codes("rows in blocks"));
        }
        Structure::Inverted(inverted) => {
            let (head, rest) = (list_bytes(inverted), inverted.codec.code_bytes(dim));
            let count = count(codes, head + rest, wanted)?;
            lists::add_codes(inverted, dim, first, &split(codes, head, rest), ids)?;
            parts.rows += count;
        }
        Structure::IdMap(id_map) => {
            let Some(ids) = ids else {
                let none = Error::usage("rows of an id map need ids");
                return Err(none.help("give an id for each code"));
            };
            add(&mut id_map.inner, codes, None, wanted)?;
            id_map.ids.extend(ids.iter().copied());
            parts.rows += ids.len() as u64;
        }
        Structure::Graph(_) => return Err(no_codes("rows of a graph")),
        Structure::Transformed(_) => return Err(no_codes("rows that are transformed")),
        Structure::Refined(_) => return Err(no_codes("rows that are refined")),
    }
    Ok(())
}

fn no_codes(what: &str) -> Error {
    Error::unsupported(format!("{what} are not added as codes")).help("add the rows themselves")
}

/// How many codes of so many bytes there are.
fn count(codes: &[u8], one: usize, wanted: Option<usize>) -> Result<u64> {
    if one == 0 || !codes.len().is_multiple_of(one) {
        return Err(Error::usage(format!("{} bytes are no codes of {one}", codes.len())));
    }
    let count = codes.len() / one;
    match wanted {
        Some(ids) if ids != count => Err(Error::usage(format!("{ids} ids for {count} codes"))),
        _ => Ok(count as u64),
    }
}

/// The numbers of lists that codes begin with, and what is behind them.
fn split(codes: &[u8], head: usize, rest: usize) -> (Vec<usize>, Vec<u8>) {
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0, |high, byte| high << 8 | usize::from(*byte));
    let codes = || codes.chunks_exact(head + rest);
    let numbers = codes().map(|code| number(&code[..head])).collect();
    (numbers, codes().flat_map(|code| &code[head..]).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::making::{Map, Vectors, Work, from_factory, set_direct_map, train};
    use anear_types::Measure;

    fn trained(description: &str) -> IndexParts {
        let rows: Vec<f32> = (0..400).map(|number| (number * 37 % 101) as f32).collect();
        let mut index = from_factory(description, 4, Measure::L2).unwrap();
        let vectors = Vectors::Floats { values: &rows, dim: 4 };
        train(&mut index, vectors, &Default::default(), &Work::default()).unwrap();
        index
    }

    #[test]
    fn rows_that_were_added_as_codes_are_as_those_added_as_rows() {
        let row = [5.0, 1.0, 7.0, 3.0];
        let code: Vec<u8> = row.iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
        let vectors = Vectors::Floats { values: &row, dim: 4 };
        for (description, ids) in [
            ("Flat", None),
            ("IVF1,Flat", None),
            ("IVF1,Flat", Some(&[70][..])),
            ("IDMap,Flat", Some(&[70][..])),
        ] {
            let mut index = trained(description);
            let mut other = index.clone();
            add_codes(&mut index, &code, ids).unwrap();
            crate::making::add(&mut other, vectors, ids, &Work::default()).unwrap();
            assert_eq!(index, other, "{description}");
        }
    }

    #[test]
    fn codes_that_do_not_fit_leave_an_index_as_it_was() {
        let (head, code) = ([4], [0; 16]);
        let of_a_list = [&head[..], &code].concat();
        for (description, codes, ids) in [
            ("Flat", &code[..15], None),
            ("Flat", &code, Some(&[1, 2][..])),
            ("IVF4,Flat", &of_a_list, None),
            ("IVF5,Flat", &of_a_list, Some(&[1, 2][..])),
            ("IVF5,PQ2x4fs", &[0, 0], None),
            ("IDMap,Flat", &code, None),
            ("IDMap,Flat", &code, Some(&[1, 2][..])),
            ("HNSW8,Flat", &code, None),
            ("PQ2x4fs", &[0], None),
        ] {
            let mut index = trained(description);
            let before = index.clone();
            add_codes(&mut index, codes, ids).unwrap_err();
            assert_eq!(index, before, "{description}");
        }
        let mut index = trained("IVF5,Flat");
        add_codes(&mut index, &of_a_list, None).unwrap();
        set_direct_map(&mut index, Map::Array).unwrap();
        add_codes(&mut index, &of_a_list, Some(&[7])).unwrap_err();
        let mut untrained = from_factory("SQ8", 4, Measure::L2).unwrap();
        add_codes(&mut untrained, &[0; 4], None).unwrap_err();
    }
}
