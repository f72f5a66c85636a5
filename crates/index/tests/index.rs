//! An index of kind `flat` against brute force: all metrics, with rows added and removed, and
//! every kind of filter.

mod common;
mod files;
mod growing;
mod saved;

use anear_index::flat::{Goal, NonFinite};
use anear_index::{Keep, Plan, RowSet, Rows, Spec, kind_named, search_rows};
use anear_types::{Element, ErrorKind, MatrixRef, Metric, Neighbor};
use common::{Data, Random, brute_force};
use std::sync::atomic::{AtomicUsize, Ordering};

fn plan(goal: Goal) -> Plan<'static> {
    let nonfinite = NonFinite::Refuse;
    Plan { goal, keep: Keep::All, nonfinite, exact: false, threads: 2, interrupt: None }
}

fn spec(metric: Metric) -> Spec {
    Spec { metric, prefilter: true }
}

/// The same distances, and the same rows but where f64 cannot tell them apart.
fn assert_same(got: &[Vec<Neighbor>], expected: &[Vec<Neighbor>], about: &str) {
    assert_eq!(got.len(), expected.len(), "{about}");
    for (got, expected) in got.iter().zip(expected) {
        assert_eq!(got.len(), expected.len(), "{about}");
        for (got, expected) in got.iter().zip(expected) {
            let error = (got.distance - expected.distance).abs();
            let tied = error <= 1e-12 * expected.distance.abs() + 1e-13;
            assert!(tied, "{about}: {got:?}, not {expected:?}");
        }
    }
}

#[test]
fn removed_rows_and_filters_leave_exactly_the_others() {
    const DIM: usize = 9;
    let mut random = Random(21);
    for (metric, element) in [
        (Metric::L2, Element::F32),
        (Metric::Cosine, Element::F16),
        (Metric::InnerProduct, Element::I8),
        (Metric::Manhattan, Element::F64),
        (Metric::Hamming, Element::U8),
        (Metric::Jaccard, Element::Bool),
    ] {
        let rows = Data::random(&mut random, element, 5_000, DIM, metric);
        let queries = Data::random(&mut random, element, 3, DIM, metric);
        let matrix = rows.matrix();
        let kind = kind_named("flat").unwrap();
        // Some rows from the beginning, some added later.
        let mut index = kind.build(Rows::from(matrix.range(0, 3_000)), &spec(metric)).unwrap();
        index.catch_up(2, None).unwrap();
        index.add(matrix.range(3_000, 4_500));
        index.add(matrix.range(4_500, 5_000));
        for stage in 0..3 {
            if stage > 0 {
                let some = (0..5_000).filter(|row| row % 7 == stage || (row / 64) % 9 == stage);
                some.for_each(|row| assert!(index.remove(row) || index.removed().contains(row)));
                assert!(!index.remove(5_000));
            }
            let live: Vec<u64> = (0..5_000).filter(|row| !index.removed().contains(*row)).collect();
            assert_eq!(live.len() as u64 + index.removed().count(), 5_000);
            let listed: Vec<u64> = (0..5_000).filter(|row| row * row % 31 < 3).collect();
            let set: RowSet = (0..5_000u64).map(|row| row * row % 31 < 3).collect();
            let all: RowSet = (0..5_000u64).map(|_| true).collect();
            let both: Vec<u64> = listed.iter().copied().filter(|row| live.contains(row)).collect();
            for goal in
                [Goal::Nearest { k: 11 }, Goal::Nearest { k: 9_999 }, Goal::Within { radius: 2.0 }]
            {
                let about = format!("{metric} {element} {goal:?} stage {stage}");
                let search = |keep| {
                    let plan = Plan { keep, ..plan(goal) };
                    index.search(queries.matrix(), &plan).unwrap()
                };
                let expected = brute_force(&rows, &queries, metric, goal, Some(&live));
                assert_same(&search(Keep::All), &expected, &about);
                assert_same(&search(Keep::Set(&all)), &expected, &about);
                let expected = brute_force(&rows, &queries, metric, goal, Some(&both));
                assert_same(&search(Keep::Listed(&listed)), &expected, &about);
                assert_same(&search(Keep::Set(&set)), &expected, &about);
                assert!(search(Keep::Listed(&[])).iter().all(Vec::is_empty), "{about}");
            }
        }
    }
}

#[test]
fn a_search_can_be_interrupted_between_stretches() {
    let rows = Data::random(&mut Random(3), Element::I8, 9_000, 4, Metric::L2);
    // So many queries that a stretch is no longer than the shortest: 4,096 rows.
    let queries = Data::random(&mut Random(4), Element::I8, 140_000, 4, Metric::L2);
    let asked = AtomicUsize::new(0);
    let on_the_third = || asked.fetch_add(1, Ordering::Relaxed) == 2;
    let plan = Plan { interrupt: Some(&on_the_third), ..plan(Goal::Nearest { k: 1 }) };
    let error = search_rows(rows.matrix(), queries.matrix(), Metric::L2, &plan).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[test]
fn nothing_is_found_among_no_rows_but_what_is_wrong_is_said() {
    for metric in [Metric::Cosine, Metric::Hamming] {
        let none = MatrixRef::new(&[], Element::F32, 0, 3);
        let index = kind_named("auto").unwrap().build(Rows::from(none), &spec(metric)).unwrap();
        let query = |dim: usize| vec![0u8; 4 * dim];
        let search = |dim: usize, goal: Goal| {
            index.search(MatrixRef::new(&query(dim), Element::F32, 1, dim), &plan(goal))
        };
        assert_eq!(search(3, Goal::Nearest { k: 4 }).unwrap(), [[]]);
        let wrong = [
            search(4, Goal::Nearest { k: 4 }),
            search(3, Goal::Nearest { k: 0 }),
            search(3, Goal::Within { radius: f64::NAN }),
        ];
        for error in wrong {
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Usage, "{metric}");
        }
        let nan = f32::NAN.to_ne_bytes().repeat(3);
        let nan = MatrixRef::new(&nan, Element::F32, 1, 3);
        let error = index.search(nan, &plan(Goal::Nearest { k: 4 })).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData, "{metric}");
    }
}

#[test]
fn many_queries_are_searched_some_at_a_time_and_named_by_their_numbers() {
    let (dim, count) = (512, 4_000);
    let rows = Data::random(&mut Random(3), Element::F32, 20, dim, Metric::L2);
    let mut values: Vec<f64> = (0..count * dim).map(|at| (at % 97) as f64).collect();
    let queries = Data::new(Element::F32, &values, dim);
    let nearest = plan(Goal::Nearest { k: 2 });
    let found = search_rows(rows.matrix(), queries.matrix(), Metric::L2, &nearest).unwrap();
    assert_same(&found, &brute_force(&rows, &queries, Metric::L2, nearest.goal, None), "l2");
    values[3_900 * dim + 5] = f64::NAN;
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    let bad = MatrixRef::new(&bytes, Element::F64, count, dim);
    let error = search_rows(rows.matrix(), bad, Metric::L2, &nearest).unwrap_err();
    assert!(error.to_string().contains("query 3900"), "{error}");
}

#[test]
fn rows_that_do_not_pass_may_hold_anything() {
    let (dim, count) = (6, 200);
    for (metric, element) in [
        (Metric::L2, Element::F32),
        (Metric::InnerProduct, Element::F64),
        (Metric::Cosine, Element::F32),
        (Metric::Manhattan, Element::F32),
        (Metric::Hamming, Element::F32),
    ] {
        let mut values: Vec<f64> = (0..count * dim).map(|at| (at * at % 23) as f64).collect();
        let good = Data::new(element, &values, dim);
        values[120 * dim + 2] = f64::NAN;
        values[7 * dim] = f64::INFINITY;
        let bytes: Vec<u8> = match element {
            Element::F32 => values.iter().flat_map(|value| (*value as f32).to_ne_bytes()).collect(),
            _ => values.iter().flat_map(|value| value.to_ne_bytes()).collect(),
        };
        let bad = MatrixRef::new(&bytes, element, count, dim);
        let queries = good.matrix().range(0, 9);
        for goal in [Goal::Nearest { k: 5 }, Goal::Nearest { k: 900 }, Goal::Within { radius: 3.0 }]
        {
            let about = format!("{metric} {goal:?}");
            let search = |rows, set: &RowSet, nonfinite| {
                let plan = Plan { keep: Keep::Set(set), nonfinite, ..plan(goal) };
                search_rows(rows, queries, metric, &plan)
            };
            let both_out: RowSet =
                (0..200).map(|row| row != 120 && row != 7 && row % 5 > 0).collect();
            let expected = search(good.matrix(), &both_out, NonFinite::Refuse).unwrap();
            assert!(expected.iter().flatten().all(|hit| both_out.contains(hit.row)), "{about}");
            for nonfinite in [NonFinite::Refuse, NonFinite::Skip] {
                assert_eq!(search(bad, &both_out, nonfinite).unwrap(), expected, "{about}");
            }
            let one_out: RowSet =
                (0..200).map(|row| row != 7 && row % 5 > 0 || row == 120).collect();
            let error = search(bad, &one_out, NonFinite::Refuse).unwrap_err();
            assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(120)), "{about}");
            assert_eq!(search(bad, &one_out, NonFinite::Skip).unwrap(), expected, "{about}");
        }
    }
}
