//! An index against a plain list of rows: whatever is built, added, removed, saved and loaded,
//! both must agree.

use anear::{
    Block, Element, Goal, Ids, Index, IndexSearch, IndexSpec, MatrixRef, Metric, OpenOptions,
    RowFilter, Silent, Value,
};

const DIM: usize = 5;

fn spec(metric: Metric) -> IndexSpec {
    IndexSpec { metric: Some(metric), ..IndexSpec::default() }
}

/// Numbers that repeat from run to run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }

    /// Rows with few different values, so that distances tie.
    fn rows(&mut self, count: usize) -> Block {
        let mut block = Block::new(Element::F32, DIM, count);
        for _ in 0..count {
            let row: Vec<f32> = (0..DIM).map(|_| self.below(4) as f32 - 1.0).collect();
            block.push_row(bytemuck::cast_slice(&row));
        }
        block
    }
}

/// The plain list: id and components of each row that is there, in the order of arrival.
#[derive(Default)]
struct Model(Vec<(Value, Vec<f64>)>);

impl Model {
    fn add(&mut self, ids: &Ids, rows: MatrixRef<'_>) {
        for row in 0..rows.rows() {
            let components = (0..DIM).map(|column| rows.get_f64(row, column)).collect();
            self.0.push((ids.get(row), components));
        }
    }

    fn remove(&mut self, ids: &Ids) -> u64 {
        let gone: Vec<Value> = (0..ids.len()).map(|position| ids.get(position)).collect();
        let before = self.0.len();
        self.0.retain(|(id, _)| !gone.contains(id));
        (before - self.0.len()) as u64
    }

    /// Ids and squared distances, the nearest first, then in the order of arrival.
    fn search(&self, query: MatrixRef<'_>, goal: Goal, only: Option<&Ids>) -> Vec<(Value, f64)> {
        let passes =
            |id: &Value| only.is_none_or(|only| (0..only.len()).any(|i| only.get(i) == *id));
        let distance = |row: &[f64]| -> f64 {
            row.iter().enumerate().map(|(i, x)| (x - query.get_f64(0, i)).powi(2)).sum()
        };
        let rows = self.0.iter().filter(|(id, _)| passes(id));
        let mut all: Vec<(Value, f64)> =
            rows.map(|(id, row)| (id.clone(), distance(row))).collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1));
        match goal {
            Goal::Nearest { k } => all.truncate(k),
            Goal::Within { radius } => all.retain(|(_, distance)| *distance <= radius),
        }
        all
    }
}

fn found(index: &Index, query: MatrixRef<'_>, search: &IndexSearch<'_>) -> Vec<(Value, f64)> {
    let hits = index.search(query, search).unwrap().remove(0);
    hits.into_iter().map(|hit| (hit.id, hit.distance)).collect()
}

fn ids(text: bool, numbers: impl Iterator<Item = u64>) -> Ids {
    match text {
        true => Ids::from(numbers.map(|number| format!("é{number}")).collect::<Vec<String>>()),
        false => Ids::from(numbers.map(|number| number as i64 - 50).collect::<Vec<i64>>()),
    }
}

#[test]
fn an_index_agrees_with_a_plain_list() {
    let folder = tempfile::tempdir().unwrap();
    for text in [false, true] {
        let mut random = Random(if text { 1 } else { 2 });
        let mut model = Model::default();
        let mut index =
            Index::build(random.rows(0), Some(ids(text, 0..0)), &spec(Metric::L2), 1, &mut Silent)
                .unwrap();
        let mut next = 0;
        for step in 0..120 {
            match random.below(8) {
                0..3 => {
                    let rows = random.rows(random_count(step));
                    let more = ids(text, next..next + rows.rows() as u64);
                    next += rows.rows() as u64;
                    let numbers = index.add(rows.matrix(), Some(more.clone())).unwrap();
                    assert_eq!(numbers.end, index.rows());
                    model.add(&more, rows.matrix());
                }
                3 => {
                    let gone: Vec<u64> =
                        (0..random.below(30)).map(|_| random.below(next + 1)).collect();
                    let gone = ids(text, gone.into_iter());
                    assert_eq!(index.remove(&gone).unwrap(), model.remove(&gone));
                }
                4 => {
                    let path = folder.path().join("x.anx");
                    index.save(&path, true).unwrap();
                    index = Index::load(&path, &OpenOptions::default()).unwrap();
                    assert_eq!(index.rows(), index.len());
                }
                _ => {}
            }
            assert_eq!(index.len(), model.0.len() as u64);
            let query = random.rows(1);
            for goal in
                [Goal::Nearest { k: 1 }, Goal::Nearest { k: 9 }, Goal::Within { radius: 4.0 }]
            {
                let search = IndexSearch { goal, threads: 2, ..IndexSearch::nearest(1) };
                let expected = model.search(query.matrix(), goal, None);
                assert_eq!(found(&index, query.matrix(), &search), expected);
                let some: Vec<u64> = (0..20).map(|_| random.below(next + 3)).collect();
                let some = ids(text, some.into_iter());
                let search = IndexSearch { filter: RowFilter::Ids(&some), ..search };
                let expected = model.search(query.matrix(), goal, Some(&some));
                assert_eq!(found(&index, query.matrix(), &search), expected);
            }
        }
        assert!(next > 500);
    }
}

/// Few rows at first, then more.
fn random_count(step: usize) -> usize {
    [0, 1, 7, 30, 64][(step / 6) % 5]
}
