//! Which rows of a stretch are to be looked at.

use crate::flat::{Mask, Which};
use crate::{Keep, RowSet};
use std::ops::Range;

/// With more queries than these it is scoring that takes the time, not the way to the rows.
const FEW_QUERIES: usize = 32;
/// If so many of a hundred rows pass, all are scored: for few queries, to which rows come fastest
/// side by side ..
const PERCENT_FOR_FEW: u64 = 40;
/// .. and for many, which gain from every row that need not be scored.
const PERCENT_FOR_MANY: u64 = 75;

/// The rows of `range` that pass a filter and were not removed, for so many queries. `buffer`
/// holds the list where there is none to borrow from.
pub(super) fn passing<'a>(
    queries: usize,
    range: Range<u64>,
    keep: Keep<'a>,
    removed: &'a RowSet,
    buffer: &'a mut Vec<u64>,
) -> Which<'a> {
    let rows = range.end - range.start;
    let gone = removed.count_in(range.clone());
    let kept = match keep {
        Keep::All => None,
        Keep::Set(set) => Some(set),
        Keep::Listed(list) => {
            let list = within(list, &range);
            if gone == 0 {
                return Which::Listed(list);
            }
            buffer.clear();
            buffer.extend(list.iter().copied().filter(|row| !removed.contains(*row)));
            return Which::Listed(buffer);
        }
    };
    // At least so many pass.
    let least = kept.map_or(rows, |set| set.count_in(range.clone())).saturating_sub(gone);
    if least == rows {
        return Which::All;
    }
    let percent = if queries <= FEW_QUERIES { PERCENT_FOR_FEW } else { PERCENT_FOR_MANY };
    if least.saturating_mul(100) >= rows.saturating_mul(percent) {
        return Which::Most(Mask { kept, removed });
    }
    buffer.clear();
    match kept {
        None => buffer.extend(removed.others(range)),
        Some(set) => {
            let members = set.members(range);
            buffer.extend(members.filter(|row| gone == 0 || !removed.contains(*row)));
        }
    }
    Which::Listed(buffer)
}

/// The part of an ascending list that lies in a range.
fn within<'a>(list: &'a [u64], range: &Range<u64>) -> &'a [u64] {
    let list = &list[list.partition_point(|row| *row < range.start)..];
    &list[..list.partition_point(|row| *row < range.end)]
}
