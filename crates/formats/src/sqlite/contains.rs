//! `json_contains(list, value)`, a function for conditions: whether a JSON list has a value in it.
//!
//! SQLite's own way is the table `json_each`, and a condition has no tables.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use serde_json::Value;

/// The name conditions call it by.
pub(super) const NAME: &str = "json_contains";

/// Adds the function to a connection.
pub(super) fn install(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(NAME, 2, flags, contains)
}

/// Null where the first argument is no JSON list.
fn contains(context: &mut Context<'_>) -> rusqlite::Result<Option<bool>> {
    let ValueRef::Text(text) = context.get_raw(0) else { return Ok(None) };
    let Ok(list) = serde_json::from_slice::<Vec<Value>>(text) else { return Ok(None) };
    let sought = context.get_raw(1);
    Ok(Some(list.iter().any(|element| equals(element, sought))))
}

/// Truth values are 0 and 1, as everywhere in SQLite; a list or an object equals nothing.
fn equals(element: &Value, sought: ValueRef<'_>) -> bool {
    match (element, sought) {
        (Value::Null, ValueRef::Null) => true,
        (Value::Bool(flag), ValueRef::Integer(number)) => i64::from(*flag) == number,
        (Value::Bool(flag), ValueRef::Real(number)) => f64::from(*flag) == number,
        (Value::Number(element), ValueRef::Integer(number)) => match element.as_i64() {
            Some(element) => element == number,
            None => element.as_f64() == Some(number as f64),
        },
        (Value::Number(element), ValueRef::Real(number)) => element.as_f64() == Some(number),
        (Value::String(element), ValueRef::Text(text)) => element.as_bytes() == text,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{NAME, install};
    use rusqlite::Connection;

    fn answer(list: &str, value: &str) -> Option<bool> {
        let connection = Connection::open_in_memory().unwrap();
        install(&connection).unwrap();
        let query = format!("SELECT {NAME}({list}, {value})");
        connection.query_row(&query, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn elements_are_found() {
        for (list, value, expected) in [
            (r#"["a", "b\"c", "ä"]"#, "'a'", true),
            (r#"["a", "b\"c", "ä"]"#, "'b\"c'", true),
            (r#"["a", "b\"c", "\u00e4"]"#, "'ä'", true),
            (r#"["a", "b"]"#, "'A'", false),
            (r#"["a,b"]"#, "'a'", false),
            (r#"[["a"], {"a": "a"}]"#, "'a'", false),
            ("[1, 2.0, true]", "1", true),
            ("[1, 2.0, true]", "2", true),
            ("[1, 2.0]", "2.0", true),
            ("[1, 2.0]", "1.0", true),
            ("[true]", "1", true),
            ("[true]", "0", false),
            ("[false]", "0.0", true),
            ("[1]", "'1'", false),
            (r#"["1"]"#, "1", false),
            ("[9223372036854775807]", "9223372036854775806", false),
            ("[null]", "NULL", true),
            ("[]", "NULL", false),
            ("[1]", "x'31'", false),
        ] {
            assert_eq!(answer(&format!("'{list}'"), value), Some(expected), "{value} in {list}");
        }
    }

    #[test]
    fn what_is_no_list_has_no_elements() {
        let deep = format!("'{}'", "[".repeat(100_000));
        for list in ["NULL", "1", "x'5b5d'", "'a'", "'\"a\"'", "'{\"a\": 1}'", "'[1'", &deep] {
            assert_eq!(answer(list, "'a'"), None, "{}", &list[..list.len().min(20)]);
        }
    }
}
