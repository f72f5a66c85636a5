//! Copying some of the rows in lists to another index with the same lists.

use super::lists::{layout, list_at};
use anear_types::parts::{Beside, DirectMap, IndexParts, Inverted, List, Structure};
use anear_types::{Error, Result};
use std::ops::Range;

/// Which rows are copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subset {
    /// Those with ids in a range.
    Ids(Range<i64>),
    /// Those whose id divided by the first number leaves the second.
    Remainder(i64, i64),
    /// As many as a range of all rows, spread over the lists as rows are.
    Rows(Range<u64>),
    /// Of each list the part with the second number, out of as many as the first says.
    Share(u64, u64),
    /// Those in a range of lists.
    Lists(Range<usize>),
}

/// Copies rows behind those of `to`, and returns how many.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if one of the indexes has no lists, their lists or codes differ, or
/// the other has a direct map; [`Unsupported`](anear_types::ErrorKind::Unsupported) if there is
/// more to rows than what is in the lists.
pub fn copy_subset(from: &IndexParts, subset: &Subset, to: &mut IndexParts) -> Result<u64> {
    let (rows, dim, code_bytes) = (from.rows, from.dim, code_bytes(from)?);
    if code_bytes != self::code_bytes(to)? || from.dim != to.dim {
        return Err(Error::usage("rows are copied between indexes of the same codes only"));
    }
    let (Structure::Inverted(from), Structure::Inverted(other)) =
        (&from.structure, &mut to.structure)
    else {
        unreachable!("both have lists")
    };
    check(from, other)?;
    let (layout, other_layout) = (layout(from, dim), layout(other, dim));
    let (Some(lists), Some(places)) = (&from.lists, &mut other.lists) else {
        return Err(Error::unsupported("the lists of the index are not in the file"));
    };
    let (mut before, mut copied) = (0, 0);
    for list in lists {
        let chosen = chosen(list, subset, before, rows);
        before += list.ids.len() as u64;
        if chosen.is_empty() {
            continue;
        }
        copied += chosen.len() as u64;
        let codes = match &layout {
            None => list.codes.to_vec(),
            Some(layout) => layout.unpack(&list.codes, list.ids.len()),
        };
        let code = |row: &usize| &codes[row * code_bytes..][..code_bytes];
        let codes: Vec<u8> = chosen.iter().flat_map(code).copied().collect();
        let place = list_at(places, list.number);
        let at = place.codes.make_mut();
        match &other_layout {
            None => at.extend_from_slice(&codes),
            Some(layout) => layout.append(at, place.ids.len(), &codes),
        }
        place.ids.extend(chosen.iter().filter_map(|row| list.ids.get(*row)));
    }
    to.rows += copied;
    Ok(copied)
}

fn code_bytes(index: &IndexParts) -> Result<usize> {
    match &index.structure {
        Structure::Inverted(inverted) => Ok(inverted.codec.code_bytes(index.dim)),
        _ => Err(Error::usage("rows are copied between indexes with lists only")),
    }
}

fn check(from: &Inverted, to: &Inverted) -> Result<()> {
    if from.list_count != to.list_count {
        let (one, other) = (from.list_count, to.list_count);
        return Err(Error::usage(format!("an index of {one} lists and one of {other}")));
    }
    if to.direct_map != DirectMap::None {
        return Err(Error::usage("rows are not copied to an index with a direct map"));
    }
    if from.beside != Beside::Nothing || to.beside != Beside::Nothing {
        let what = "rows of lists that are refined, or have duplicates, are not copied";
        return Err(Error::unsupported(what));
    }
    Ok(())
}

/// The rows of a list to copy; `before` of all `rows` are in the lists before it.
fn chosen(list: &List, subset: &Subset, before: u64, rows: u64) -> Vec<usize> {
    let count = list.ids.len() as u64;
    let part = |part: u128, of: u128, whole: u128| (whole * part).checked_div(of).unwrap_or(0);
    let range = match subset {
        Subset::Ids(range) => return matching(list, |id| range.contains(&id)),
        Subset::Remainder(divisor, left) => {
            return matching(list, |id| id.checked_rem(*divisor) == Some(*left));
        }
        Subset::Rows(range) => {
            let share = |end: u64| {
                let up_to = |whole: u64| part(end.into(), rows.into(), whole.into());
                up_to(before + count) - up_to(before)
            };
            share(range.start)..share(range.end)
        }
        Subset::Share(of, number) => {
            let end = |number: u128| part(number, (*of).into(), count.into());
            end((*number).into())..end(u128::from(*number) + 1)
        }
        Subset::Lists(range) if range.contains(&list.number) => 0..count.into(),
        Subset::Lists(_) => 0..0,
    };
    let most = |end: u128| end.min(count.into()) as usize;
    (most(range.start)..most(range.end)).collect()
}

fn matching(list: &List, is_meant: impl Fn(i64) -> bool) -> Vec<usize> {
    list.ids.iter().enumerate().filter(|(_, id)| is_meant(*id)).map(|(row, _)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::making::{Map, Vectors, Work, add, from_factory, set_direct_map, train};
    use anear_types::Measure;

    const ROWS: usize = 100;

    fn filled(description: &str) -> IndexParts {
        let rows: Vec<f32> = (0..4 * ROWS).map(|number| (number * 37 % 101) as f32).collect();
        let mut index = from_factory(description, 4, Measure::L2).unwrap();
        let (vectors, work) = (Vectors::Floats { values: &rows, dim: 4 }, Work::default());
        train(&mut index, vectors, &Default::default(), &work).unwrap();
        add(&mut index, vectors, None, &work).unwrap();
        index
    }

    fn emptied(index: &IndexParts) -> IndexParts {
        let mut empty = index.clone();
        crate::making::reset(&mut empty);
        empty
    }

    fn lists(index: &IndexParts) -> Vec<List> {
        match &index.structure {
            Structure::Inverted(inverted) => inverted.lists.clone().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn parts_that_cover_an_index_make_it_again() {
        for description in ["IVF5,Flat", "IVF5,SQ8", "IVF5,PQ2x4fs", "IVF5,RaBitQfs3"] {
            let whole = filled(description);
            let coverings = [
                vec![Subset::Rows(0..30), Subset::Rows(30..70), Subset::Rows(70..100)],
                vec![Subset::Share(2, 0), Subset::Share(2, 1)],
                vec![Subset::Lists(0..2), Subset::Lists(2..5)],
            ];
            for covering in coverings {
                let mut copy = emptied(&whole);
                let copied = covering.iter().map(|subset| copy_subset(&whole, subset, &mut copy));
                let copied: u64 = copied.map(Result::unwrap).sum();
                assert_eq!((copied, &copy), (ROWS as u64, &whole), "{description} {covering:?}");
            }
        }
    }

    #[test]
    fn rows_are_chosen_by_their_ids() {
        let whole = filled("IVF5,Flat");
        for (subset, expected) in [
            (Subset::Ids(10..13), vec![10, 11, 12]),
            (Subset::Remainder(40, 3), vec![3, 43, 83]),
            (Subset::Remainder(0, 3), vec![]),
        ] {
            let mut copy = emptied(&whole);
            assert_eq!(copy_subset(&whole, &subset, &mut copy).unwrap(), expected.len() as u64);
            let mut ids: Vec<i64> =
                lists(&copy).iter().flat_map(|list| list.ids.iter().collect::<Vec<_>>()).collect();
            ids.sort_unstable();
            assert_eq!(ids, expected);
            assert_eq!(copy.rows, expected.len() as u64);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let whole = filled("IVF5,Flat");
        let all = Subset::Ids(0..100);
        for other in ["IVF6,Flat", "IVF5,SQ8", "Flat"] {
            let mut other = from_factory(other, 4, Measure::L2).unwrap();
            copy_subset(&whole, &all, &mut other).unwrap_err();
        }
        let mut mapped = emptied(&whole);
        set_direct_map(&mut mapped, Map::Array).unwrap();
        copy_subset(&whole, &all, &mut mapped).unwrap_err();
        copy_subset(&filled("IVF5,FlatDedup"), &all, &mut emptied(&whole)).unwrap_err();
    }
}
