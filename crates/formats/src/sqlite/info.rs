//! What a file written here says of itself: the table `anear_info` of keys and values.
//!
//! | key | value |
//! | --- | --- |
//! | `table`, `column` | where the vectors are |
//! | `element` | the type of a component, such as `f32` |
//! | `dim` | components in a vector |
//! | `encoding` | `raw` (little-endian) or `pickle` |
//! | `metric` | the metric, if known |
//! | `generated_ids` | the column of ids that were made up: they count from 0 |
//! | `ids` | the column of the ids, where it is not the primary key |
//! | `name:COLUMN` | what a column is really called, where SQL could not call it so |
//! | `mixed:COLUMN` | 1: a column without a type, whatever its first values are |
//! | `attribute:NAME`, `flag:NAME` | an attribute; a flag is true or false |
//!
//! Such a table is a hint like any other content of the file: what does not fit is ignored, and
//! each row is checked as if it were not there.

use super::connection::Connection;
use super::error::from_sqlite;
use super::names::quoted;
use super::tables::INFO_TABLE;
use super::values;
use anear_types::{Element, Metric, Result, Schema, Value};

/// Where the vectors are and what SQL has no place for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Info {
    pub(super) table: String,
    pub(super) column: String,
    pub(super) element: Option<Element>,
    pub(super) dim: Option<usize>,
    pub(super) pickled: bool,
    pub(super) metric: Option<Metric>,
    pub(super) generated_ids: Option<String>,
    pub(super) ids: Option<String>,
    /// Columns with another name in SQL: that name and the real one.
    pub(super) names: Vec<(String, String)>,
    /// Columns whose values are of several kinds.
    pub(super) mixed: Vec<String>,
    pub(super) attributes: Vec<(String, Value)>,
}

/// More lines than this are not read.
const MOST_LINES: i64 = 100_000;

impl Info {
    /// Reads the table.
    ///
    /// # Errors
    /// If the database is damaged.
    pub(super) fn read(connection: &Connection) -> Result<Info> {
        let mut info = Info::default();
        let sql =
            format!("SELECT key, value FROM main.{} ORDER BY rowid LIMIT ?", quoted(INFO_TABLE));
        let Ok(mut statement) = connection.query().prepare(&sql) else {
            return Ok(info); // a table of this name but of another kind
        };
        let mut rows = statement.query([MOST_LINES]).map_err(from_sqlite)?;
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            let key = values::from_sqlite(row.get_ref(0).map_err(from_sqlite)?, None);
            let value = values::from_sqlite(row.get_ref(1).map_err(from_sqlite)?, None);
            if let Value::Text(key) = key {
                info.take(&key, value);
            }
        }
        Ok(info)
    }

    fn take(&mut self, key: &str, value: Value) {
        let (key, name) = key.split_once(':').unwrap_or((key, ""));
        match (key, value) {
            ("table", Value::Text(text)) => self.table = text.into(),
            ("column", Value::Text(text)) => self.column = text.into(),
            ("element", Value::Text(text)) => self.element = Element::from_name(&text),
            ("dim", Value::Int(dim)) => self.dim = usize::try_from(dim).ok(),
            ("encoding", Value::Text(text)) => self.pickled = &*text == "pickle",
            ("metric", Value::Text(text)) => {
                self.metric = Metric::from_name(&text);
            }
            ("generated_ids", Value::Text(text)) => self.generated_ids = Some(text.into()),
            ("ids", Value::Text(text)) => self.ids = Some(text.into()),
            ("name", Value::Text(text)) => self.names.push((name.to_owned(), text.into())),
            ("mixed", _) => self.mixed.push(name.to_owned()),
            ("attribute", value) => self.attributes.push((name.to_owned(), value)),
            ("flag", Value::Int(flag)) => {
                self.attributes.push((name.to_owned(), Value::Bool(flag != 0)));
            }
            _ => {} // of a later version
        }
    }

    /// What to note about a file with this schema. The columns' names are added by the caller.
    pub(super) fn of(schema: &Schema, table: &str, column: &str, pickled: bool) -> Info {
        Info {
            table: table.to_owned(),
            column: column.to_owned(),
            element: Some(schema.element),
            dim: Some(schema.dim),
            pickled,
            metric: schema.metric,
            attributes: schema.attributes.clone(),
            ..Info::default()
        }
    }

    /// The lines of the table.
    pub(super) fn lines(&self) -> Vec<(String, Value)> {
        let text = |key: &str, value: &str| (key.to_owned(), Value::text(value));
        let mut lines = vec![text("table", &self.table), text("column", &self.column)];
        lines.extend(self.element.map(|element| text("element", element.name())));
        lines.extend(self.dim.map(|dim| ("dim".to_owned(), Value::Int(dim as i64))));
        lines.push(text("encoding", if self.pickled { "pickle" } else { "raw" }));
        lines.extend(self.metric.map(|metric| text("metric", metric.name())));
        lines.extend(self.generated_ids.as_deref().map(|column| text("generated_ids", column)));
        lines.extend(self.ids.as_deref().map(|column| text("ids", column)));
        lines.extend(self.names.iter().map(|(sql, real)| text(&format!("name:{sql}"), real)));
        lines.extend(self.mixed.iter().map(|name| (format!("mixed:{name}"), Value::Int(1))));
        lines.extend(self.attributes.iter().map(|(name, value)| match value {
            Value::Bool(flag) => (format!("flag:{name}"), Value::Int(i64::from(*flag))),
            value => (format!("attribute:{name}"), value.clone()),
        }));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood_again() {
        let mut schema = Schema::matrix(Element::F16, 3, 4);
        schema.metric = Some(Metric::Cosine);
        schema.attributes = vec![
            ("model".to_owned(), Value::text("a:b")),
            ("normalized".to_owned(), Value::Bool(true)),
            ("empty".to_owned(), Value::Null),
        ];
        let mut info = Info::of(&schema, "T", "c", true);
        info.names = vec![("title_2".to_owned(), "Title".to_owned())];
        info.generated_ids = Some("id".to_owned());
        let mut again = Info::default();
        for (key, value) in info.lines() {
            again.take(&key, value);
        }
        assert_eq!(again, info);
    }
}
