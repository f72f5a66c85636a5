//! The groups that rows lie in, named after a value of their metadata.

use crate::error::sql;
use crate::sql::columns;
use crate::sql::numbers::{damaged, number};
use crate::sql::schema::{ROW, TABLE};
use anear_formats::sqlite::names::quoted;
use anear_formats::sqlite::values::from_sqlite;
use anear_types::{Result, Value};
use rusqlite::{Connection, params};
use std::ops::Range;

/// The group of rows without a value, and of those that are deleted.
const NULL: &str = "%null";
/// The group of rows with an empty text.
const EMPTY: &str = "%empty";
/// A longer name is cut.
const MOST_BYTES: usize = 500;

/// The name of the group of each row of a range, by what the table says now of a column.
pub(crate) fn group_names(
    connection: &Connection,
    column: &str,
    rows: Range<u64>,
) -> Result<Vec<String>> {
    let mut names = vec![NULL.to_owned(); (rows.end - rows.start) as usize];
    let known = columns::read(connection)?;
    let Some(column) = known.iter().find(|known| known.info.name == column) else {
        return Ok(names);
    };
    let place = quoted(&column.stored_as);
    let query = format!("SELECT {ROW}, {place} FROM {TABLE} WHERE {ROW} >= ? AND {ROW} < ?");
    let mut read = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(&query)?;
        let mut found = statement.query(params![rows.start as i64, rows.end as i64])?;
        while let Some(row) = found.next()? {
            let value = from_sqlite(row.get_ref(1)?, Some(column.info.kind));
            let position = number(row, 0)?.checked_sub(rows.start);
            let name = position.and_then(|position| names.get_mut(position as usize));
            *name.ok_or_else(|| damaged("its rows are not in order".to_owned()))? = name_of(&value);
        }
        Ok(())
    };
    read().map_err(sql)?;
    Ok(names)
}

/// The name of the group for a value. Values that are shown alike share a group.
///
/// What HDF5 has no names for is written as in a URL: `/`, zero bytes, a name of dots only, and `%`
/// itself.
fn name_of(value: &Value) -> String {
    let text = match value {
        Value::Null => return NULL.to_owned(),
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        other => other.to_string(),
    };
    if text.is_empty() {
        return EMPTY.to_owned();
    }
    let only_dots = text.bytes().all(|byte| byte == b'.');
    let mut name = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '/' | '\0' | '%' => name.push_str(&format!("%{:02X}", character as u32)),
            '.' if only_dots => name.push_str("%2E"),
            other => name.push(other),
        }
    }
    cut(name, &text)
}

/// A name that is not too long for HDF5: of a long one the beginning, and a checksum of all of it.
fn cut(mut name: String, text: &str) -> String {
    if name.len() > MOST_BYTES {
        let end = (0..MOST_BYTES).rev().find(|end| name.is_char_boundary(*end));
        name.truncate(end.unwrap_or(0));
        name.push_str(&format!("%~{:08x}", crc32fast::hash(text.as_bytes())));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_what_hdf5_can_have() {
        let text = |text: &str| name_of(&Value::text(text));
        assert_eq!(text("a b/c.pdf"), "a b%2Fc.pdf");
        assert_eq!(text("100%\0"), "100%25%00");
        assert_eq!((text("."), text("..")), ("%2E".to_owned(), "%2E%2E".to_owned()));
        assert_eq!((text(""), name_of(&Value::Null)), (EMPTY.to_owned(), NULL.to_owned()));
        assert_eq!((text("%null"), text("null")), ("%25null".to_owned(), "null".to_owned()));
        assert_eq!(name_of(&Value::Int(-3)), "-3");
        assert_eq!(name_of(&Value::Real(0.5)), "0.5");
        assert_eq!(name_of(&Value::Bool(true)), "true");
        assert_eq!(name_of(&Value::Blob([1, 255].into())), "01ff");
    }

    #[test]
    fn long_texts_that_begin_alike_have_names_of_their_own() {
        let names: HashSet<String> = (0..10)
            .map(|number| name_of(&Value::text(format!("{}{number}", "é".repeat(999)))))
            .collect();
        assert_eq!(names.len(), 10);
        assert!(names.iter().all(|name| name.len() < MOST_BYTES + 20 && name.starts_with("éé")));
    }
}
