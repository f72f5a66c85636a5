//! An index of kind `flat` whose rows lie in several places, move to others, and are learned about
//! while it is searched and changed: the answers are those of the plain scan, bit for bit.

use crate::common::{Data, Random};
use anear_index::flat::{Goal, NonFinite};
use anear_index::{Index, Keep, Plan, RowSet, Rows, SharedBytes, Spec, kind_named, search_rows};
use anear_types::{Element, ErrorKind, MatrixRef, Metric, Neighbor, Value};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn build(rows: Rows, metric: Metric, prefilter: bool) -> Box<dyn Index> {
    kind_named("flat").unwrap().build(rows, &Spec { metric, prefilter }).unwrap()
}

/// Rows that lie somewhere else, at no particular alignment.
fn elsewhere(rows: MatrixRef<'_>) -> (SharedBytes, Range<usize>) {
    let bytes = [&[0xff; 3], rows.bytes(), &[0xff; 5]].concat();
    let range = 3..3 + rows.bytes().len();
    (Arc::new(bytes), range)
}

/// Rows in shared parts that begin at 0 and at some other rows.
fn in_parts(matrix: MatrixRef<'_>, starts: &[usize]) -> Rows {
    let mut rows = Rows::none(matrix.element(), matrix.dim());
    let ends = starts.iter().copied().chain([matrix.rows()]);
    for (start, end) in [0].into_iter().chain(starts.iter().copied()).zip(ends) {
        let (bytes, range) = elsewhere(matrix.range(start, end));
        rows.extend_shared(bytes, range, end - start);
    }
    rows
}

const GOALS: [Goal; 4] = [
    Goal::Nearest { k: 7 },
    Goal::Nearest { k: 5_000 },
    Goal::Within { radius: 1.5 },
    Goal::Within { radius: -3.0 },
];

fn plan(goal: Goal, keep: Keep<'_>) -> Plan<'_> {
    Plan { goal, keep, nonfinite: NonFinite::Refuse, exact: false, threads: 2, interrupt: None }
}

/// What the plain scan finds among the first `len` rows but for the removed ones.
fn plain(
    rows: MatrixRef<'_>,
    removed: &RowSet,
    queries: MatrixRef<'_>,
    metric: Metric,
    plan: &Plan<'_>,
) -> Vec<Vec<Neighbor>> {
    let passes = |row: &u64| match plan.keep {
        Keep::All => true,
        Keep::Listed(list) => list.contains(row),
        Keep::Set(set) => set.contains(*row),
    };
    let live: Vec<u64> = removed.others(0..removed.rows()).filter(passes).collect();
    let plan = Plan { keep: Keep::Listed(&live), ..*plan };
    search_rows(rows, queries, metric, &plan).unwrap()
}

/// Compares answers of all kinds with those of the plain scan.
fn check(index: &dyn Index, all: MatrixRef<'_>, queries: MatrixRef<'_>, about: &str) {
    let len = index.rows().len();
    assert_eq!((index.removed().rows(), index.lacking().end), (len, len), "{about}");
    let rows = all.range(0, len as usize);
    let listed: Vec<u64> = (0..all.rows() as u64).filter(|row| row * row % 5 == 1).collect();
    let set: RowSet = (0..len).map(|row| row % 3 == 0 || row / 64 % 2 == 1).collect();
    for goal in GOALS {
        for keep in [Keep::All, Keep::Listed(&listed), Keep::Set(&set)] {
            let plan = plan(goal, keep);
            let found = index.search(queries, &plan).unwrap();
            let expected = plain(rows, index.removed(), queries, index.metric(), &plan);
            assert_eq!(found, expected, "{about} {goal:?} {keep:?}");
        }
    }
}

const METRICS: [(Metric, Element); 6] = [
    (Metric::L2, Element::F32),
    (Metric::Cosine, Element::F16),
    (Metric::InnerProduct, Element::I8),
    (Metric::Angular, Element::F64),
    (Metric::Manhattan, Element::F32),
    (Metric::Hamming, Element::U8),
];

#[test]
fn it_does_not_matter_in_which_parts_rows_lie() {
    let mut random = Random(41);
    for (metric, element) in METRICS {
        let data = Data::random(&mut random, element, 400, 13, metric);
        let queries = Data::random(&mut random, element, 5, 13, metric);
        for starts in [&[][..], &[1], &[399], &[64, 64, 65, 128, 300], &[7, 8, 9, 390, 391]] {
            for prefilter in [false, true] {
                let about = format!("{metric} {element} {starts:?} {prefilter}");
                let mut index = build(in_parts(data.matrix(), starts), metric, prefilter);
                check(&*index, data.matrix(), queries.matrix(), &about);
                index.catch_up(2, None).unwrap();
                check(&*index, data.matrix(), queries.matrix(), &about);
                for row in (0..400).filter(|row| row % 11 == 3 || row / 32 == 4 || *row == 64) {
                    assert!(index.remove(row));
                }
                check(&*index, data.matrix(), queries.matrix(), &about);
            }
        }
    }
}

#[test]
fn answers_are_the_same_at_every_moment() {
    let mut random = Random(42);
    for (round, (metric, element)) in METRICS.iter().copied().cycle().take(18).enumerate() {
        let data = Data::random(&mut random, element, 1_000, 9, metric);
        let queries = Data::random(&mut random, element, 3, 9, metric);
        let all = data.matrix();
        let first = random.word() as usize % 60;
        let mut index = build(in_parts(all.range(0, first), &[first / 2]), metric, round % 5 > 0);
        let (mut lessons, mut learned) = (Vec::new(), Vec::new());
        let mut history = String::new();
        for _ in 0..40 {
            let len = index.rows().len() as usize;
            let more = 1_000.min(len + random.word() as usize % 40);
            let step = random.word() % 9;
            match step {
                0 | 1 => index.add(all.range(len, more)),
                2 => index.rebase(in_parts(all.range(0, more), &[len / 3, len])),
                3 => {
                    let mut rows = index.rows().clone();
                    let (bytes, range) = elsewhere(all.range(len, more));
                    rows.extend_shared(bytes, range, more - len);
                    index.rebase(rows);
                }
                4 => {
                    index.remove(random.word() % len.max(1) as u64);
                }
                5 | 6 => lessons.extend(index.lesson()),
                // What was begun first need not end first.
                7 if !lessons.is_empty() => {
                    let lesson = lessons.swap_remove(random.word() as usize % lessons.len());
                    learned.push(lesson.learn(2, None).unwrap());
                }
                8 if !learned.is_empty() => {
                    index.accept(learned.swap_remove(random.word() as usize % learned.len()));
                }
                _ => continue,
            }
            history += &step.to_string();
            check(&*index, all, queries.matrix(), &format!("{metric} {element} {history}"));
        }
        index.catch_up(1, None).unwrap();
        assert!(index.lacking().is_empty() && index.lesson().is_none(), "{history}");
        check(&*index, all, queries.matrix(), &format!("{metric} {element} {history}, caught up"));
    }
}

#[test]
fn a_few_rows_are_learned_at_once_and_many_later() {
    // A row of the largest dimension that can be coded; 32 of them are few, 33 are not.
    const DIM: usize = 1 << 15;
    let data = Data::random(&mut Random(43), Element::I8, 70, DIM, Metric::L2);
    let all = data.matrix();
    let coded =
        |index: &dyn Index| index.params().contains(&("prefilter".to_owned(), Value::Bool(true)));
    let mut index = build(Rows::from(all.range(0, 1)), Metric::L2, true);
    assert_eq!((index.lacking(), coded(&*index)), (0..1, false));
    index.add(all.range(1, 2));
    assert_eq!(index.lacking(), 0..2, "nothing is coded before a coding is chosen");
    assert_eq!(index.lesson().unwrap().rows(), 0..2);
    index.catch_up(1, None).unwrap();
    assert_eq!((index.lacking(), coded(&*index)), (2..2, true));
    assert!(index.lesson().is_none());
    index.add(all.range(2, 4));
    assert_eq!(index.lacking(), 4..4);
    index.add(all.range(4, 37));
    assert_eq!(index.lacking(), 4..37);
    assert_eq!(index.lesson().unwrap().rows(), 0..37, "the coding was chosen for too few rows");
    index.catch_up(1, None).unwrap();
    index.add(all.range(37, 69));
    assert_eq!(index.lacking(), 69..69);
    // What comes while a lesson goes on is learned when it ends.
    let mut index = build(Rows::from(all.range(0, 40)), Metric::L2, true);
    let lesson = index.lesson().unwrap();
    index.rebase(in_parts(all.range(0, 70), &[40]));
    assert_eq!(index.lacking(), 0..70);
    index.accept(lesson.learn(3, None).unwrap());
    assert_eq!(index.lacking(), 70..70);
}

#[test]
fn metrics_without_codes_have_nothing_to_learn() {
    for (metric, element) in [(Metric::Manhattan, Element::F32), (Metric::Jaccard, Element::U8)] {
        let data = Data::random(&mut Random(44), element, 50, 6, metric);
        let mut index = build(Rows::from(data.matrix()), metric, true);
        assert!(index.lacking().is_empty() && index.lesson().is_none(), "{metric}");
        index.add(data.matrix());
        assert!(index.lacking().is_empty() && index.lesson().is_none(), "{metric}");
    }
}

#[test]
fn what_is_of_no_use_any_more_is_dropped() {
    let mut random = Random(45);
    let [data, other] = [0, 1].map(|_| Data::random(&mut random, Element::F32, 300, 8, Metric::L2));
    let queries = Data::random(&mut random, Element::F32, 4, 8, Metric::L2);
    let mut index = build(Rows::from(data.matrix()), Metric::L2, true);
    // Of another index, with as many rows.
    let another = build(Rows::from(other.matrix()), Metric::L2, true).lesson().unwrap();
    index.accept(another.learn(1, None).unwrap());
    assert_eq!(index.lacking(), 0..300);
    let [first, second] = [0, 1].map(|_| index.lesson().unwrap());
    index.accept(first.learn(1, None).unwrap());
    index.accept(second.learn(1, None).unwrap());
    assert_eq!(index.lacking(), 300..300);
    check(&*index, data.matrix(), queries.matrix(), "twice");
}

#[test]
fn a_lesson_can_be_interrupted() {
    // Rows of four steps.
    let (rows, dim) = (512, 1 << 15);
    let bytes: Vec<u8> = (0..rows * dim).map(|at| (at % 251) as u8).collect();
    let rows = Rows::shared(Arc::new(bytes), 0..rows * dim, Element::U8, rows, dim);
    let mut index = build(rows, Metric::L2, true);
    let asked = AtomicUsize::new(0);
    let on_the_third = || asked.fetch_add(1, Ordering::Relaxed) == 2;
    let error = index.catch_up(1, Some(&on_the_third)).unwrap_err();
    assert_eq!((error.kind(), asked.into_inner()), (ErrorKind::Interrupted, 3));
    assert_eq!(index.lacking(), 0..512);
}

#[test]
fn an_index_can_be_searched_while_it_learns() {
    let mut random = Random(46);
    let data = Data::random(&mut random, Element::F32, 3_000, 24, Metric::Cosine);
    let queries = Data::random(&mut random, Element::F32, 2, 24, Metric::Cosine);
    let mut index = build(in_parts(data.matrix(), &[1_000]), Metric::Cosine, true);
    let lesson = index.lesson().unwrap();
    let learned = std::thread::scope(|scope| {
        let learning = scope.spawn(|| lesson.learn(2, None).unwrap());
        for _ in 0..3 {
            check(&*index, data.matrix(), queries.matrix(), "meanwhile");
        }
        learning.join().unwrap()
    });
    index.accept(learned);
    assert!(index.lacking().is_empty());
    check(&*index, data.matrix(), queries.matrix(), "afterwards");
}

#[test]
#[should_panic(expected = "no rows go")]
fn rows_do_not_get_fewer() {
    let data = Data::random(&mut Random(47), Element::U8, 5, 2, Metric::L2);
    let mut index = build(Rows::from(data.matrix()), Metric::L2, true);
    index.rebase(Rows::from(data.matrix().range(0, 4)));
}
