//! Long random sequences of operations on a collection against a plain model in memory: what is
//! stored, what is found with and without conditions, before and after the collection is opened
//! anew. The number of steps is `ANEAR_MODEL_STEPS`, 400 if not set.
#![cfg(feature = "sqlite")]

use anear::{
    Access, Batch, Collection, CollectionSearch, CollectionSpec, Column, ColumnKind, Condition,
    Element, Existing, Goal, Ids, MatrixRef, Metric, Silent, Sought, Storage, Value,
};
use std::collections::BTreeMap;

const DIM: usize = 8;

/// A generator of numbers (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    fn chance(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }
}

/// What the model knows of a row.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// Rises with the order of arrival.
    arrival: u64,
    vector: [f32; DIM],
    page: Option<i64>,
    name: Option<String>,
    score: Option<f64>,
}

/// A collection and what should be in it.
struct Pair {
    collection: Option<Collection>,
    path: std::path::PathBuf,
    model: BTreeMap<i64, Row>,
    arrivals: u64,
    /// The kind of index that was chosen last.
    kind: &'static str,
}

/// A condition, and whether a row meets it; null is not true.
type Meets = Box<dyn Fn(i64, &Row) -> bool>;

impl Pair {
    fn collection(&self) -> &Collection {
        self.collection.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.collection = None;
        self.collection = Some(Collection::open(&self.path, Access::Write).unwrap());
    }

    fn some_ids(&self, random: &mut Random, count: u64) -> Vec<i64> {
        let ids: Vec<i64> = self.model.keys().copied().collect();
        let mut some: Vec<i64> = (0..count)
            .filter_map(|_| ids.get(random.below(ids.len().max(1) as u64) as usize).copied())
            .collect();
        some.sort_unstable();
        some.dedup();
        some
    }

    fn add(&mut self, random: &mut Random, existing: Existing) {
        let count = match random.below(10) {
            0 => 2500,
            1..=3 => 1 + random.below(100),
            _ => 1 + random.below(3),
        };
        let mut ids = match existing {
            Existing::Replace => self.some_ids(random, count / 2),
            Existing::Refuse => Vec::new(),
        };
        while (ids.len() as u64) < count {
            let id = random.below(1 << 40) as i64 - (1 << 39);
            if !self.model.contains_key(&id) && !ids.contains(&id) {
                ids.push(id);
            }
        }
        let rows: Vec<Row> = ids.iter().map(|_| self.row(random)).collect();
        let (metadata, ids_given) = (columns(&rows), Ids::Ints(ids.clone()));
        let flat: Vec<f32> = rows.iter().flat_map(|row| row.vector).collect();
        let vectors = MatrixRef::new(bytemuck::cast_slice(&flat), Element::F32, rows.len(), DIM);
        let batch = Batch { vectors, ids: Some(&ids_given), metadata: &metadata, json: &[] };
        let added = self.collection().add(&batch, existing).unwrap();
        let replaced = ids.iter().filter(|id| self.model.contains_key(id)).count() as u64;
        assert_eq!((added.added, added.updated), (count - replaced, replaced));
        self.model.extend(ids.into_iter().zip(rows));
        assert_eq!(added.rows, self.model.len() as u64);
    }

    fn row(&mut self, random: &mut Random) -> Row {
        self.arrivals += 1;
        Row {
            arrival: self.arrivals,
            vector: vector(random),
            page: random.chance(90).then(|| random.below(50) as i64),
            name: random.chance(90).then(|| format!("file {}.pdf", random.below(20))),
            score: random.chance(80).then(|| random.below(1000) as f64 / 8.0),
        }
    }

    fn update(&mut self, random: &mut Random) {
        let ids = self.some_ids(random, 5);
        let pages: Vec<i64> = ids.iter().map(|_| random.below(50) as i64).collect();
        let values = pages.iter().map(|page| Value::Int(*page)).collect();
        let column = Column { name: "page".to_owned(), kind: ColumnKind::Int, values };
        let updated = self.collection().update(&Ids::Ints(ids.clone()), &[column], &[]).unwrap();
        assert_eq!(updated, ids.len() as u64);
        for (id, page) in ids.iter().zip(pages) {
            self.model.get_mut(id).unwrap().page = Some(page);
        }
    }

    fn delete(&mut self, random: &mut Random) {
        let count = 1 + random.below(20);
        let mut ids = self.some_ids(random, count);
        let there = ids.len() as u64;
        ids.push(i64::MAX);
        assert_eq!(self.collection().delete(&Ids::Ints(ids.clone())).unwrap(), there);
        ids.iter().for_each(|id| drop(self.model.remove(id)));
    }

    fn choose(&mut self, random: &mut Random) {
        self.kind = if random.chance(70) { "forest" } else { "flat" };
        self.collection().index(Some(self.kind), 2, &mut Silent).unwrap();
    }

    fn delete_where(&mut self, random: &mut Random) {
        let page = random.below(50) as i64;
        let params = [Value::Int(page), Value::text(format!("file {}.pdf", random.below(20)))];
        let condition = Condition { sql: "page = ? AND name = ?", params: &params };
        let deleted = self.collection().delete_where(&condition).unwrap();
        let before = self.model.len();
        let Value::Text(name) = &params[1] else { unreachable!() };
        self.model.retain(|_, row| row.page != Some(page) || row.name.as_deref() != Some(name));
        assert_eq!(deleted, (before - self.model.len()) as u64);
    }

    fn search(&self, random: &mut Random) {
        let (sql, params, meets) = condition(random);
        let query = vector(random);
        let k = 1 + random.below(20) as usize;
        let goal = match random.chance(25) {
            true => Goal::Within { radius: 3.0 },
            false => Goal::Nearest { k },
        };
        let condition = sql.as_ref().map(|sql| Condition { sql, params: &params });
        let search = CollectionSearch {
            goal,
            condition,
            exact: true,
            threads: 1 + random.below(2) as usize,
            ..CollectionSearch::nearest(k)
        };
        let matrix = MatrixRef::new(bytemuck::cast_slice(&query), Element::F32, 1, DIM);
        let reply = self.collection().search(&Sought::Vectors(matrix), &search).unwrap();
        let names: Vec<&str> = reply.columns.iter().map(|column| &*column.info.name).collect();
        let expected = self.nearest(&query, goal, &meets);
        let found: Vec<(i64, f64)> =
            reply.results[0].iter().map(|hit| (int(&hit.id), hit.distance)).collect();
        assert_eq!(found, expected, "{sql:?} {params:?} {goal:?}");
        let most = CollectionSearch { exact: false, ..search };
        let most = self.collection().search(&Sought::Vectors(matrix), &most).unwrap();
        assert_eq!(most.results[0].len(), expected.len(), "{sql:?} {params:?} {goal:?}");
        for hit in &most.results[0] {
            let (id, row) = (int(&hit.id), &self.model[&int(&hit.id)]);
            assert!(meets(id, row), "{id}: {sql:?} {params:?} {goal:?}");
        }
        match most.exact {
            true => assert_eq!(most.results, reply.results),
            false => assert_eq!(self.kind, "forest"),
        }
        for hit in &reply.results[0] {
            let row = &self.model[&int(&hit.id)];
            let expected: Vec<Value> = names.iter().map(|name| value(row, name)).collect();
            assert_eq!(hit.metadata, expected);
        }
        let count = self.collection().count(condition.as_ref()).unwrap();
        let passing = self.model.iter().filter(|(id, row)| meets(**id, row)).count();
        assert_eq!(count, passing as u64, "{sql:?} {params:?}");
    }

    fn nearest(&self, query: &[f32; DIM], goal: Goal, meets: &Meets) -> Vec<(i64, f64)> {
        let passing = self.model.iter().filter(|(id, row)| meets(**id, row));
        let mut all: Vec<(f64, u64, i64)> =
            passing.map(|(id, row)| (distance(query, &row.vector), row.arrival, *id)).collect();
        all.sort_by(|a, b| a.partial_cmp(b).unwrap());
        match goal {
            Goal::Nearest { k } => all.truncate(k),
            Goal::Within { radius } => all.retain(|(distance, ..)| *distance <= radius),
        }
        all.into_iter().map(|(distance, _, id)| (id, distance)).collect()
    }

    fn compare_all(&self) {
        let ids: Vec<i64> = self.model.keys().copied().collect();
        let fetched = self.collection().get(&Ids::Ints(ids.clone()), None).unwrap();
        assert_eq!(fetched.ids, Ids::Ints(ids));
        assert!(fetched.missing.is_empty());
        for (position, row) in self.model.values().enumerate() {
            let vector: &[u8] = bytemuck::cast_slice(&row.vector);
            assert_eq!(fetched.vectors.matrix().row(position), vector);
            for column in &fetched.metadata {
                assert_eq!(column.values[position], value(row, &column.name), "{}", column.name);
            }
        }
        let view = self.collection().view(None).unwrap();
        assert_eq!(view.schema().rows, self.model.len() as u64);
        let verified = self.collection().verify(true, &mut Silent).unwrap();
        assert!(verified.problems.is_empty(), "{:?}", verified.problems);
        assert_eq!(verified.rows, self.model.len() as u64);
    }
}

fn int(id: &Value) -> i64 {
    match id {
        Value::Int(id) => *id,
        other => panic!("{other:?}"),
    }
}

/// Components that are sums of few powers of two, so that distances are exact.
fn vector(random: &mut Random) -> [f32; DIM] {
    std::array::from_fn(|_| random.below(17) as f32 / 8.0 - 1.0)
}

fn distance(a: &[f32; DIM], b: &[f32; DIM]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

fn value(row: &Row, column: &str) -> Value {
    match column {
        "page" => row.page.map_or(Value::Null, Value::Int),
        "name" => row.name.as_deref().map_or(Value::Null, Value::text),
        "score" => row.score.map_or(Value::Null, Value::Real),
        other => panic!("{other}"),
    }
}

fn columns(rows: &[Row]) -> Vec<Column> {
    [("page", ColumnKind::Int), ("name", ColumnKind::Text), ("score", ColumnKind::Real)]
        .map(|(name, kind)| {
            let values = rows.iter().map(|row| value(row, name)).collect();
            Column { name: name.to_owned(), kind, values }
        })
        .into()
}

/// A random condition, with and without parameters, for our own evaluation and for SQLite's.
fn condition(random: &mut Random) -> (Option<String>, Vec<Value>, Meets) {
    let page = random.below(50) as i64;
    let number = random.below(20);
    let name = format!("file {number}.pdf");
    let score = random.below(1000) as f64 / 8.0;
    let sql = |sql: &str| Some(sql.to_owned());
    match random.below(11) {
        0 => (None, vec![], Box::new(|_, _| true)),
        1 => {
            (sql("page > ?"), vec![Value::Int(page)], Box::new(move |_, row| row.page > Some(page)))
        }
        2 => (
            sql("page = ? AND name = ?"),
            vec![Value::Int(page), Value::text(&*name)],
            Box::new(move |_, row| row.page == Some(page) && row.name.as_ref() == Some(&name)),
        ),
        3 => (
            sql("name LIKE ? OR score <= ?"),
            vec![Value::text(format!("FILE {number}%")), Value::Real(score)],
            Box::new(move |_, row| {
                let start = format!("file {number}");
                row.name.as_ref().is_some_and(|name| name.starts_with(&start))
                    || row.score.is_some_and(|found| found <= score)
            }),
        ),
        4 => (
            Some(format!("page IN ({page}, {}, NULL)", page / 2)),
            vec![],
            Box::new(move |_, row| row.page == Some(page) || row.page == Some(page / 2)),
        ),
        5 => (sql("page IS NULL"), vec![], Box::new(|_, row| row.page.is_none())),
        6 => (
            sql("NOT (page < ?)"),
            vec![Value::Int(page)],
            Box::new(move |_, row| row.page >= Some(page)),
        ),
        7 => (
            sql("abs(page - ?) <= 3"),
            vec![Value::Int(page)],
            Box::new(move |_, row| row.page.is_some_and(|found| (found - page).abs() <= 3)),
        ),
        8 => (sql("id % 3 = 0"), vec![], Box::new(|id, _| id % 3 == 0)),
        9 => (
            sql("id > ? AND length(name) = 10"),
            vec![Value::Int(0)],
            Box::new(|id, row| id > 0 && row.name.as_ref().is_some_and(|name| name.len() == 10)),
        ),
        _ => (
            sql("score BETWEEN ? AND ?"),
            vec![Value::Real(score / 2.0), Value::Real(score)],
            Box::new(move |_, row| {
                row.score.is_some_and(|found| (score / 2.0..=score).contains(&found))
            }),
        ),
    }
}

#[test]
fn a_collection_does_what_a_plain_model_does() {
    let steps = std::env::var("ANEAR_MODEL_STEPS").ok().and_then(|steps| steps.parse().ok());
    let hdf5 = Storage::Hdf5 { gzip: 1, shuffle: true, group_by: Some("name".to_owned()) };
    for (seed, storage) in [(1, Storage::Npy), (2, Storage::Npy), (3, hdf5)] {
        if storage == Storage::Npy || cfg!(feature = "hdf5") {
            run(seed, storage, steps.unwrap_or(400));
        }
    }
}

fn run(seed: u64, storage: Storage, steps: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.anear");
    // Small files, so that rows lie in several.
    let usual = CollectionSpec::new(DIM, Metric::L2);
    let spec = CollectionSpec { file_bytes: 200_000, storage, ..usual };
    let collection = Some(Collection::create(&path, &spec).unwrap());
    let mut pair = Pair { collection, path, model: BTreeMap::new(), arrivals: 0, kind: "flat" };
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
    pair.add(&mut random, Existing::Refuse);
    for _ in 0..steps {
        match random.below(100) {
            0..=14 => pair.add(&mut random, Existing::Refuse),
            15..=24 => pair.add(&mut random, Existing::Replace),
            25..=32 => pair.update(&mut random),
            33..=40 => pair.delete(&mut random),
            41..=45 => pair.delete_where(&mut random),
            46..=48 => pair.reopen(),
            49 => drop(pair.collection().compact(&mut Silent).unwrap()),
            50 => pair.collection().close().unwrap(),
            51..=52 => pair.compare_all(),
            53..=54 => pair.choose(&mut random),
            _ => pair.search(&mut random),
        }
    }
    pair.compare_all();
    pair.reopen();
    pair.compare_all();
}
