//! Exact search against brute force in f64.

mod beside;
mod common;

use anear_index::flat::{FlatOptions, FlatSearch, Goal, NonFinite};
use anear_types::{Element, ErrorKind, MatrixRef, Metric, Neighbor, Order};
use common::{Data, Random, brute_force};

const NEAREST: Goal = Goal::Nearest { k: 10 };

fn options(metric: Metric, goal: Goal) -> FlatOptions {
    FlatOptions { metric, goal, nonfinite: NonFinite::Refuse, threads: 1 }
}

/// Searches in blocks of `block` rows.
fn search(
    rows: &Data,
    queries: &Data,
    options: FlatOptions,
    block: usize,
    keep: Option<&[u64]>,
) -> Vec<Vec<Neighbor>> {
    let mut search = FlatSearch::new(queries.matrix(), options).unwrap();
    let matrix = rows.matrix();
    for start in (0..matrix.rows()).step_by(block) {
        let end = matrix.rows().min(start + block);
        search.scan(start as u64, matrix.range(start, end), keep).unwrap();
    }
    search.finish()
}

/// The same rows, but for those whose distances f64 cannot tell apart; the same distances.
fn assert_same(got: &[Vec<Neighbor>], expected: &[Vec<Neighbor>], about: &str) {
    assert_eq!(got.len(), expected.len(), "{about}");
    for (query, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert_eq!(got.len(), expected.len(), "{about} query {query}");
        for (got, expected) in got.iter().zip(expected) {
            let error = (got.distance - expected.distance).abs();
            let same = got.distance == expected.distance;
            let near = error <= 1e-9 * expected.distance.abs() + 1e-13;
            assert!(same || near, "{about} query {query}: {got:?}, not {expected:?}");
            let tied = error <= 1e-12 * expected.distance.abs() + 1e-15;
            assert!(got.row == expected.row || tied, "{about} {query}: {got:?}, not {expected:?}");
        }
    }
}

#[test]
fn every_metric_and_element_agrees_with_brute_force() {
    let mut random = Random(7);
    for (metric, element) in
        Metric::ALL.iter().flat_map(|metric| Element::ALL.map(|element| (*metric, element)))
    {
        for (dim, row_count, query_count) in
            [(1, 50, 2), (3, 100, 1), (8, 40, 9), (17, 61, 21), (70, 90, 4), (129, 33, 3)]
        {
            let rows = Data::random(&mut random, element, row_count, dim, metric);
            let queries = Data::random(&mut random, element, query_count, dim, metric);
            for goal in [NEAREST, Goal::Within { radius: 3.0 }] {
                let expected = brute_force(&rows, &queries, metric, goal, None);
                for block in [row_count, 7] {
                    let got = search(&rows, &queries, options(metric, goal), block, None);
                    let about = format!("{metric} {element} {dim} {goal:?} blocks of {block}");
                    assert_same(&got, &expected, &about);
                }
            }
        }
    }
}

#[test]
fn queries_of_another_element_are_taken_as_they_are() {
    let mut random = Random(8);
    for metric in Metric::ALL.into_iter().filter(|metric| !metric.is_binary()) {
        for element in [Element::F32, Element::U8, Element::I64] {
            for count in [1, 6] {
                let rows = Data::random(&mut random, element, 200, 19, metric);
                // Not exact in f32, and not near any row either.
                let queries = Data::random(&mut random, Element::F64, count, 19, metric);
                let expected = brute_force(&rows, &queries, metric, NEAREST, None);
                let got = search(&rows, &queries, options(metric, NEAREST), 64, None);
                assert_same(&got, &expected, &format!("{metric} {element}"));
            }
        }
    }
}

#[test]
fn near_duplicates_are_told_apart() {
    let mut random = Random(9);
    let center: Vec<f64> = (0..48).map(|_| 3.0 + random.signed()).collect();
    let mut values = Vec::new();
    // Enough rows for the screen of l2 to notice that norms are of no use here.
    for row in 0..1500 {
        // Distances far below what f32 sums can tell.
        let scale = 1e-7 * f64::from(row % 100 + 1);
        values.extend(center.iter().map(|value| value * (1.0 + scale * random.signed())));
    }
    let rows = Data::new(Element::F32, &values, 48);
    for metric in Metric::ALL.into_iter().filter(|metric| !metric.is_binary()) {
        for count in [1, 5] {
            let queries = Data::new(Element::F32, &center.repeat(count), 48);
            let expected = brute_force(&rows, &queries, metric, NEAREST, None);
            let got = search(&rows, &queries, options(metric, NEAREST), 1500, None);
            // The plain formulas of these have lost the digits that are compared here.
            if !matches!(metric, Metric::Cosine | Metric::Angular | Metric::JensenShannon) {
                assert_same(&got, &expected, &format!("{metric}"));
            }
            assert!(got[0].is_sorted_by(|a, b| match metric.order() {
                Order::SmallerIsNearer => (a.distance, a.row) < (b.distance, b.row),
                Order::LargerIsNearer => (-a.distance, a.row) < (-b.distance, b.row),
            }));
        }
    }
}

#[test]
fn cosine_near_zero_keeps_five_digits() {
    let mut values = Vec::new();
    for row in 1..40u32 {
        values.extend([1.0, f64::from(row) * 1e-6]);
    }
    let rows = Data::new(Element::F32, &values, 2);
    let query = Data::new(Element::F32, &[1.0, 0.0], 2);
    let got = search(&rows, &query, options(Metric::Cosine, NEAREST), 40, None);
    for (position, neighbor) in got[0].iter().enumerate() {
        let tangent = f64::from((position + 1) as f32 * 1e-6);
        let expected = 0.5 * tangent * tangent;
        assert_eq!(neighbor.row, position as u64);
        assert!((neighbor.distance / expected - 1.0).abs() < 1e-5, "{neighbor:?} {expected}");
    }
}

#[test]
fn ties_go_to_the_smaller_row() {
    let values: Vec<f64> = (0..400).flat_map(|row| [f64::from(row % 4), 1.0]).collect();
    for element in [Element::F32, Element::U8, Element::F64] {
        let rows = Data::new(element, &values, 2);
        for metric in [Metric::L2, Metric::Manhattan, Metric::Cosine, Metric::InnerProduct] {
            for (threads, block) in [(1, 400), (3, 400), (2, 33)] {
                let queries = Data::new(element, &[3.0, 1.0, 3.0, 1.0], 2);
                let options = FlatOptions { threads, ..options(metric, NEAREST) };
                let got = search(&rows, &queries, options, block, None);
                let numbers: Vec<u64> = got[1].iter().map(|neighbor| neighbor.row).collect();
                let expected: Vec<u64> = (0..10).map(|i| 4 * i + 3).collect();
                assert_eq!(numbers, expected, "{metric} {element}");
            }
        }
    }
}

#[test]
fn threads_and_blocks_change_nothing() {
    let mut random = Random(10);
    for (metric, element, queries) in [
        (Metric::L2, Element::F32, 1),
        (Metric::Euclidean, Element::F16, 40),
        (Metric::Cosine, Element::I8, 5),
        (Metric::Canberra, Element::F32, 5),
        (Metric::JensenShannon, Element::F32, 3),
        (Metric::Hamming, Element::U8, 100),
    ] {
        let rows = Data::random(&mut random, element, 30_000, 24, metric);
        let queries = Data::random(&mut random, element, queries, 24, metric);
        let first = search(&rows, &queries, options(metric, NEAREST), 30_000, None);
        for threads in [2, 3] {
            for block in [30_000, 4_999] {
                let options = FlatOptions { threads, ..options(metric, NEAREST) };
                assert_eq!(search(&rows, &queries, options, block, None), first, "{metric}");
            }
        }
    }
}

#[test]
fn only_rows_on_the_list_are_found() {
    let mut random = Random(11);
    for (metric, element) in [
        (Metric::L2, Element::F32),
        (Metric::Cosine, Element::Bf16),
        (Metric::Manhattan, Element::F64),
        (Metric::Jaccard, Element::Bool),
    ] {
        let rows = Data::random(&mut random, element, 500, 13, metric);
        let queries = Data::random(&mut random, element, 5, 13, metric);
        let third: Vec<u64> = (0..500).filter(|row| row % 3 == 1).collect();
        for keep in [&third[..], &[7, 8, 499], &[]] {
            let expected = brute_force(&rows, &queries, metric, NEAREST, Some(keep));
            for threads in [1, 2] {
                let options = FlatOptions { threads, ..options(metric, NEAREST) };
                let got = search(&rows, &queries, options, 101, Some(keep));
                assert_same(&got, &expected, &format!("{metric} {element}"));
            }
        }
    }
}

#[test]
fn k_beyond_the_rows_gives_all_of_them() {
    let rows = Data::new(Element::F32, &[1.0, 2.0, 3.0], 1);
    let query = Data::new(Element::F32, &[2.5], 1);
    for k in [3, 4, usize::MAX] {
        let options = options(Metric::L2, Goal::Nearest { k });
        let got = search(&rows, &query, options, 2, None);
        assert_eq!(got[0].iter().map(|neighbor| neighbor.row).collect::<Vec<_>>(), [1, 2, 0]);
    }
    let none =
        search(&Data::new(Element::F32, &[], 1), &query, options(Metric::L2, NEAREST), 1, None);
    assert_eq!(none, [vec![]]);
}

#[test]
fn values_at_the_ends_of_the_scale_are_found() {
    let extremes =
        [0.0, 1e-45, -1e-45, 1e-40, 1e-23, 1e-12, 1.0, 1e15, 1e19, -1e19, 2e19, 1e30, 3e38, -3e38];
    let mut values = Vec::new();
    for x in extremes {
        for y in extremes {
            values.extend([x, y, 0.0]);
        }
    }
    for element in [Element::F32, Element::F64] {
        let rows = Data::new(element, &values, 3);
        for metric in Metric::ALL.into_iter().filter(|metric| !metric.is_binary()) {
            let (rows, sample) = match metric {
                Metric::JensenShannon => {
                    let positive: Vec<f64> = values.iter().map(|value| value.abs()).collect();
                    (&Data::new(element, &positive, 3), [1e-40, 3e38, 1.0])
                }
                _ => (&rows, [1e-40, -3e38, 2e19]),
            };
            for count in [1, 4] {
                for first in sample {
                    let query = [first, 1.0, 0.0].repeat(count);
                    let queries = Data::new(element, &query, 3);
                    let goal = Goal::Nearest { k: 30 };
                    let expected = brute_force(rows, &queries, metric, goal, None);
                    let got = search(rows, &queries, options(metric, goal), 77, None);
                    // Squares of f64 underflow in the plain formula, so angles of tiny vectors
                    // are not compared; they are in the kernels' own tests.
                    if !matches!(metric, Metric::Cosine | Metric::Angular) {
                        assert_same(&got, &expected, &format!("{metric} {element} {first}"));
                    }
                }
            }
        }
    }
}

#[test]
fn rows_that_are_not_finite_are_named_or_skipped() {
    for element in [Element::F32, Element::F16, Element::F64, Element::F8E5M2] {
        for metric in Metric::ALL {
            for (threads, query_count) in [(1, 1), (3, 1), (1, 5)] {
                let mut values = vec![1.0; 5000 * 30];
                values[4321 * 30 + 7] = f64::NAN;
                values[1234 * 30 + 29] = f64::INFINITY;
                let rows = Data::new(element, &values, 30);
                let queries = Data::new(element, &vec![1.0; query_count * 30], 30);
                let options = FlatOptions { threads, ..options(metric, NEAREST) };
                let mut refusing = FlatSearch::new(queries.matrix(), options).unwrap();
                let error = refusing.scan(100, rows.matrix(), None).unwrap_err();
                assert_eq!(error.to_string(), "component 29 is inf (row 1334)", "{metric}");
                assert_eq!(error.kind(), ErrorKind::BadData);

                let options = FlatOptions { nonfinite: NonFinite::Skip, ..options };
                let mut skipping = FlatSearch::new(queries.matrix(), options).unwrap();
                skipping.scan(100, rows.matrix(), None).unwrap();
                assert_eq!(skipping.skipped(), 2);
                let found = skipping.finish();
                let numbers: Vec<u64> = found[0].iter().map(|neighbor| neighbor.row).collect();
                assert_eq!(numbers, (100..110).collect::<Vec<u64>>(), "{metric} {element}");
            }
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let make = |queries: &Data, options| FlatSearch::new(queries.matrix(), options);
    let query = Data::new(Element::F32, &[1.0, -1.0], 2);
    let zero = options(Metric::L2, Goal::Nearest { k: 0 });
    assert_eq!(make(&query, zero).unwrap_err().kind(), ErrorKind::Usage);
    let nan = options(Metric::L2, Goal::Within { radius: f64::NAN });
    assert_eq!(make(&query, nan).unwrap_err().kind(), ErrorKind::Usage);

    let mut search = make(&query, options(Metric::L2, NEAREST)).unwrap();
    let error = search.scan(0, MatrixRef::new(&[1, 2, 3], Element::U8, 1, 3), None).unwrap_err();
    assert_eq!(error.to_string(), "queries have 2 components, rows 3");

    let bad = Data::new(Element::F32, &[1.0, 0.0, f64::NAN, 2.0], 2);
    for metric in Metric::ALL {
        let error = make(&bad, options(metric, NEAREST)).unwrap_err();
        assert!(error.what().starts_with("query 1 holds"), "{error}");
    }
    let error = make(&query, options(Metric::JensenShannon, NEAREST)).unwrap_err();
    assert!(error.what().contains("query 0 holds -1 in component 1"), "{error}");

    let positive = Data::new(Element::F32, &[1.0, 1.0], 2);
    let mut search = make(&positive, options(Metric::JensenShannon, NEAREST)).unwrap();
    let error = search.scan(0, query.matrix(), None).unwrap_err();
    assert_eq!((error.row(), error.kind()), (Some(0), ErrorKind::BadData));
}

#[test]
fn packed_bits_are_found_by_single_bits() {
    let packed = [0b0000_0101, 0b1000_0000, 0xff, 0];
    let rows = MatrixRef::new(&packed, Element::U8, 2, 2);
    let mut bits = vec![0.0; 16];
    (bits[0], bits[2], bits[15]) = (1.0, 1.0, 1.0);
    for element in [Element::Bool, Element::F32] {
        let query = Data::new(element, &bits, 16);
        let mut search =
            FlatSearch::new(query.matrix(), options(Metric::Hamming, NEAREST)).unwrap();
        search.scan(0, rows, None).unwrap();
        let found = search.finish();
        assert_eq!(found[0][0], Neighbor { row: 0, distance: 0.0 });
        assert_eq!(found[0][1], Neighbor { row: 1, distance: 7.0 });
    }
    let short = Data::new(Element::Bool, &[1.0, 0.0], 2);
    let mut search = FlatSearch::new(short.matrix(), options(Metric::Jaccard, NEAREST)).unwrap();
    let error = search.scan(0, rows, None).unwrap_err();
    assert_eq!(error.to_string(), "queries have 2 bits (2 x bool), rows have 16 (2 x u8)");
}
