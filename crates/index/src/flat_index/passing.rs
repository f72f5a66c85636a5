//! Which rows of a stretch are to be looked at.

use crate::{Keep, RowSet};
use std::ops::Range;

/// The rows of `range` that pass a filter and were not removed, ascending; `None` for all of them.
/// `buffer` holds the list where there is none to borrow from.
pub(super) fn passing<'a>(
    range: Range<u64>,
    keep: Keep<'a>,
    removed: &RowSet,
    buffer: &'a mut Vec<u64>,
) -> Option<&'a [u64]> {
    buffer.clear();
    let is_whole = removed.count() == 0 || removed.members(range.clone()).next().is_none();
    match keep {
        Keep::All if is_whole => return None,
        Keep::All => buffer.extend(removed.others(range)),
        Keep::Listed(list) => {
            let start = list.partition_point(|row| *row < range.start);
            let list = &list[start..];
            let list = &list[..list.partition_point(|row| *row < range.end)];
            if is_whole {
                return Some(list);
            }
            buffer.extend(list.iter().copied().filter(|row| !removed.contains(*row)));
        }
        Keep::Set(set) => {
            let members = set.members(range.clone());
            buffer.extend(members.filter(|row| is_whole || !removed.contains(*row)));
            if buffer.len() as u64 == range.end - range.start {
                return None;
            }
        }
    }
    Some(buffer)
}
