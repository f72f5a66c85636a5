//! From the tables of a database to its entries.

use super::connection::Connection;
use super::decode::Encoding;
use super::detect::{Finding, detect, is_vector_name};
use super::error::from_sqlite;
use super::info::Info;
use super::names::quoted;
use super::rows::{Rows, Start};
use super::tables::{INFO_TABLE, Table, TableColumn, list};
use super::values;
use crate::shape::array_schema;
use crate::{Entry, ReadOptions, Skipped};
use anear_io::ByteOrder;
use anear_types::{ColumnInfo, ColumnKind, Element, Error, Result, Schema};
use rusqlite::types::{Value, ValueRef};
use std::sync::Arc;

/// Rows that are looked at to find out what the columns hold, unless they are large.
const SAMPLE_ROWS: u64 = 32;
const SAMPLE_BYTES: usize = 4 << 20;

/// Where an entry is stored.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) rows: Arc<Rows>,
    /// The column of the vectors, quoted; empty for a table that is read without vectors.
    pub(super) column: String,
    pub(super) encoding: Encoding,
    /// For each column of the schema its name in the table, quoted, and its kind.
    pub(super) metadata: Vec<(String, ColumnKind)>,
}

/// What a database holds.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) entries: Vec<Entry>,
    pub(super) places: Vec<Place>,
    pub(super) skipped: Vec<Skipped>,
}

/// Looks through all tables.
///
/// # Errors
/// If the database is damaged; or if it holds no vectors, but something that looks like them and
/// cannot be read.
pub(super) fn discover(
    connection: &Connection,
    options: &ReadOptions,
    file_bytes: u64,
) -> Result<Contents> {
    let (tables, skipped) = list(connection, &options.limits)?;
    let view = skipped.iter().find(|skipped| skipped.reason.starts_with("it is a view"));
    let view = view.map(|view| view.name.clone());
    let info = match tables.iter().any(|table| table.name == INFO_TABLE) {
        true => Info::read(connection)?,
        false => Info::default(),
    };
    let mut contents = Contents { skipped, ..Contents::default() };
    let mut broken = None;
    for table in tables.iter().filter(|table| table.name != INFO_TABLE) {
        let rows =
            Rows::count(connection, table).map_err(|error| error.at_entry(table.name.as_str()))?;
        let sample = Sample::take(connection, table, &rows)
            .map_err(|error| error.at_entry(table.name.as_str()))?;
        let info = Some(&info).filter(|info| info.table == table.name);
        let mut survey = Survey { table, rows: Arc::new(rows), sample, info, options, file_bytes };
        survey.add_entries(&mut contents, &mut broken)?;
    }
    if let (true, Some(error)) = (contents.entries.is_empty(), broken) {
        return Err(error);
    }
    if let (true, Some(view)) = (contents.entries.is_empty(), view) {
        return Err(Error::unsupported("the database holds views, but no table with vectors")
            .at_entry(view)
            .help("store what the view gives in a table"));
    }
    if let Some(ids) = &options.ids
        && !contents.entries.is_empty()
        && contents.entries.iter().all(|entry| entry.schema.column(ids).is_none())
    {
        return Err(no_id_column(ids, &contents.entries));
    }
    Ok(contents)
}

fn no_id_column(ids: &str, entries: &[Entry]) -> Error {
    let mut names: Vec<&str> = Vec::new();
    for column in entries.iter().flat_map(|entry| &entry.schema.columns) {
        if !names.contains(&column.name.as_str()) {
            names.push(&column.name);
        }
    }
    let error = Error::usage(format!("there is no column \"{ids}\" to take the ids from"));
    error.help(format!("the columns are: {}", names.join(", ")))
}

/// The first rows: the values of each stored column.
struct Sample {
    /// Positions of the stored columns in the table.
    columns: Vec<usize>,
    values: Vec<Vec<Value>>,
}

impl Sample {
    fn take(connection: &Connection, table: &Table, rows: &Rows) -> Result<Sample> {
        let stored = table.columns.iter().enumerate().filter(|(_, column)| column.stored);
        let columns: Vec<usize> = stored.map(|(position, _)| position).collect();
        let list: String =
            columns.iter().map(|c| format!(", {}", quoted(&table.columns[*c].name))).collect();
        let sql = rows.select(&Start::First, &list);
        let mut statement = connection.query().prepare(&sql).map_err(from_sqlite)?;
        let parameters = rusqlite::params_from_iter(Start::First.bind(SAMPLE_ROWS));
        let mut found = statement.query(parameters).map_err(from_sqlite)?;
        let mut values = vec![Vec::new(); columns.len()];
        let mut bytes = 0;
        while bytes < SAMPLE_BYTES
            && let Some(row) = found.next().map_err(from_sqlite)?
        {
            for (position, values) in values.iter_mut().enumerate() {
                let value = row.get_ref(rows.key_columns() + position).map_err(from_sqlite)?;
                bytes += match value {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                    _ => 0,
                };
                values.push(owned(value));
            }
        }
        Ok(Sample { columns, values })
    }

    /// The sampled values of a column of the table.
    fn of(&self, column: usize) -> Option<&[Value]> {
        let position = self.columns.iter().position(|stored| *stored == column)?;
        Some(&self.values[position])
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
    }
}

/// One table while its columns are sorted into vectors and metadata.
struct Survey<'a> {
    table: &'a Table,
    rows: Arc<Rows>,
    sample: Sample,
    info: Option<&'a Info>,
    options: &'a ReadOptions,
    file_bytes: u64,
}

impl Survey<'_> {
    fn add_entries(&mut self, contents: &mut Contents, broken: &mut Option<Error>) -> Result<()> {
        let before = contents.skipped.len();
        let mut vectors = Vec::new();
        for (position, column) in self.table.columns.iter().enumerate() {
            let name = format!("{}.{}", self.table.name, column.name);
            match self.finding(position, column) {
                Finding::Other => {}
                Finding::Vectors { encoding, element, dim } => {
                    vectors.push((position, name, encoding, element, dim));
                }
                Finding::Broken(error) => {
                    let reason = format!("its first value cannot be read: {}", error.what());
                    contents.skipped.push(Skipped { name: name.clone(), reason });
                    broken.get_or_insert(error.at_entry(name).at_row(0));
                }
            }
        }
        let is_vector = |position: usize| vectors.iter().any(|(vector, ..)| *vector == position);
        let (metadata, ids) = self.metadata(is_vector);
        if vectors.is_empty() && self.options.tables {
            contents.entries.push(Entry {
                name: self.table.name.clone(),
                schema: self.schema(Element::F32, 0, &metadata, ids),
            });
            contents.places.push(self.place(String::new(), Encoding::Text, &metadata));
        } else if vectors.is_empty() && contents.skipped.len() == before {
            let reason = "none of its columns holds vectors".to_owned();
            contents.skipped.push(Skipped { name: self.table.name.clone(), reason });
        }
        for (position, name, encoding, element, dim) in vectors {
            let schema = self.schema(element, dim, &metadata, ids);
            let limits = &self.options.limits;
            array_schema(element, &schema.shape, limits, self.file_bytes)
                .and_then(|_| {
                    limits.check_expansion("the table", schema.total_bytes(), self.file_bytes)
                })
                .map_err(|error| error.at_entry(name.as_str()))?;
            contents.entries.push(Entry { name, schema });
            let column = quoted(&self.table.columns[position].name);
            contents.places.push(self.place(column, encoding, &metadata));
        }
        Ok(())
    }

    fn place(&self, column: String, encoding: Encoding, metadata: &[(usize, ColumnInfo)]) -> Place {
        let quoted_column = |position: &usize| quoted(&self.table.columns[*position].name);
        Place {
            rows: Arc::clone(&self.rows),
            column,
            encoding,
            metadata: metadata
                .iter()
                .map(|(position, info)| (quoted_column(position), info.kind))
                .collect(),
        }
    }

    fn finding(&self, position: usize, column: &TableColumn) -> Finding {
        let Some(values) = self.sample.of(position) else { return Finding::Other };
        if let Some(info) = self.info {
            return match (info.column == column.name, info.element, info.dim) {
                (true, Some(element), Some(dim)) => {
                    let raw = Encoding::Raw(element, ByteOrder::Little);
                    let encoding = if info.pickled { Encoding::Pickle } else { raw };
                    Finding::Vectors { encoding, element, dim }
                }
                _ => Finding::Other,
            };
        }
        if self.rows.count == 0 {
            let may_hold = matches!(column.declared_kind(), None | Some(ColumnKind::Blob));
            if !(may_hold && is_vector_name(&column.name)) {
                return Finding::Other;
            }
            let element = self.options.raw_element.unwrap_or(Element::F32);
            let encoding = Encoding::Raw(element, self.options.raw_order);
            return Finding::Vectors { encoding, element, dim: 0 };
        }
        if self.table.primary == Some(position) {
            return Finding::Other;
        }
        detect(&column.name, &values.iter().collect::<Vec<_>>(), self.options)
    }

    /// The metadata columns with their positions in the table, and which of them has the ids.
    fn metadata(
        &self,
        is_vector: impl Fn(usize) -> bool,
    ) -> (Vec<(usize, ColumnInfo)>, Option<usize>) {
        let generated = self.info.and_then(|info| info.generated_ids.as_deref());
        let generated = generated.filter(|_| self.rows.counts_from_zero());
        let mut metadata = Vec::new();
        for (position, column) in self.table.columns.iter().enumerate() {
            let Some(sample) = self.sample.of(position) else { continue };
            if is_vector(position) || generated == Some(&*column.name) {
                continue;
            }
            let sample: Vec<_> = sample
                .iter()
                .map(|value| values::from_sqlite(ValueRef::from(value), None))
                .collect();
            let mixed = self.info.is_some_and(|info| info.mixed.contains(&column.name));
            let kind = match mixed {
                true => ColumnKind::Mixed,
                false => values::kind_of(column.declared_kind(), &sample),
            };
            metadata.push((position, ColumnInfo { name: self.real_name(&column.name), kind }));
        }
        let ids = self.ids(&metadata);
        (metadata, ids)
    }

    fn ids(&self, metadata: &[(usize, ColumnInfo)]) -> Option<usize> {
        let named = |name: &str| metadata.iter().position(|(_, info)| info.name == name);
        if let Some(wanted) = self.options.ids.as_deref() {
            return named(wanted);
        }
        let noted = self.info.map(|info| info.ids.as_deref().and_then(named));
        let primary = metadata.iter().position(|(p, _)| Some(*p) == self.table.primary);
        let usual = || {
            metadata.iter().position(|(_, info)| {
                let name = info.name.to_ascii_lowercase();
                let suits = matches!(info.kind, ColumnKind::Int | ColumnKind::Text);
                suits && (name == "id" || name == "ids")
            })
        };
        match noted {
            Some(noted) => noted.or(primary),
            None => primary.or_else(usual),
        }
    }

    fn real_name(&self, column: &str) -> String {
        let renamed = self.info.iter().flat_map(|info| &info.names).find(|(sql, _)| sql == column);
        renamed.map_or(column, |(_, real)| real).to_owned()
    }

    fn schema(
        &self,
        element: Element,
        dim: usize,
        metadata: &[(usize, ColumnInfo)],
        ids: Option<usize>,
    ) -> Schema {
        Schema {
            columns: metadata.iter().map(|(_, info)| info.clone()).collect(),
            ids,
            metric: self.info.and_then(|info| info.metric),
            attributes: self.info.map(|info| info.attributes.clone()).unwrap_or_default(),
            ..Schema::matrix(element, self.rows.count, dim)
        }
    }
}
