//! Documents as a table: a row each, with the columns that any of them has.

use super::budget::Budget;
use super::docstore::{Document, Row};
use crate::pickle::{Node, NodeId, Pickle, json_text, key_text, single_value};
use anear_types::{Column, ColumnInfo, ColumnKind, Error, Limits, Result, Value};
use std::collections::{HashMap, HashSet};

/// The column of the documents' ids, and where it stands.
const ID: (usize, &str) = (0, "id");
/// The column of the documents' texts, and where it stands.
const TEXT: (usize, &str) = (1, "text");
/// What is put before a metadata key that a column is called already.
const PREFIX: &str = "metadata.";
/// The most metadata columns: one a document would take memory without end.
const MAX_COLUMNS: usize = 4_096;

/// Which columns there are.
#[derive(Debug)]
pub(super) struct Table {
    /// Ids, texts, then the keys of the metadata in order of appearance.
    pub(super) columns: Vec<ColumnInfo>,
    /// The column of each key.
    by_key: HashMap<String, usize>,
    limits: Limits,
}

impl Table {
    /// Looks through all documents.
    ///
    /// # Errors
    /// If there are too many keys, a value is of no kind that metadata can have, or all of them
    /// together are more than the budget.
    pub(super) fn survey(
        pickle: &Pickle<'_>,
        rows: &[Row],
        budget: Budget,
        limits: &Limits,
    ) -> Result<Table> {
        let mut survey = Survey {
            pickle,
            limits,
            budget,
            kinds: vec![None, Some(ColumnKind::Text)],
            names: vec![ID.1.to_owned(), TEXT.1.to_owned()],
            taken: HashSet::from([ID.1.to_owned(), TEXT.1.to_owned()]),
            by_key: HashMap::new(),
        };
        for (at, row) in rows.iter().enumerate() {
            survey.note(row).map_err(|error| error.at_row(at as u64))?;
        }
        let kinds = survey.kinds.into_iter().map(|kind| kind.unwrap_or(ColumnKind::Text));
        let columns = survey.names.into_iter().zip(kinds);
        let mut columns: Vec<ColumnInfo> =
            columns.map(|(name, kind)| ColumnInfo { name, kind }).collect();
        if columns[ID.0].kind == ColumnKind::Mixed {
            columns[ID.0].kind = ColumnKind::Text;
        }
        Ok(Table { columns, by_key: survey.by_key, limits: limits.clone() })
    }

    /// Some columns of some rows.
    ///
    /// # Errors
    /// None that the survey did not find.
    pub(super) fn read(
        &self,
        pickle: &Pickle<'_>,
        rows: &[Row],
        columns: &[usize],
    ) -> Result<Vec<Column>> {
        let empty = |column: &usize| {
            let ColumnInfo { name, kind } = self.columns[*column].clone();
            Column { name, kind, values: vec![Value::Null; rows.len()] }
        };
        let mut found: Vec<Column> = columns.iter().map(empty).collect();
        let mut places: HashMap<usize, Vec<usize>> = HashMap::new();
        for (place, column) in columns.iter().enumerate() {
            places.entry(*column).or_default().push(place);
        }
        let of_metadata = columns.iter().any(|column| *column > TEXT.0);
        for (at, row) in rows.iter().enumerate() {
            let mut put = |column: usize, node: NodeId| -> Result<()> {
                for place in places.get(&column).map_or(&[][..], Vec::as_slice) {
                    let kind = found[*place].kind;
                    found[*place].values[at] = self.value(pickle, node, kind)?;
                }
                Ok(())
            };
            put(ID.0, row.id)?;
            let Some(document) = row.document else { continue };
            document.text.map_or(Ok(()), |text| put(TEXT.0, text))?;
            for (key, node) in metadata(pickle, &document).into_iter().filter(|_| of_metadata) {
                put(self.by_key[&key_text(pickle, key)?], node)?;
            }
        }
        Ok(found)
    }

    fn value(&self, pickle: &Pickle<'_>, node: NodeId, kind: ColumnKind) -> Result<Value> {
        if is_nested(pickle, node) {
            return json_text(pickle, node, u64::MAX, &self.limits).map(Value::text);
        }
        let value = single_value(pickle, node).ok_or_else(|| unfit(pickle, node))?;
        Ok(match value {
            Value::Int(number) if kind == ColumnKind::Real => Value::Real(number as f64),
            Value::Int(number) if kind == ColumnKind::Text => Value::text(number.to_string()),
            value => value,
        })
    }
}

struct Survey<'p, 'a> {
    pickle: &'p Pickle<'a>,
    limits: &'p Limits,
    budget: Budget,
    kinds: Vec<Option<ColumnKind>>,
    names: Vec<String>,
    taken: HashSet<String>,
    by_key: HashMap<String, usize>,
}

impl Survey<'_, '_> {
    fn note(&mut self, row: &Row) -> Result<()> {
        self.note_value(ID.0, row.id)?;
        let Some(document) = row.document else { return Ok(()) };
        document.text.map_or(Ok(()), |text| self.note_value(TEXT.0, text))?;
        for (key, node) in metadata(self.pickle, &document) {
            self.budget.spend(self.pickle.weight(key))?;
            let key = key_text(self.pickle, key)?;
            let column = self.column(&key)?;
            self.note_value(column, node).map_err(|error| error.at_entry(key))?;
        }
        Ok(())
    }

    /// The column of a key, which may be new.
    fn column(&mut self, key: &str) -> Result<usize> {
        if let Some(column) = self.by_key.get(key) {
            return Ok(*column);
        }
        if self.names.len() >= MAX_COLUMNS {
            return Err(Error::limit(format!(
                "more than {MAX_COLUMNS} different keys of metadata"
            )));
        }
        let mut name = key.to_owned();
        while !self.taken.insert(name.clone()) {
            name.insert_str(0, PREFIX);
        }
        self.by_key.insert(key.to_owned(), self.names.len());
        self.names.push(name);
        self.kinds.push(None);
        Ok(self.names.len() - 1)
    }

    fn note_value(&mut self, column: usize, node: NodeId) -> Result<()> {
        self.budget.spend(self.pickle.weight(node))?;
        let found = match self.pickle.node(node) {
            Node::Text(_) => Some(ColumnKind::Text),
            _ if is_nested(self.pickle, node) => {
                let text = json_text(self.pickle, node, self.budget.left(), self.limits)?;
                self.budget.spend(text.len())?;
                Some(ColumnKind::Text)
            }
            _ => single_value(self.pickle, node).ok_or_else(|| unfit(self.pickle, node))?.kind(),
        };
        let kind = &mut self.kinds[column];
        *kind = match (*kind, found) {
            (Some(kind), Some(found)) => Some(kind.join(found)),
            (kind, found) => kind.or(found),
        };
        Ok(())
    }
}

fn metadata(pickle: &Pickle<'_>, document: &Document) -> Vec<(NodeId, NodeId)> {
    document.metadata.and_then(|metadata| pickle.pairs(metadata)).unwrap_or_default()
}

fn is_nested(pickle: &Pickle<'_>, node: NodeId) -> bool {
    pickle.members(node).is_some() || pickle.pairs(node).is_some()
}

fn unfit(pickle: &Pickle<'_>, node: NodeId) -> Error {
    Error::unsupported(format!("a value is {}, which is not read", pickle.describe(node)))
}
