//! What is done to a collection, and to its model.

use crate::model::{DIM, LABELS, Model, Row, words};
use crate::setting::Setting;
use anear::{
    Batch, Collection, Column, ColumnKind, Condition, Element, Existing, Ids, MatrixRef, Result,
    Silent, Value,
};
use anear_testkit::random::Random;

/// One change.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Add(Vec<(i64, Row)>),
    Upsert(Vec<(i64, Row)>),
    Label {
        ids: Vec<i64>,
        label: i64,
    },
    Delete(Vec<i64>),
    DeleteWhere {
        label: i64,
    },
    Compact,
    IndexText,
    /// What was learned about the vectors is kept, for this kind of index.
    Index(&'static str),
    /// The collection is closed; the next change opens it.
    Reopen,
}

/// Rows of an add that goes to the vectors file at once.
pub(crate) const MANY: u64 = 64;
/// From the number of a change and this follow the ids that it adds.
pub(crate) const IDS_OF_CHANGE: i64 = 10_000;
/// With so many rows beyond the least, more are deleted than added.
const ENOUGH: usize = 600;

impl Change {
    /// The change with a number, of a collection that is as the model says.
    pub(crate) fn choose(setting: &Setting, number: i64, model: &Model) -> Change {
        let mut random = Random::new(setting.seed ^ (number as u64) << 20);
        let label = random.below(LABELS) as i64;
        if number == 0 {
            // Later changes need the columns.
            let first = setting.least_rows.max(1) as u64;
            return Change::Add(new_rows(number, first, &mut random));
        }
        if random.below(100) < setting.compacts {
            return Change::Compact;
        }
        let dice = random.below(100);
        let rows = model.rows.len();
        let shrinks = rows > setting.least_rows + ENOUGH;
        match dice {
            0..35 if !shrinks => Change::Add(new_rows(number, 1 + random.below(3), &mut random)),
            0..45 if !shrinks => {
                Change::Add(new_rows(number, MANY + random.below(16), &mut random))
            }
            45..55 => {
                let mut rows = some_rows(model, 3, number, &mut random);
                rows.extend(new_rows(number, 2, &mut random));
                Change::Upsert(rows)
            }
            55..60 => Change::Upsert(some_rows(model, MANY as usize, number, &mut random)),
            60..70 => Change::Label { ids: some_ids(model, 4, &mut random), label },
            70..80 => Change::Delete(some_ids(model, 3, &mut random)),
            80..84 => Change::Reopen,
            84..87 => Change::IndexText,
            87 => Change::Index("flat"),
            88..90 => Change::Index("forest"),
            _ if shrinks || dice >= 96 && rows >= setting.least_rows => {
                Change::DeleteWhere { label }
            }
            _ => Change::Add(new_rows(number, 1, &mut random)),
        }
    }

    /// Does it to an open collection.
    pub(crate) fn make(&self, collection: &Collection) -> Result<()> {
        match self {
            Change::Add(rows) => add(collection, rows, Existing::Refuse),
            Change::Upsert(rows) => add(collection, rows, Existing::Replace),
            Change::Label { ids, label } => {
                let labels = column("label", ids.iter().map(|_| Value::Int(*label)));
                let words = column("words", ids.iter().map(|_| Value::text(words(*label))));
                collection.update(&Ids::Ints(ids.clone()), &[labels, words], &[]).map(drop)
            }
            Change::Delete(ids) => collection.delete(&Ids::Ints(ids.clone())).map(drop),
            Change::DeleteWhere { label } => {
                let params = [Value::Int(*label)];
                let condition = Condition { sql: "label = ?", params: &params };
                collection.delete_where(&condition).map(drop)
            }
            Change::Compact => collection.compact(&mut Silent).map(drop),
            Change::IndexText => collection.index_text(&["words".to_owned()]),
            Change::Index(kind) => collection.index(Some(kind), 1, &mut Silent),
            Change::Reopen => Ok(()),
        }
    }

    /// Does it to a model.
    pub(crate) fn apply(&self, model: &mut Model) {
        match self {
            Change::Add(rows) | Change::Upsert(rows) => model.rows.extend(rows.iter().cloned()),
            Change::Label { ids, label } => {
                for id in ids {
                    model.rows.get_mut(id).expect("it was chosen from them").label = *label;
                }
            }
            Change::Delete(ids) => model.rows.retain(|id, _| !ids.contains(id)),
            Change::DeleteWhere { label } => model.rows.retain(|_, row| row.label != *label),
            Change::IndexText => model.text = true,
            Change::Compact | Change::Index(_) | Change::Reopen => {}
        }
    }
}

/// Rows with ids that were never used.
fn new_rows(number: i64, count: u64, random: &mut Random) -> Vec<(i64, Row)> {
    let first = number * IDS_OF_CHANGE;
    let ids = first..first + count as i64;
    ids.map(|id| (id, Row::new(id, number, random.below(LABELS) as i64))).collect()
}

fn some_ids(model: &Model, wanted: usize, random: &mut Random) -> Vec<i64> {
    let ids: Vec<i64> = model.rows.keys().copied().collect();
    random.some(&ids, wanted)
}

/// New versions of rows that are there.
fn some_rows(model: &Model, wanted: usize, number: i64, random: &mut Random) -> Vec<(i64, Row)> {
    let ids = some_ids(model, wanted, random);
    ids.into_iter().map(|id| (id, Row::new(id, number, random.below(LABELS) as i64))).collect()
}

fn add(collection: &Collection, rows: &[(i64, Row)], existing: Existing) -> Result<()> {
    let bytes: Vec<u8> = rows.iter().flat_map(|(_, row)| row.bytes()).collect();
    let ids = Ids::Ints(rows.iter().map(|(id, _)| *id).collect());
    let metadata = [
        column("version", rows.iter().map(|(_, row)| Value::Int(row.version))),
        column("label", rows.iter().map(|(_, row)| Value::Int(row.label))),
        column("words", rows.iter().map(|(_, row)| Value::text(words(row.label)))),
    ];
    let vectors = MatrixRef::new(&bytes, Element::F32, rows.len(), DIM);
    let batch = Batch { vectors, ids: Some(&ids), metadata: &metadata, json: &[] };
    collection.add(&batch, existing).map(drop)
}

fn column(name: &str, values: impl Iterator<Item = Value>) -> Column {
    let values: Vec<Value> = values.collect();
    Column { name: name.to_owned(), kind: ColumnKind::of(&values), values }
}
