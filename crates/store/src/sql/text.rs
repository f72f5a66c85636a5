//! Text search: an FTS5 table over some of the metadata columns, kept up to date by triggers.

use super::columns;
use super::schema::{ROW, TABLE};
use crate::error::sql;
use anear_formats::sqlite::names::quoted;
use anear_types::{Column, ColumnKind, Error, Result};
use rusqlite::Connection;

/// The table of the text index.
pub(crate) const TEXT_TABLE: &str = "embeddings_text";

/// Makes columns searchable as text, those that are not there yet too.
pub(crate) fn add(connection: &Connection, names: &[String]) -> Result<()> {
    let empty =
        |name: &String| Column { name: name.clone(), kind: ColumnKind::Text, values: Vec::new() };
    let wanted: Vec<Column> = names.iter().map(empty).collect();
    let (stored, _) = columns::ensure(connection, &wanted, &[])?;
    for column in &stored {
        let name = &column.info.name;
        if ["rank", TEXT_TABLE].iter().any(|own| own.eq_ignore_ascii_case(&column.stored_as)) {
            return Err(Error::usage(format!("SQLite cannot search a column called {name:?}")));
        }
        connection.execute("UPDATE columns SET text = 1 WHERE name = ?", [name]).map_err(sql)?;
    }
    drop_index(connection)?;
    create_index(connection)
}

/// Makes the index over all columns that are to be searched, if there are any, and fills it.
pub(crate) fn create_index(connection: &Connection) -> Result<()> {
    let definitions = definitions(connection)?;
    let Some((table, triggers)) = definitions.split_first() else { return Ok(()) };
    let fill = format!("INSERT INTO {TEXT_TABLE} ({TEXT_TABLE}) VALUES ('rebuild')");
    let create = |statement: &String| connection.execute_batch(statement).map_err(sql);
    [table, &fill].into_iter().chain(triggers).try_for_each(create)
}

/// The statements that make the index: its table, and the triggers that keep it true. None if no
/// column is to be searched.
pub(crate) fn definitions(connection: &Connection) -> Result<Vec<String>> {
    let stored = columns::read(connection)?;
    let names: Vec<String> = stored
        .iter()
        .filter(|column| column.text)
        .map(|column| quoted(&column.stored_as))
        .collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let list = names.join(", ");
    let of = |row: &str| {
        let values: Vec<String> = names.iter().map(|name| format!("{row}.{name}")).collect();
        format!("{row}.{ROW}, {}", values.join(", "))
    };
    let (new, old) = (of("new"), of("old"));
    let insert = format!("INSERT INTO {TEXT_TABLE} (rowid, {list}) VALUES ({new});");
    let delete =
        format!("INSERT INTO {TEXT_TABLE} ({TEXT_TABLE}, rowid, {list}) VALUES ('delete', {old});");
    let trigger = |name: &str, when: &str, what: &str| {
        format!("CREATE TRIGGER {TEXT_TABLE}_{name} AFTER {when} ON {TABLE} BEGIN {what} END")
    };
    Ok(vec![
        format!(
            "CREATE VIRTUAL TABLE {TEXT_TABLE} USING fts5 ({list}, content = '{TABLE}', content_rowid = '{ROW}')"
        ),
        trigger("inserted", "INSERT", &insert),
        trigger("deleted", "DELETE", &delete),
        trigger("updated", &format!("UPDATE OF {list}"), &format!("{delete} {insert}")),
    ])
}

/// Removes the index, if there is one.
pub(crate) fn drop_index(connection: &Connection) -> Result<()> {
    connection
        .execute_batch(&format!(
            "DROP TRIGGER IF EXISTS {TEXT_TABLE}_inserted;
             DROP TRIGGER IF EXISTS {TEXT_TABLE}_deleted;
             DROP TRIGGER IF EXISTS {TEXT_TABLE}_updated;
             DROP TABLE IF EXISTS {TEXT_TABLE};"
        ))
        .map_err(sql)
}

/// A query for rows that hold any of the words, or of the phrases in double quotes; `None` if
/// there is neither.
///
/// ```text
/// near "close by"       ->   "near" OR "close by"
/// near OR "close by"    ->   the same
/// ```
pub(crate) fn query(text: &str) -> Option<String> {
    let mut terms = Vec::new();
    for (position, part) in text.split('"').enumerate() {
        if position % 2 == 1 {
            terms.push(part.to_owned());
        } else {
            terms.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    let has_words = |term: &String| term != "OR" && term.chars().any(char::is_alphanumeric);
    let terms: Vec<String> = terms
        .into_iter()
        .filter(has_words)
        .map(|term| format!("\"{}\"", term.replace('\0', " ")))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn words_and_phrases_are_quoted() {
        assert_eq!(query("near \"close by\"").unwrap(), "\"near\" OR \"close by\"");
        assert_eq!(query("a* AND (b) NOT \"").unwrap(), "\"a*\" OR \"AND\" OR \"(b)\" OR \"NOT\"");
        assert_eq!(query("near OR \"close by\""), query("near \"close by\""));
        assert_eq!(query(" -- \"\" ."), None);
    }
}
