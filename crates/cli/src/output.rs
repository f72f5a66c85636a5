//! What goes to standard output: JSON, or tables for people.

use anear::{Result, Value};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Map, Value as Json};
use std::io::{IsTerminal, Write};

/// Prints one JSON document on one line.
pub(crate) fn json(document: &Json) -> Result<()> {
    text(&document.to_string())
}

/// Prints a line. A reader that stops listening (`| head`) is no error.
pub(crate) fn text(line: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anear::Error::io("cannot write to standard output", error))
        }
        _ => Ok(()),
    }
}

/// A table without lines around it, as wide as the terminal, or as its content elsewhere.
pub(crate) fn table<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.into_iter().map(Into::into).collect::<Vec<String>>());
    table
}

/// Prints a table without spaces at the ends of lines.
pub(crate) fn print(table: &Table) -> Result<()> {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    text(&lines.join("\n"))
}

/// A metadata value as JSON; bytes as an array of numbers.
pub(crate) fn value_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Real(value) => Json::from(*value),
        Value::Text(value) => Json::from(&**value),
        Value::Blob(value) => Json::from(value.to_vec()),
    }
}

/// A metadata column that is shown.
pub(crate) struct Shown {
    pub(crate) name: String,
    /// Whether its texts are JSON documents, which are part of a JSON output as such.
    pub(crate) json: bool,
}

impl Shown {
    /// A column whose texts are texts.
    pub(crate) fn plain(name: String) -> Shown {
        Shown { name, json: false }
    }

    /// A column, which is one of JSON documents if it is among these.
    pub(crate) fn among(name: &str, documents: &[String]) -> Shown {
        Shown { name: name.to_owned(), json: documents.iter().any(|document| document == name) }
    }
}

/// The metadata values of a row as a JSON object.
pub(crate) fn object<'a>(values: impl IntoIterator<Item = (&'a Shown, &'a Value)>) -> Json {
    let pair = |(column, value): (&Shown, &Value)| {
        let document = match value {
            Value::Text(text) if column.json => serde_json::from_str(text).ok(),
            _ => None,
        };
        (column.name.clone(), document.unwrap_or_else(|| value_json(value)))
    };
    Json::Object(values.into_iter().map(pair).collect::<Map<String, Json>>())
}

/// Named values as a JSON object.
pub(crate) fn pairs<'a>(pairs: impl IntoIterator<Item = &'a (String, Value)>) -> Json {
    let pairs = pairs.into_iter().map(|(name, value)| (name.clone(), value_json(value)));
    Json::Object(pairs.collect::<Map<String, Json>>())
}

/// A metadata value for a cell of a table: one line, control characters escaped.
pub(crate) fn cell(value: &Value) -> String {
    let text = value.to_string();
    match text.chars().any(char::is_control) {
        true => text.chars().flat_map(escape).collect(),
        false => text,
    }
}

fn escape(character: char) -> Vec<char> {
    match character.is_control() {
        true => character.escape_default().collect(),
        false => vec![character],
    }
}
