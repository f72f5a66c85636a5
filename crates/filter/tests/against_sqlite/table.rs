//! A table in SQLite, and its columns in memory as a collection would keep them.

use crate::random::Random;
use crate::values::{FLAVOURS, Flavour};
use anear_filter::{Affinity, Cell, ColumnData, ColumnStore, Condition};
use anear_types::Value;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row};

const TYPES: &[&str] =
    &["INTEGER", "REAL", "TEXT", "BOOLEAN", "BLOB", "", "NUMERIC", "VARCHAR(9)", "BIGINT", "FLOAT"];

/// Names that need no quotes, names that do, and names that mean something else without.
pub(crate) const NAMES: &[&str] = &[
    "page_num",
    "file_name",
    "Score",
    "id",
    "é",
    "key",
    "row",
    "order",
    "page num",
    "a\"b",
    "a]b",
    "true",
    "x",
    "limit",
];

pub(crate) struct Table {
    connection: Connection,
    store: ColumnStore,
    pub(crate) columns: Vec<Column>,
}

pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) flavour: Flavour,
    declared: String,
    nulls_in: usize,
}

impl Column {
    pub(crate) fn new(name: &str, declared: &str, flavour: Flavour, nulls_in: usize) -> Column {
        Column { name: name.to_owned(), flavour, declared: declared.to_owned(), nulls_in }
    }

    fn random(name: &str, random: &mut Random) -> Column {
        let flavour = random.pick(FLAVOURS);
        let fitting = match flavour {
            Flavour::Small | Flavour::Flags | Flavour::Integers => "INTEGER",
            Flavour::Reals | Flavour::Numbers => "REAL",
            Flavour::Words | Flavour::ManyTexts => "TEXT",
            Flavour::Nothing | Flavour::Anything => "",
        };
        let declared = if random.one_in(2) { fitting } else { random.pick(TYPES) };
        Column::new(name, declared, flavour, random.pick(&[2, 10, usize::MAX]))
    }

    fn value(&self, random: &mut Random) -> Value {
        if random.one_in(self.nulls_in) { Value::Null } else { self.flavour.value(random) }
    }
}

impl Table {
    pub(crate) fn random(random: &mut Random) -> Table {
        let first = random.below(NAMES.len());
        let names = (first..first + 2 + random.below(4)).map(|at| NAMES[at % NAMES.len()]);
        let columns = names.map(|name| Column::random(name, random)).collect();
        let rows = random.pick(&[0, 1, 5, 64, 150]);
        Table::new(columns, rows, random)
    }

    /// A table with so many rows at first; then there come more, some change and some go.
    pub(crate) fn new(columns: Vec<Column>, rows: u64, random: &mut Random) -> Table {
        let connection = Connection::open_in_memory().unwrap();
        let definitions: String = columns
            .iter()
            .map(|column| format!(", {} {}", quoted(&column.name), column.declared))
            .collect();
        let create = format!("CREATE TABLE rows (_row INTEGER PRIMARY KEY{definitions})");
        connection.execute_batch(&create).unwrap();
        let mut store = ColumnStore::new(1 << 24);
        for column in &columns {
            store.declare(&column.name, Affinity::of_declared(&column.declared));
        }
        let mut table = Table { connection, store, columns };
        for row in 0..rows {
            table.insert(row * 4 / 3, random);
        }
        table.load();
        for row in 0..rows / 4 {
            table.insert(rows * 4 / 3 + row, random);
            table.update(random.below(rows as usize) as u64, random);
        }
        for _ in 0..rows / 6 {
            let row = random.below(2 * rows as usize) as u64;
            table.connection.execute(&format!("DELETE FROM rows WHERE _row = {row}"), []).unwrap();
            table.store.remove(row);
        }
        table
    }

    fn insert(&mut self, row: u64, random: &mut Random) {
        let places = ", ?".repeat(self.columns.len());
        let insert = format!("INSERT INTO rows VALUES ({row}{places})");
        let mut statement = self.connection.prepare_cached(&insert).unwrap();
        for (position, column) in self.columns.iter().enumerate() {
            let value = column.value(random);
            statement.raw_bind_parameter(position + 1, to_sqlite(&value)).unwrap();
        }
        statement.raw_execute().unwrap();
        drop(statement);
        let held: Vec<String> = self.store.held().map(quoted).collect();
        let names: String = held.iter().map(|name| format!(", {name}")).collect();
        let select = format!("SELECT _row{names} FROM rows WHERE _row = {row}");
        self.connection
            .query_row(&select, [], |found| {
                let cells: Vec<Cell<'_>> = (0..held.len()).map(|at| cell(found, at + 1)).collect();
                assert!(self.store.append(row, &cells));
                Ok(())
            })
            .unwrap();
    }

    fn load(&mut self) {
        for column in &self.columns {
            let affinity = Affinity::of_declared(&column.declared);
            let mut data = ColumnData::new(affinity, self.store.free_bytes());
            let select = format!("SELECT _row, {} FROM rows ORDER BY _row", quoted(&column.name));
            let mut statement = self.connection.prepare(&select).unwrap();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                data.put(row_number(row).unwrap(), cell(row, 1));
            }
            self.store.hold(&column.name, data);
        }
    }

    fn update(&mut self, row: u64, random: &mut Random) {
        let column = &self.columns[random.below(self.columns.len())];
        let name = quoted(&column.name);
        let update = format!("UPDATE rows SET {name} = ? WHERE _row = {row} RETURNING {name}");
        let value = column.value(random);
        let mut statement = self.connection.prepare(&update).unwrap();
        let mut rows = statement.query([to_sqlite(&value)]).unwrap();
        if let Some(found) = rows.next().unwrap() {
            self.store.set(row, &column.name, cell(found, 0));
        }
    }

    /// The rows by our own evaluation, if it knows.
    pub(crate) fn ours(&self, condition: &str, params: &[Value]) -> Option<Vec<u64>> {
        let passing = Condition::parse(condition)?.evaluate(params, &self.store)?;
        let rows: Vec<u64> = passing.iter().collect();
        assert_eq!(rows.len() as u64, passing.count());
        assert!(rows.iter().all(|row| passing.contains(*row) && *row < passing.rows()));
        Some(rows)
    }

    /// The rows by SQLite. The condition has to be an expression in two places, as the filter for
    /// files and the collection want it.
    pub(crate) fn sqlite(&self, condition: &str, params: &[Value]) -> Result<Vec<u64>, String> {
        let explain = |error: rusqlite::Error| error.to_string();
        let value = format!("SELECT (\n{condition}\n) FROM rows");
        self.connection.prepare(&value).map_err(explain)?;
        let query = format!("SELECT _row FROM rows WHERE (\n{condition}\n) ORDER BY _row");
        let mut statement = self.connection.prepare(&query).map_err(explain)?;
        if statement.parameter_count() != params.len() {
            return Err("another number of parameters".to_owned());
        }
        for (position, value) in params.iter().enumerate() {
            statement.raw_bind_parameter(position + 1, to_sqlite(value)).map_err(explain)?;
        }
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(explain)? {
            rows.push(row_number(row).map_err(explain)?);
        }
        Ok(rows)
    }
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn row_number(row: &Row<'_>) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(0)?.unsigned_abs())
}

fn cell<'a>(row: &'a Row<'_>, position: usize) -> Cell<'a> {
    match row.get_ref(position).unwrap() {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(text),
        ValueRef::Blob(_) => Cell::Blob,
    }
}

fn to_sqlite(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
        Value::Int(number) => ValueRef::Integer(*number),
        Value::Real(number) => ValueRef::Real(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    })
}
