//! The columns of a table, as far as they are held in memory.

use super::{Affinity, Bits, Cell, ColumnData};
use crate::Condition;

/// The columns of a table. All are known by name; those that conditions have asked for are held.
///
/// 1. [`declare`](ColumnStore::declare) every column of the table, and
///    [`append`](ColumnStore::append) the rows there are.
/// 2. Before a condition is evaluated, load what is [`missing`](ColumnStore::missing) and
///    [`hold`](ColumnStore::hold) it.
/// 3. Pass on what changes: [`append`](ColumnStore::append), [`set`](ColumnStore::set),
///    [`remove`](ColumnStore::remove).
#[derive(Clone, Debug)]
pub struct ColumnStore {
    limit_bytes: usize,
    /// Rows that exist: not skipped, and not removed.
    present: Bits,
    columns: Vec<Declared>,
}

#[derive(Clone, Debug)]
struct Declared {
    name: String,
    affinity: Affinity,
    data: Option<ColumnData>,
}

impl ColumnStore {
    /// No columns, no rows. All columns together may take as much memory as said.
    pub fn new(limit_bytes: usize) -> ColumnStore {
        ColumnStore { limit_bytes, present: Bits::default(), columns: Vec::new() }
    }

    /// Makes a column of the table known. Names are told apart as SQLite does, without regard to
    /// the case of ASCII letters; one that is there already stays as it is.
    ///
    /// Texts are compared by their bytes. That is what SQLite does in a database whose encoding is
    /// UTF-8, for columns that were declared without a collation of their own; use
    /// [`leave_to_sqlite`](ColumnStore::leave_to_sqlite) for all others.
    pub fn declare(&mut self, name: &str, affinity: Affinity) {
        if self.position(name).is_none() {
            self.columns.push(Declared { name: name.to_owned(), affinity, data: None });
        }
    }

    /// Makes a column of the table known whose values will not be held: conditions that name it
    /// are never evaluated.
    pub fn leave_to_sqlite(&mut self, name: &str) {
        self.declare(name, Affinity::Blob);
        if let Some(position) = self.position(name) {
            let column = &mut self.columns[position];
            column.data.insert(ColumnData::new(column.affinity, 0)).give_up();
        }
    }

    /// One more than the largest row number so far.
    pub fn rows(&self) -> u64 {
        self.present.len() as u64
    }

    /// Memory taken by all columns, in bytes.
    pub fn bytes(&self) -> usize {
        let columns = self.columns.iter().filter_map(|column| column.data.as_ref());
        self.present.bytes() + columns.map(ColumnData::bytes).sum::<usize>()
    }

    /// Memory that columns may still take, in bytes.
    pub fn free_bytes(&self) -> usize {
        self.limit_bytes.saturating_sub(self.bytes())
    }

    /// The columns that have to be loaded before this condition can be evaluated. `None` if it
    /// cannot be evaluated even then: a column is unknown, or was given up.
    pub fn missing(&self, condition: &Condition) -> Option<Vec<&str>> {
        let mut missing = Vec::new();
        for name in condition.columns() {
            let column = &self.columns[self.position(name)?];
            match &column.data {
                None => missing.push(column.name.as_str()),
                Some(data) if !data.is_held() => return None,
                Some(_) => {}
            }
        }
        Some(missing)
    }

    /// The affinity a column was declared with.
    pub fn affinity(&self, name: &str) -> Option<Affinity> {
        self.position(name).map(|position| self.columns[position].affinity)
    }

    /// Takes over the values of a declared column, for the rows there are now. If the column was
    /// given up, it will not be [`missing`](ColumnStore::missing) again, and conditions on it are
    /// left to SQLite.
    ///
    /// # Panics
    /// If there is no such column, it has another affinity, or the values are of more rows.
    pub fn hold(&mut self, name: &str, mut data: ColumnData) {
        let position = self.position(name).expect("a declared column");
        assert_eq!(data.affinity(), self.columns[position].affinity, "affinity of {name}");
        assert!(data.rows() <= self.rows(), "{name} has {} rows", data.rows());
        data.pad(self.rows());
        self.columns[position].data = Some(data);
        self.keep_to_limit();
    }

    /// The columns that new rows need values for, in the order of [`append`](ColumnStore::append).
    pub fn held(&self) -> impl Iterator<Item = &str> {
        let held = |column: &&Declared| column.data.as_ref().is_some_and(ColumnData::is_held);
        self.columns.iter().filter(held).map(|column| column.name.as_str())
    }

    /// Appends a row with one value for each of the columns [`held`](ColumnStore::held). Rows
    /// between the last one and this are taken to be absent. Returns `false`, and changes nothing,
    /// if memory does not suffice for so many rows; the store is of no use then.
    ///
    /// # Panics
    /// If the row is not a new one, or there are more or fewer values than columns held.
    pub fn append(&mut self, row: u64, cells: &[Cell<'_>]) -> bool {
        assert!(row >= self.rows(), "row {row} is there already");
        if (row - self.rows()) / 8 > self.free_bytes() as u64 {
            return false;
        }
        let held = self.columns.iter_mut().filter_map(|column| column.data.as_mut());
        let mut held = held.filter(|data| data.is_held());
        for cell in cells {
            held.next().expect("a column for each value").put(row, *cell);
        }
        assert!(held.next().is_none(), "a value for each column");
        self.present.put(row as usize, true);
        self.keep_to_limit();
        true
    }

    /// Replaces a value of a row that is there; of a column that is not held nothing is kept.
    ///
    /// # Panics
    /// If there is no such column or row.
    pub fn set(&mut self, row: u64, name: &str, cell: Cell<'_>) {
        assert!(row < self.rows(), "row {row} of {}", self.rows());
        let position = self.position(name).expect("a declared column");
        let column = &mut self.columns[position];
        if let Some(data) = &mut column.data {
            data.put(row, cell);
            if data.is_wasteful() {
                column.data = None;
            }
        }
        self.keep_to_limit();
    }

    /// Makes a row absent; one that is so already stays so.
    pub fn remove(&mut self, row: u64) {
        if row < self.rows() {
            self.present.put(row as usize, false);
        }
    }

    pub(crate) fn present(&self) -> &Bits {
        &self.present
    }

    /// Whether the table has a column of this name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// The values of a column, if they are held.
    pub(crate) fn data(&self, name: &str) -> Option<&ColumnData> {
        let data = self.columns[self.position(name)?].data.as_ref()?;
        data.is_held().then_some(data)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Gives up the largest columns until the others have room.
    fn keep_to_limit(&mut self) {
        while self.bytes() > self.limit_bytes {
            let columns = self.columns.iter_mut().filter_map(|column| column.data.as_mut());
            match columns.max_by_key(|data| data.bytes()).filter(|data| data.bytes() > 0) {
                Some(largest) => largest.give_up(),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(column: &str, affinity: Affinity, cells: &[Cell<'_>]) -> ColumnData {
        let mut data = ColumnData::new(affinity, 1 << 20);
        for (row, cell) in cells.iter().enumerate() {
            assert!(data.put(row as u64, *cell), "{column}");
        }
        data
    }

    fn passing(store: &ColumnStore, condition: &str) -> Option<Vec<u64>> {
        let condition = Condition::parse(condition)?;
        Some(condition.evaluate(&[], store)?.iter().collect())
    }

    #[test]
    fn rows_are_appended_changed_and_removed() {
        let mut store = ColumnStore::new(1 << 20);
        store.declare("Page", Affinity::Integer);
        store.declare("name", Affinity::Text);
        for row in [0, 1, 4] {
            assert!(store.append(row, &[]));
        }
        let condition = Condition::parse("PAGE > 1").unwrap();
        assert_eq!(store.missing(&condition).unwrap(), ["Page"]);
        assert_eq!(passing(&store, "page > 1"), None, "it is not loaded");
        store.hold("page", filled("page", Affinity::Integer, &[Cell::Int(1), Cell::Int(2)]));
        assert_eq!(passing(&store, "page > 1"), Some(vec![1]));
        assert_eq!(passing(&store, "page IS NULL"), Some(vec![4]), "absent rows do not count");
        assert_eq!(store.held().collect::<Vec<&str>>(), ["Page"]);
        store.append(6, &[Cell::Int(9)]);
        store.set(0, "page", Cell::Int(5));
        store.remove(1);
        store.remove(100);
        assert_eq!(passing(&store, "page > 1"), Some(vec![0, 6]));
        store.set(6, "page", Cell::Blob);
        assert_eq!(passing(&store, "page > 1"), None, "it is given up");
        assert_eq!(store.missing(&condition), None);
    }

    #[test]
    fn a_column_left_to_sqlite_is_known_all_the_same() {
        let mut store = ColumnStore::new(1 << 20);
        store.declare("flag", Affinity::Integer);
        store.append(0, &[]);
        store.hold("flag", filled("flag", Affinity::Integer, &[Cell::Int(1)]));
        assert_eq!(passing(&store, "flag = TRUE"), Some(vec![0]));
        store.leave_to_sqlite("TRUE");
        assert_eq!(passing(&store, "flag = TRUE"), None, "that is the column now");
        assert_eq!(store.missing(&Condition::parse("[true] = 1").unwrap()), None);
        assert_eq!(passing(&store, "flag = 1"), Some(vec![0]));
    }

    #[test]
    fn the_largest_column_makes_room() {
        let mut store = ColumnStore::new(2000);
        store.declare("a", Affinity::Integer);
        store.declare("b", Affinity::Text);
        for row in 0..4 {
            store.append(row, &[]);
        }
        let short = [Cell::Int(1); 4];
        store.hold("a", filled("a", Affinity::Integer, &short));
        store.hold("b", filled("b", Affinity::Text, &[Cell::Text(&[b'x'; 1500])]));
        assert_eq!(store.held().collect::<Vec<&str>>(), ["a", "b"]);
        store.set(0, "b", Cell::Text(&[b'y'; 400]));
        assert_eq!(store.held().collect::<Vec<&str>>(), ["a"]);
        assert!(store.bytes() < 500);
        assert!(!store.append(1 << 40, &[Cell::Null]), "so many rows take too much");
        assert!(store.append(4, &[Cell::Int(2)]));
    }

    #[test]
    fn a_wasteful_column_has_to_be_loaded_again() {
        let mut store = ColumnStore::new(1 << 20);
        store.declare("name", Affinity::Text);
        store.append(0, &[]);
        store.hold("name", ColumnData::new(Affinity::Text, store.free_bytes()));
        for round in 0..1100 {
            store.set(0, "name", Cell::Text(round.to_string().as_bytes()));
        }
        let condition = Condition::parse("name = 'x'").unwrap();
        assert_eq!(store.missing(&condition).unwrap(), ["name"]);
    }
}
