//! An index of kind `forest` beside the exact scan: it finds as many rows as asked for, most of
//! them the nearest, whatever is filtered, removed or added.

mod common;
mod files;

use anear_index::flat::{Goal, NonFinite};
use anear_index::{
    Index, Keep, Plan, RowSet, Rows, Spec, kind_named, kind_of, load_learned, save_learned,
};
use anear_io::{About, Input, Output, Segment};
use anear_types::{Element, ErrorKind, Metric, Neighbor, Result};
use common::{Data, Random, brute_force};
use files::save;
use std::collections::HashSet;

const DIM: usize = 16;
const ROWS: usize = 3_000;
const K: usize = 10;

const METRICS: [(Metric, Element); 7] = [
    (Metric::L2, Element::F32),
    (Metric::Euclidean, Element::F64),
    (Metric::Cosine, Element::F16),
    (Metric::Angular, Element::F32),
    (Metric::InnerProduct, Element::I8),
    (Metric::Manhattan, Element::F32),
    (Metric::Hamming, Element::U8),
];

fn build(rows: Rows, metric: Metric, threads: usize) -> Box<dyn Index> {
    let spec = Spec { metric, prefilter: true };
    let mut index = kind_named("forest").unwrap().build(rows, &spec).unwrap();
    index.catch_up(threads, None).unwrap();
    index
}

fn plan(goal: Goal, keep: Keep<'_>) -> Plan<'_> {
    Plan { goal, keep, nonfinite: NonFinite::Refuse, exact: false, threads: 2, interrupt: None }
}

/// The share of the nearest that was found. Distances must be those of the rows, in order.
fn recall(found: &[Vec<Neighbor>], expected: &[Vec<Neighbor>], about: &str) -> f64 {
    let (mut hits, mut all) = (0, 0);
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.len(), expected.len(), "{about}");
        let rows: HashSet<u64> = found.iter().map(|hit| hit.row).collect();
        assert_eq!(rows.len(), found.len(), "{about}: a row twice");
        hits += expected.iter().filter(|hit| rows.contains(&hit.row)).count();
        all += expected.len();
        for hit in expected {
            if let Some(same) = found.iter().find(|other| other.row == hit.row) {
                let error = (same.distance - hit.distance).abs();
                assert!(error <= 1e-12 * hit.distance.abs() + 1e-13, "{about}: {same:?} {hit:?}");
            }
        }
    }
    hits as f64 / all.max(1) as f64
}

#[test]
fn most_of_the_nearest_are_found_and_always_as_many() {
    let mut random = Random(5);
    for (metric, element) in METRICS {
        let rows = Data::random(&mut random, element, ROWS, DIM, metric);
        let queries = Data::random(&mut random, element, 8, DIM, metric);
        let matrix = rows.matrix();
        let mut index = build(Rows::from(matrix.range(0, 2_800)), metric, 2);
        index.add(matrix.range(2_800, ROWS));
        assert!(index.lacking().is_empty() && index.lesson().is_none(), "few rows were added");
        for stage in 0..2 {
            if stage == 1 {
                (0..ROWS as u64).filter(|row| row % 3 == 0).for_each(|row| {
                    index.remove(row);
                });
            }
            let live: Vec<u64> =
                (0..ROWS as u64).filter(|row| !index.removed().contains(*row)).collect();
            let listed: Vec<u64> = (0..ROWS as u64).filter(|row| row % 5 == 1).collect();
            let few: Vec<u64> = (0..ROWS as u64).filter(|row| row % 700 == 2).collect();
            let set: RowSet = (0..ROWS).map(|row| row / 64 % 2 == 1).collect();
            let in_set: Vec<u64> = set.members(0..ROWS as u64).collect();
            for (keep, passing) in [
                (Keep::All, None),
                (Keep::Listed(&listed), Some(&listed)),
                (Keep::Listed(&few), Some(&few)),
                (Keep::Set(&set), Some(&in_set)),
            ] {
                let about = format!("{metric} {element} stage {stage} {keep:?}");
                let passes = |row: &u64| passing.is_none_or(|rows| rows.contains(row));
                let both: Vec<u64> = live.iter().copied().filter(passes).collect();
                let goal = Goal::Nearest { k: K };
                let found = index.search(queries.matrix(), &plan(goal, keep)).unwrap();
                let expected = brute_force(&rows, &queries, metric, goal, Some(&both));
                let recall = recall(&found, &expected, &about);
                let least = if metric == Metric::Hamming { 0.6 } else { 0.85 };
                assert!(recall >= least, "{about}: {recall}");
                let all = Plan { exact: true, ..plan(goal, keep) };
                let found = index.search(queries.matrix(), &all).unwrap();
                assert_eq!(self::recall(&found, &expected, &about), 1.0, "{about}");
                // A little more than a distance, so that its rounding does not matter.
                let nearer = if metric == Metric::InnerProduct { -1e-6 } else { 1e-6 };
                let radius = expected[0][1].distance + nearer;
                let within = Goal::Within { radius };
                let found = index.search(queries.matrix(), &plan(within, keep)).unwrap();
                let expected = brute_force(&rows, &queries, metric, within, Some(&both));
                let counts = |all: &[Vec<Neighbor>]| all.iter().map(Vec::len).collect::<Vec<_>>();
                assert_eq!(counts(&found), counts(&expected), "{about}");
            }
        }
    }
}

fn load(file: Vec<u8>) -> Result<Box<dyn Index>> {
    let segment = Segment::open(Input::from_bytes("x.anx", file))?;
    let about = About::read(&segment)?;
    kind_of(&about)?.load(&segment, &about, Rows::in_file(&segment, &about)?)
}

#[test]
fn a_file_is_the_same_for_any_threads_and_finds_the_same() {
    for (metric, element) in METRICS {
        let rows = Data::random(&mut Random(9), element, 800, DIM, metric);
        let queries = Data::random(&mut Random(10), element, 5, DIM, metric);
        let mut one = build(Rows::from(rows.matrix()), metric, 1);
        let file = save(&*one);
        assert!(file == save(&*build(Rows::from(rows.matrix()), metric, 5)), "{metric}");
        let search = |index: &dyn Index| {
            let plan = plan(Goal::Nearest { k: 7 }, Keep::All);
            index.search(queries.matrix(), &plan).unwrap()
        };
        let loaded = load(file.clone()).unwrap();
        assert_eq!(search(&*loaded), search(&*one), "{metric}");
        assert_eq!(loaded.params(), one.params(), "{metric}");
        // Rows that were removed are left out, and the trees are those of the others.
        for row in [0, 5, 799] {
            assert!(one.remove(row));
        }
        let others = load(save(&*one)).unwrap();
        assert_eq!((others.rows().len(), others.removed().count()), (797, 0));
        assert!(others.lesson().is_none());
        for (hits, expected) in search(&*others).iter().zip(search(&*one)) {
            assert_eq!(hits.len(), expected.len());
        }
        // Trees cut off or damaged end in an error or an answer.
        for cut in [1, 100, file.len() / 2] {
            assert!(load(file[..file.len() - cut].to_vec()).is_err(), "{metric}");
        }
        let mut random = Random(11);
        for _ in 0..100 {
            let mut damaged = file.clone();
            let at = random.word() as usize % damaged.len();
            damaged[at] ^= 1 << (random.word() % 8);
            if let Ok(index) = load(damaged) {
                let plan = plan(Goal::Nearest { k: 7 }, Keep::All);
                let _ = index.search(queries.matrix(), &plan);
            }
        }
    }
}

#[test]
fn trees_are_kept_without_the_rows_and_grown_anew_when_there_are_more() {
    let rows = Data::random(&mut Random(13), Element::F32, 1_000, DIM, Metric::Cosine);
    let matrix = rows.matrix();
    let mut index = build(Rows::from(matrix.range(0, 700)), Metric::Cosine, 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learned.anx");
    save_learned(&*index, Output::create(&path, false).unwrap()).unwrap();
    let again = load_learned(Input::open(&path).unwrap(), Rows::from(matrix)).unwrap();
    assert_eq!((again.lacking(), again.params()), (700..1_000, index.params()));
    index.add(matrix.range(700, 1_000));
    assert_eq!(index.lacking(), 700..1_000);
    index.catch_up(2, None).unwrap();
    assert!(index.lacking().is_empty());
    assert!(save(&*index) == save(&*build(Rows::from(matrix), Metric::Cosine, 1)));
}

#[test]
fn what_it_cannot_do_is_said() {
    let rows = Data::random(&mut Random(13), Element::F32, 100, DIM, Metric::Canberra);
    let kind = kind_named("forest").unwrap();
    let spec = Spec { metric: Metric::Canberra, prefilter: true };
    let error = kind.build(Rows::from(rows.matrix()), &spec).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let index = build(Rows::from(rows.matrix()), Metric::L2, 1);
    let queries = Data::random(&mut Random(14), Element::F32, 1, DIM + 1, Metric::L2);
    let plan = plan(Goal::Nearest { k: 3 }, Keep::All);
    assert_eq!(index.search(queries.matrix(), &plan).unwrap_err().kind(), ErrorKind::Usage);
}
