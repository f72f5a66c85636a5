//! The database: its pages, and that its tables agree with each other.

use super::{Verified, unreadable};
use crate::read::Moment;
use crate::sql::schema::{ID, ROW, TABLE};
use anear_types::Result;
use std::collections::HashSet;

/// No more problems of one sort are told than this.
const MOST_TOLD: usize = 20;

pub(super) fn check(moment: &Moment, verified: &mut Verified) -> Result<()> {
    for what in texts(moment, &format!("PRAGMA integrity_check({MOST_TOLD})"))? {
        if what != "ok" {
            verified.broken(format!("the database: {what}"));
        }
    }
    check_columns(moment, verified)?;
    check_ids(moment, verified)?;
    check_rows(moment, verified)
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

fn check_ids(moment: &Moment, verified: &mut Verified) -> Result<()> {
    let Some(kind) = moment.ids_kind()? else { return Ok(()) };
    let expected = match kind {
        anear_types::ColumnKind::Int => "integer",
        _ => "text",
    };
    let odd = format!(
        "SELECT quote({ID}) FROM {TABLE} WHERE typeof({ID}) <> '{expected}' LIMIT {MOST_TOLD}"
    );
    for id in texts(moment, &odd)? {
        verified.broken(format!("the id {id} is no {expected}"));
    }
    Ok(())
}

/// Each row has to be either there or deleted.
fn check_rows(moment: &Moment, verified: &mut Verified) -> Result<()> {
    let marks = moment.marks();
    let mut gone = moment.deleted(0)?;
    gone.sort_unstable();
    let mut told = 0;
    let mut tell = |verified: &mut Verified, what: String| {
        told += 1;
        if told <= MOST_TOLD {
            verified.broken(what);
        }
    };
    for pair in gone.windows(2).filter(|pair| pair[0] == pair[1]) {
        tell(verified, format!("row {} was deleted twice", pair[0]));
    }
    let mut gone = gone.into_iter().peekable();
    let mut next = 0;
    let each = |row: u64, _, _: &mut dyn Iterator<Item = _>| {
        while next < row {
            if gone.next_if_eq(&next).is_none() {
                tell(verified, format!("row {next} is neither there nor deleted"));
            }
            next += 1;
        }
        if gone.next_if_eq(&row).is_some() {
            tell(verified, format!("row {row} is there and deleted"));
        }
        next = row + 1;
    };
    let mut each = each;
    moment.each_row(0..marks.next_row, &[], &mut each)?;
    each(marks.next_row, anear_types::Value::Null, &mut std::iter::empty());
    let beyond = format!(
        "SELECT quote({ROW}) FROM {TABLE} WHERE {ROW} < 0 OR {ROW} >= {} LIMIT {MOST_TOLD}",
        marks.next_row
    );
    for row in texts(moment, &beyond)? {
        verified.broken(format!("row {row} has no vector"));
    }
    Ok(())
}
