//! What a collection and its model are asked; the answers must be equal, bit for bit.

use crate::model::{DIM, LABELS, Model, Row, vector, words};
use anear::{
    Collection, CollectionHit, CollectionSearch, Condition, Element, Ids, MatrixRef, Result,
    Sought, Value,
};
use anear_testkit::random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A question.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// How many rows are there?
    Rows,
    /// How many of them have this label?
    Count { label: i64 },
    /// What is in the rows with these ids?
    Get { ids: Vec<i64> },
    /// Which rows are the nearest to a vector, of all or of those with a label?
    Nearest { query: Box<[f32; DIM]>, k: usize, label: Option<i64> },
    /// Which rows have the word of a label?
    Word { label: i64 },
    /// Can words be searched?
    HasText,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Count(u64),
    Rows(BTreeMap<i64, Row>),
    /// Id, distance and version, the nearest first.
    Hits(Vec<(i64, f64, i64)>),
    Ids(BTreeSet<i64>),
    Flag(bool),
}

impl Question {
    /// Enough questions to tell a collection from one that has another row, or a row with another bit.
    pub(crate) fn all(model: &Model, seed: u64) -> Vec<Question> {
        let mut random = Random::new(seed);
        let ids = model.rows.keys().copied().chain([-1]).collect();
        let mut questions = vec![Question::Rows, Question::Get { ids }, Question::HasText];
        if model.rows.is_empty() {
            // There may be no columns to ask for yet.
            return questions;
        }
        questions.push(Question::Count { label: random.below(LABELS) as i64 });
        questions.extend((0..2).map(|_| Question::nearest(&mut random)));
        if model.text {
            questions.push(Question::Word { label: random.below(LABELS) as i64 });
        }
        questions
    }

    /// The nearest rows to any vector, with a condition or without.
    pub(crate) fn nearest(random: &mut Random) -> Question {
        let query = Box::new(vector(random.below(1 << 30) as i64, 0));
        let label = (random.below(2) == 0).then(|| random.below(LABELS) as i64);
        Question::Nearest { query, k: 1 + random.below(10) as usize, label }
    }

    /// What is asked.
    pub(crate) fn name(&self) -> String {
        match self {
            Question::Get { ids } => format!("the rows of {} ids", ids.len()),
            Question::Nearest { k, label, .. } => format!("the {k} nearest with label {label:?}"),
            other => format!("{other:?}"),
        }
    }

    /// Asks a collection.
    pub(crate) fn ask(&self, collection: &Collection) -> Result<Answer> {
        Ok(match self {
            Question::Rows => Answer::Count(collection.len()?),
            Question::Count { label } => {
                let params = [Value::Int(*label)];
                let condition = Condition { sql: "label = ?", params: &params };
                Answer::Count(collection.count(Some(&condition))?)
            }
            Question::Get { ids } => Answer::Rows(get(collection, ids)?),
            Question::Nearest { query, k, label } => {
                let bytes = bytemuck::cast_slice(&query[..]);
                let vector = Sought::Vectors(MatrixRef::new(bytes, Element::F32, 1, DIM));
                let hits = search(collection, &vector, *k, *label)?;
                Answer::Hits(hits.iter().map(id_distance_version).collect())
            }
            Question::Word { label } => {
                let word = words(*label);
                let word = word.split(' ').next().expect("there is a first word");
                let hits = search(collection, &Sought::Text(word), usize::MAX >> 1, None)?;
                Answer::Ids(hits.iter().map(|hit| int(&hit.id)).collect())
            }
            Question::HasText => {
                Answer::Flag(collection.columns()?.iter().any(|column| column.text))
            }
        })
    }

    /// Asks a model.
    pub(crate) fn answer(&self, model: &Model) -> Answer {
        let labelled = |label: i64| model.rows.iter().filter(move |(_, row)| row.label == label);
        match self {
            Question::Rows => Answer::Count(model.rows.len() as u64),
            Question::Count { label } => Answer::Count(labelled(*label).count() as u64),
            Question::Get { ids } => {
                let found = ids.iter().filter_map(|id| Some((*id, model.rows.get(id)?.clone())));
                Answer::Rows(found.collect())
            }
            Question::Nearest { query, k, label } => {
                let passes = |row: &Row| label.is_none_or(|label| row.label == label);
                let rows = model.rows.iter().filter(|(_, row)| passes(row));
                let mut hits: Vec<_> =
                    rows.map(|(id, row)| (*id, row.distance(query), row.version)).collect();
                hits.sort_by(|a, b| a.1.total_cmp(&b.1));
                hits.truncate(*k);
                Answer::Hits(hits)
            }
            Question::Word { label } => Answer::Ids(labelled(*label).map(|(id, _)| *id).collect()),
            Question::HasText => Answer::Flag(model.text),
        }
    }
}

impl Answer {
    /// What is different, in a few words.
    pub(crate) fn differs_from(&self, expected: &Answer) -> String {
        let (Answer::Rows(found), Answer::Rows(rows)) = (self, expected) else {
            return format!("found {self:?}, expected {expected:?}");
        };
        let ids: BTreeSet<&i64> = found.keys().chain(rows.keys()).collect();
        let differing = ids.into_iter().filter(|id| found.get(id) != rows.get(id));
        let describe = |id| format!("{id}: found {:?}, expected {:?}", found.get(id), rows.get(id));
        let described: Vec<String> = differing.take(4).map(describe).collect();
        format!("{described:?} of {} and {} rows", found.len(), rows.len())
    }
}

/// What differs between a collection and a model; `None` when nothing does.
///
/// # Errors
/// If the collection cannot be read.
pub(crate) fn difference(collection: &Collection, model: &Model) -> Result<Option<String>> {
    for question in Question::all(model, model.rows.len() as u64) {
        let (found, expected) = (question.ask(collection)?, question.answer(model));
        if found != expected {
            return Ok(Some(format!("{}: {}", question.name(), found.differs_from(&expected))));
        }
    }
    Ok(None)
}

fn get(collection: &Collection, ids: &[i64]) -> Result<BTreeMap<i64, Row>> {
    let fetched = collection.get(&Ids::Ints(ids.to_vec()), None)?;
    let mut rows = BTreeMap::new();
    for position in 0..fetched.ids.len() {
        let value = |name: &str| {
            let column = fetched.metadata.iter().find(|column| column.name == name);
            &column.expect("rows have this column").values[position]
        };
        let (version, label) = (int(value("version")), int(value("label")));
        assert_eq!(value("words"), &Value::text(words(label)), "words follow the label");
        let bytes = fetched.vectors.matrix().row(position);
        let vector = Arc::new(bytemuck::pod_read_unaligned(bytes));
        let row = Row { version, label, vector };
        rows.insert(int(&fetched.ids.get(position)), row);
    }
    assert_eq!(rows.len() + fetched.missing.len(), ids.len(), "each id is found or missing");
    Ok(rows)
}

fn search(
    collection: &Collection,
    sought: &Sought<'_>,
    k: usize,
    label: Option<i64>,
) -> Result<Vec<CollectionHit>> {
    let params = label.map(Value::Int);
    let condition = params
        .as_ref()
        .map(|value| Condition { sql: "label = ?", params: std::slice::from_ref(value) });
    let show = ["version".to_owned()];
    let nearest = CollectionSearch::nearest(k);
    let request = CollectionSearch { condition, show: Some(&show), exact: true, ..nearest };
    let mut hits = collection.search(sought, &request)?.results;
    assert_eq!(hits.len(), 1, "one query has one list of hits");
    Ok(hits.remove(0))
}

fn id_distance_version(hit: &CollectionHit) -> (i64, f64, i64) {
    (int(&hit.id), hit.distance, int(&hit.metadata[0]))
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        other => panic!("{other:?} is no integer"),
    }
}
