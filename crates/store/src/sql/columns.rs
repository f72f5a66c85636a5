//! Metadata columns: their names in SQL, and their kinds, which grow with what comes.
//!
//! A column is declared with the SQL type of its kind, so that any client shows what is in it, and
//! SQLite's conversions do nothing to values of that kind. When values of another kind come, the
//! column is made anew: integers and fractions become `real` if no integer is too large for that,
//! a column that holds nothing yet takes any kind, everything else becomes `mixed`, which has no
//! SQL type and keeps each value as it is. A column of JSON takes all values as JSON.

use super::numbers::Rising;
use super::schema::{ID, ROW, TABLE};
use crate::error::sql;
use crate::spec::StoredColumn;
use anear_formats::sqlite::names::{free_name, quoted};
use anear_formats::sqlite::values::sql_type;
use anear_types::{Column, ColumnInfo, ColumnKind, Error, ErrorKind, Result, Value};
use rusqlite::{Connection, params};
use std::collections::HashSet;

/// SQLite's own limit is 2,000, with two for us.
const MOST_COLUMNS: usize = 1_990;
/// What no metadata column can be called, in lower case: the table has it anyway.
const OF_ROWS: [&str; 5] = [ROW, ID, "rowid", "oid", "_rowid_"];
/// Integers up to here are exact as `real`.
const EXACT: i64 = 1 << 53;

/// All columns, in the order they appeared.
pub(crate) fn read(connection: &Connection) -> Result<Vec<StoredColumn>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT name, stored_as, kind, json, text, position FROM columns ORDER BY position",
        )
        .map_err(sql)?;
    let mut rows = statement.query([]).map_err(sql)?;
    let (mut columns, mut positions) = (Vec::new(), Rising::<i64>::new());
    let mut names: HashSet<String> = OF_ROWS.iter().map(|name| (*name).to_owned()).collect();
    while let Some(row) = rows.next().map_err(sql)? {
        let column = || -> rusqlite::Result<(String, String, String, bool, bool)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        };
        let (name, stored_as, kind, json, text) = column().map_err(sql)?;
        positions.next(row, 5).map_err(sql)?;
        if !names.insert(stored_as.to_ascii_lowercase()) {
            return Err(Error::malformed(format!(
                "the column {name:?} is stored as {stored_as:?}, as another is"
            )));
        }
        let kind = ColumnKind::from_name(&kind)
            .ok_or_else(|| Error::malformed(format!("the column {name:?} is of kind {kind:?}")))?;
        columns.push(StoredColumn { info: ColumnInfo { name, kind }, json, text, stored_as });
    }
    Ok(columns)
}

/// Adds the columns there are to what is said against a condition.
pub(crate) fn help(error: Error, connection: &Connection) -> Error {
    if error.kind() != ErrorKind::Usage {
        return error;
    }
    let Ok(columns) = read(connection) else { return error };
    let names: Vec<&str> = columns.iter().map(|column| &*column.stored_as).collect();
    error.help(format!("the columns are: {ID}, {}", names.join(", ")))
}

/// Makes room for some columns of a batch: adds those that are new, and widens those whose values
/// are of another kind. Returns what each is stored as, in the order given, and whether an
/// existing column had to be made anew.
pub(crate) fn ensure(
    connection: &Connection,
    batch: &[Column],
    json: &[String],
) -> Result<(Vec<StoredColumn>, bool)> {
    let mut known = read(connection)?;
    let mut remade = false;
    let mut places = Vec::with_capacity(batch.len());
    for column in batch {
        let is_json = json.contains(&column.name);
        let position = known.iter().position(|other| other.info.name == column.name);
        let position = match position {
            Some(position) => {
                remade |= widen(connection, &mut known[position], column, is_json)?;
                position
            }
            None => {
                known.push(add(connection, &known, column, is_json)?);
                known.len() - 1
            }
        };
        if places.contains(&position) {
            return Err(Error::usage(format!("the column {:?} is given twice", column.name)));
        }
        places.push(position);
    }
    Ok((places.into_iter().map(|position| known[position].clone()).collect(), remade))
}

/// What a value is stored as in a column; `is_json` if it is a JSON document already.
pub(crate) fn stored(column: &StoredColumn, is_json: bool, value: &Value) -> Value {
    if column.json && !is_json { as_json(value) } else { value.clone() }
}

/// A value as a JSON document.
pub(crate) fn as_json(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Text(text) => Value::text(quote_json(text)),
        Value::Real(number) if !number.is_finite() => Value::Null,
        Value::Blob(bytes) => Value::text(quote_json(&String::from_utf8_lossy(bytes))),
        other => Value::text(other.to_string()),
    }
}

fn quote_json(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn add(
    connection: &Connection,
    known: &[StoredColumn],
    column: &Column,
    json: bool,
) -> Result<StoredColumn> {
    let name = &column.name;
    if name.is_empty() || name.contains('\0') || name.len() > 1000 {
        return Err(Error::usage(format!("{name:?} is no name for a metadata column")));
    }
    if name.eq_ignore_ascii_case(ID) {
        return Err(Error::usage(format!("a metadata column cannot be called {name:?}"))
            .help("ids are given apart from metadata; in a file, --ids names their column"));
    }
    if known.len() >= MOST_COLUMNS {
        return Err(Error::limit(format!("there are {MOST_COLUMNS} metadata columns already"))
            .help("put rare facts together into one column as JSON"));
    }
    let taken = |name: &str| {
        OF_ROWS.iter().any(|other| other.eq_ignore_ascii_case(name))
            || known.iter().any(|column| column.stored_as.eq_ignore_ascii_case(name))
    };
    let stored_as = free_name(name, taken);
    let kind = if json { ColumnKind::Text } else { kind_of(column) };
    let (place, kind_sql) = (quoted(&stored_as), sql_type(kind));
    connection
        .execute_batch(&format!("ALTER TABLE {TABLE} ADD COLUMN {place} {kind_sql}"))
        .map_err(sql)?;
    connection
        .execute(
            "INSERT INTO columns (name, stored_as, kind, json) VALUES (?, ?, ?, ?)",
            params![name, stored_as, kind.name(), json],
        )
        .map_err(sql)?;
    let info = ColumnInfo { name: name.clone(), kind };
    Ok(StoredColumn { info, json, text: false, stored_as })
}

/// The kind of the values; what the batch says if there are none.
fn kind_of(column: &Column) -> ColumnKind {
    let found = column.values.iter().filter_map(Value::kind).reduce(ColumnKind::join);
    found.map_or(column.kind, |found| match column.kind.join(found) {
        joined if joined == column.kind => joined,
        _ => found,
    })
}

/// Makes an existing column fit for more values. Returns whether it was made anew.
fn widen(
    connection: &Connection,
    known: &mut StoredColumn,
    column: &Column,
    json: bool,
) -> Result<bool> {
    if known.json {
        return Ok(false);
    }
    let place = quoted(&known.stored_as);
    if json {
        remake(connection, known, ColumnKind::Text, &format!("json_quote({place})"))?;
        connection
            .execute("UPDATE columns SET json = 1 WHERE name = ?", [&known.info.name])
            .map_err(sql)?;
        known.json = true;
        return Ok(true);
    }
    let Some(found) = column.values.iter().filter_map(Value::kind).reduce(ColumnKind::join) else {
        return Ok(false);
    };
    let joined = known.info.kind.join(found);
    let exact = |value: &Value| match value {
        Value::Int(number) => (-EXACT..=EXACT).contains(number),
        _ => true,
    };
    let mixes_numbers = joined == ColumnKind::Real
        && (found != ColumnKind::Real || known.info.kind != ColumnKind::Real);
    if joined == known.info.kind && (!mixes_numbers || column.values.iter().all(exact)) {
        return Ok(false);
    }
    let any = |condition: &str| -> Result<bool> {
        let query = format!("SELECT EXISTS (SELECT 1 FROM {TABLE} WHERE {condition})");
        connection.query_row(&query, [], |row| row.get(0)).map_err(sql)
    };
    let kind = if !any(&format!("{place} IS NOT NULL"))? {
        found
    } else if mixes_numbers {
        let large = format!("typeof({place}) = 'integer' AND abs({place} / 2) > {}", EXACT / 2);
        match column.values.iter().all(exact) && !any(&large)? {
            true => ColumnKind::Real,
            false => ColumnKind::Mixed,
        }
    } else {
        joined
    };
    remake(connection, known, kind, &place)?;
    Ok(true)
}

/// Makes a column anew with another SQL type, from an expression over the old one.
fn remake(
    connection: &Connection,
    column: &mut StoredColumn,
    kind: ColumnKind,
    expression: &str,
) -> Result<()> {
    if column.text {
        super::text::drop_index(connection)?;
    }
    let (place, kind_sql) = (quoted(&column.stored_as), sql_type(kind));
    connection
        .execute_batch(&format!(
            "ALTER TABLE {TABLE} ADD COLUMN \"_remade\" {kind_sql};
             UPDATE {TABLE} SET \"_remade\" = {expression} WHERE {place} IS NOT NULL;
             ALTER TABLE {TABLE} DROP COLUMN {place};
             ALTER TABLE {TABLE} RENAME COLUMN \"_remade\" TO {place};"
        ))
        .map_err(sql)?;
    connection
        .execute(
            "UPDATE columns SET kind = ? WHERE name = ?",
            params![kind.name(), column.info.name],
        )
        .map_err(sql)?;
    column.info.kind = kind;
    if column.text {
        super::text::create_index(connection)?;
    }
    Ok(())
}
