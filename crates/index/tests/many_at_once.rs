//! Queries that are asked at once, and go through the lists together, are answered as one by one.

use anear_index::ann::{AnnIndex, Hit, Queries, Settings, adopt};
use anear_index::flat::Goal;
use anear_index::making::{Training, Vectors, Work, add, from_factory, train};
use anear_testkit::random::Random;
use anear_types::Measure;

const DIM: usize = 48;
const ROWS: usize = 3000;
const QUERIES: usize = 530;
const LISTS: i64 = 24;

fn rows(random: &mut Random, count: usize) -> Vec<f32> {
    let middles: Vec<f32> = (0..9 * DIM).map(|_| random.below(100) as f32).collect();
    let mut rows = Vec::new();
    for _ in 0..count {
        let middle = random.below(9) as usize * DIM;
        rows.extend(middles[middle..][..DIM].iter().map(|at| at + random.below(90) as f32 / 8.0));
    }
    rows
}

fn made(kind: &str, measure: Measure, values: &[f32]) -> Box<dyn AnnIndex> {
    let vectors = Vectors::Floats { values, dim: DIM };
    let mut parts = from_factory(kind, DIM, measure).unwrap();
    train(&mut parts, vectors, &Training::default(), &Work::default()).unwrap();
    add(&mut parts, vectors, None, &Work::default()).unwrap();
    adopt(&parts.check().unwrap()).unwrap()
}

/// Checks that a search of some queries finds what one of each alone does.
fn check(name: &str, values: &[f32], search: impl Fn(Queries<'_>, usize) -> Vec<Vec<Hit>>) {
    let queries = |values| Queries::Floats { values, dim: DIM };
    let alone: Vec<Vec<Hit>> = values
        .chunks_exact(DIM)
        .enumerate()
        .flat_map(|(number, query)| search(queries(query), number))
        .collect();
    assert!(alone.iter().any(|hits| !hits.is_empty()), "{name}");
    for count in [4, 33, QUERIES] {
        let found = search(queries(&values[..count * DIM]), 0);
        assert_eq!(found.len(), count);
        for (number, (found, alone)) in found.iter().zip(&alone).enumerate() {
            assert_eq!(found, alone, "{name}: query {number} of {count}");
        }
    }
}

#[test]
fn packed_codes_in_lists() {
    let mut random = Random::new(3);
    let values = rows(&mut random, ROWS + QUERIES);
    let (values, queries) = values.split_at(ROWS * DIM);
    let kinds = ["IVF24,PQ12x4fs", "IVF24,PQ6x4fs", "IVF24,PQ24x4fsr", "IVF24,PQ48x4fs"];
    let even = |id: i64| id % 2 == 0;
    for (kind, measure) in
        kinds.iter().flat_map(|kind| [Measure::L2, Measure::InnerProduct].map(|m| (kind, m)))
    {
        let index = made(kind, measure, values);
        let radius = if measure == Measure::L2 { 2500.0 } else { 150_000.0 };
        for goal in [Goal::Nearest { k: 1 }, Goal::Nearest { k: 40 }, Goal::Within { radius }] {
            for probes in [1, 5, 24] {
                let settings = Settings { probes: Some(probes), ..Settings::default() };
                let some = Settings { keep: Some(&even), ..settings };
                for (settings, which) in [(settings, "all"), (some, "some")] {
                    let name = format!("{kind} by {measure}, {goal:?}, {which} of {probes} lists");
                    check(&name, queries, |queries, _| {
                        index.search(queries, goal, &settings).unwrap()
                    });
                }
            }
        }
    }
}

#[test]
fn lists_that_are_named_and_none_or_one_of_them_twice() {
    let mut random = Random::new(4);
    let values = rows(&mut random, ROWS + QUERIES);
    let (values, queries) = values.split_at(ROWS * DIM);
    let lists: Vec<Vec<i64>> = (0..QUERIES)
        .map(|query| match query % 4 {
            0 => Vec::new(),
            1 => vec![7, 3, 7],
            2 => vec![-1, query as i64 % LISTS],
            _ => (0..LISTS).rev().collect(),
        })
        .collect();
    for kind in ["IVF24,PQ12x4fs", "IVF24,PQ12x4fsr"] {
        let index = made(kind, Measure::L2, values);
        check(kind, queries, |queries, first| {
            let lists = &lists[first..first + queries.len()];
            let goal = Goal::Nearest { k: 20 };
            index.search_lists(queries, lists, goal, &Settings::default()).unwrap()
        });
    }
}
