//! The database: its pages, and that its tables agree with each other.

use super::{Verified, unreadable};
use crate::read::Moment;
use crate::sql::numbers::MOST_ROWS;
use crate::sql::schema::{ID, ROW, TABLE};
use anear_types::Result;
use std::collections::HashSet;
use std::ops::Range;

/// No more problems of one sort are told than this.
const MOST_TOLD: usize = 20;

/// Returns whether all is well.
pub(super) fn check(moment: &Moment, verified: &mut Verified) -> Result<bool> {
    let before = verified.problems.len();
    for what in texts(moment, &format!("PRAGMA integrity_check({MOST_TOLD})"))? {
        if what != "ok" {
            verified.broken(format!("the database: {what}"));
        }
    }
    check_columns(moment, verified)?;
    let checked = check_rows(moment, verified);
    verified.note(checked);
    Ok(verified.problems.len() == before)
}

/// The first column of what a query gives, as text.
fn texts(moment: &Moment, query: &str) -> Result<Vec<String>> {
    let read = moment.connection().prepare(query).and_then(|mut statement| {
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()
    });
    read.map_err(unreadable)
}

fn check_columns(moment: &Moment, verified: &mut Verified) -> Result<()> {
    let found = texts(moment, &format!("SELECT name FROM pragma_table_info('{TABLE}')"))?;
    let mut expected: HashSet<String> = [ROW, ID].map(str::to_owned).into();
    expected.extend(moment.columns()?.into_iter().map(|column| column.stored_as));
    for name in &found {
        if !expected.remove(name) {
            verified.broken(format!("the column {name:?} is not among the metadata columns"));
        }
    }
    for name in expected {
        verified.broken(format!("the metadata column {name:?} is missing"));
    }
    Ok(())
}

/// Each row has to be either there or deleted, with an id of the kind of all.
fn check_rows(moment: &Moment, verified: &mut Verified) -> Result<()> {
    let marks = moment.marks();
    let ids = moment.ids_kind()?;
    let mut gone = moment.deleted(0)?;
    gone.sort_unstable();
    let mut told = 0;
    let mut tell = |what: String| {
        told += 1;
        if told <= MOST_TOLD {
            verified.broken(what);
        }
    };
    for pair in gone.windows(2).filter(|pair| pair[0] == pair[1]) {
        tell(format!("row {} was deleted twice", pair[0]));
    }
    gone.dedup();
    let mut next = 0;
    moment.each_row(0..MOST_ROWS, &[], |row, id, _| {
        for lost in lost(&gone, next..row.min(marks.next_row)) {
            tell(format!("{} neither there nor deleted", named(&lost)));
        }
        if gone.binary_search(&row).is_ok() {
            tell(format!("row {row} is there and deleted"));
        }
        if row >= marks.next_row {
            tell(format!("row {row} has no vector"));
        }
        if let Some(kind) = ids.filter(|kind| id.kind() != Some(*kind)) {
            tell(format!("the id {id} is no {}", kind.name()));
        }
        next = row + 1;
    })?;
    for lost in lost(&gone, next..marks.next_row) {
        tell(format!("{} neither there nor deleted", named(&lost)));
    }
    let below = format!("SELECT quote({ROW}) FROM {TABLE} WHERE {ROW} < 0 LIMIT {MOST_TOLD}");
    for row in texts(moment, &below)? {
        tell(format!("row {row} has no vector"));
    }
    Ok(())
}

/// The stretches of a range that are not on a list of rows, rising. The range may be longer than
/// one can count through.
fn lost(gone: &[u64], rows: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let first = gone.partition_point(|row| *row < rows.start);
    let within = gone[first..].iter().copied().take_while(move |row| *row < rows.end);
    let mut next = rows.start;
    let stretches = within.chain([rows.end]).map(move |row| {
        let stretch = next..row;
        next = row + 1;
        stretch
    });
    stretches.filter(|stretch| !stretch.is_empty())
}

/// Rows with their verb.
fn named(rows: &Range<u64>) -> String {
    match rows.end - rows.start {
        1 => format!("row {} is", rows.start),
        _ => format!("rows {} to {} are", rows.start, rows.end - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_on_the_list_are_lost() {
        let stretches =
            |rows| -> Vec<String> { lost(&[0, 3, 4, 9], rows).map(|lost| named(&lost)).collect() };
        assert_eq!(stretches(0..11), ["rows 1 to 2 are", "rows 5 to 8 are", "row 10 is"]);
        assert_eq!(stretches(2..8), ["row 2 is", "rows 5 to 7 are"]);
        assert_eq!(stretches(9..10), [] as [&str; 0]);
        assert_eq!(stretches(11..11), [] as [&str; 0]);
        assert_eq!(stretches(5..1 << 60).len(), 2);
    }
}
