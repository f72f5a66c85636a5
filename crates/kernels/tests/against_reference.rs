//! Every fast path against plain loops, over random input and awkward lengths, at every level.

use anear_kernels::codes::{self, CodeGroup, CodeQuery, CodeRows};
use anear_kernels::ops::{self, Bounds, Group, Op, Term};
use anear_kernels::{Level, bits, exact, reference};
use anear_types::{Element, MatrixRef, Metric};

/// Numbers that repeat from run to run (SplitMix64, Steele and others 2014).
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From -1 to 1, and sometimes 0.
    fn signed(&mut self) -> f32 {
        let word = self.word();
        if word.is_multiple_of(11) { 0.0 } else { (word >> 40) as f32 / (1 << 23) as f32 - 1.0 }
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.signed()).collect()
    }
}

fn awkward_dims() -> impl Iterator<Item = usize> {
    (1..=70).chain(127..=129).chain(383..=385).chain([768])
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// The metric an operation scores by, and the sign.
fn metric_of(op: Op) -> (Metric, f64) {
    match op {
        Op::NegativeDot => (Metric::InnerProduct, -1.0),
        Op::L2 => (Metric::L2, 1.0),
        Op::Manhattan => (Metric::Manhattan, 1.0),
        Op::Chebyshev => (Metric::Chebyshev, 1.0),
        Op::Canberra => (Metric::Canberra, 1.0),
        Op::BrayCurtis => (Metric::BrayCurtis, 1.0),
        Op::JensenShannon => (Metric::JensenShannon, 1.0),
    }
}

#[test]
fn scores_agree_for_every_operation_and_group() {
    let mut random = Random(1);
    for dim in awkward_dims() {
        // 27 queries make groups of 16, 8 and 3; the others the rest of the widths.
        for (query_count, row_count) in [(27, 13), (1, 7), (2, 5), (20, 2)] {
            let queries = random.values(query_count * dim);
            // One number in front, so that the rows are not aligned.
            let rows = &random.values(row_count * dim + 1)[1..];
            for op in Op::ALL {
                let positive =
                    |value: &f32| if op == Op::JensenShannon { value.abs() } else { *value };
                let queries: Vec<f32> = queries.iter().map(positive).collect();
                let rows: Vec<f32> = rows.iter().map(positive).collect();
                for level in Level::available() {
                    check_scores(level, op, &queries, &rows[..], dim);
                }
            }
        }
    }
}

fn check_scores(level: Level, op: Op, queries: &[f32], rows: &[f32], dim: usize) {
    let (metric, sign) = metric_of(op);
    let mut query_rows = queries.chunks_exact(dim);
    for group in Group::split(level, queries, dim) {
        let width = group.width();
        let mut scores = vec![f32::NAN; rows.len() / dim * width];
        ops::scores(level, op, &group, rows, &mut scores);
        for lane in 0..group.live() {
            let query = wide(query_rows.next().unwrap());
            for (row, scores) in rows.chunks_exact(dim).zip(scores.chunks_exact(width)) {
                let expected = sign * reference::distance(metric, &wide(row), &query);
                let got = f64::from(scores[lane]);
                let rough = if op == Op::JensenShannon { ops::JENSEN_SHANNON_ERROR } else { 0.0 };
                let slack = 1e-7 * (dim as f64 + 20.0) + rough;
                let allowed = slack * if op == Op::NegativeDot { 1.0 } else { expected.abs() };
                assert!(
                    (got - expected).abs() <= allowed,
                    "{op:?} dim {dim} width {width} {}: {got}, not {expected}",
                    level.name()
                );
            }
        }
    }
    assert!(query_rows.next().is_none());
    check_scores_of_bytes(level, op, &queries[..dim], rows);
}

/// Rows at an odd address have the scores of any others.
fn check_scores_of_bytes(level: Level, op: Op, query: &[f32], rows: &[f32]) {
    let dim = query.len();
    let count = rows.len() / dim;
    let bytes = [&[7], bytemuck::cast_slice(rows)].concat();
    let group = Group::split(level, query, dim).pop().unwrap();
    let mut expected = vec![0.0; count];
    ops::scores(level, op, &group, rows, &mut expected);
    let mut found = vec![f32::NAN; count];
    ops::scores_of_bytes(level, op, query, &bytes[1..], None, &mut found);
    assert_eq!(found, expected, "{op:?} dim {dim} {}", level.name());
    let numbers: Vec<u32> = (0..count as u32).rev().chain([0]).collect();
    let mut listed = vec![f32::NAN; count + 1];
    ops::scores_of_bytes(level, op, query, &bytes[1..], Some(&numbers), &mut listed);
    let same: Vec<f32> = numbers.iter().map(|number| expected[*number as usize]).collect();
    assert_eq!(listed, same, "{op:?} dim {dim} {}", level.name());
}

#[test]
fn jensen_shannon_is_as_rough_as_it_says_and_no_rougher() {
    let steps = 200_000;
    let ys: Vec<f32> = (0..=steps).map(|step| step as f32 / steps as f32).collect();
    for level in Level::available() {
        for query_count in [1, 4] {
            let group = &Group::split(level, &vec![1.0; query_count], 1)[0];
            let mut scores = vec![0.0; ys.len() * group.width()];
            ops::scores(level, Op::JensenShannon, group, &ys, &mut scores);
            let mut worst: f64 = 0.0;
            for (y, scores) in ys.iter().zip(scores.chunks_exact(group.width())) {
                let query = exact::Query::new(Metric::JensenShannon, vec![1.0]);
                let expected = query.distance(level, &[f64::from(*y)]);
                let error = (f64::from(scores[0]) - expected).abs();
                worst = worst.max(if expected == 0.0 { error } else { error / expected });
            }
            assert!((0.001..ops::JENSEN_SHANNON_ERROR).contains(&worst), "{worst}");
        }
        for query_count in [1, 4] {
            let group = &Group::split(level, &vec![1.0; 2 * query_count], 2)[0];
            let mut scores = vec![0.0; group.width()];
            ops::scores(level, Op::JensenShannon, group, &[3.0, -1e-45], &mut scores);
            assert!(!scores[0].is_finite());
        }
    }
}

#[test]
fn a_component_that_is_not_finite_is_seen_in_every_score() {
    let mut random = Random(2);
    for dim in [1, 5, 8, 17, 40] {
        for (query_count, bad) in
            [(1, f32::NAN), (2, f32::INFINITY), (5, f32::NEG_INFINITY), (9, f32::NAN)]
        {
            for place in 0..dim {
                let mut rows = random.values(7 * dim);
                rows[3 * dim + place] = bad;
                let mut queries = random.values(query_count * dim);
                queries[place] = 0.0;
                let non_negative = |values: &mut [f32]| {
                    values.iter_mut().for_each(|value| *value = value.abs());
                };
                for (op, level) in Op::ALL.into_iter().zip(Level::available().into_iter().cycle()) {
                    if op == Op::JensenShannon {
                        non_negative(&mut rows);
                        non_negative(&mut queries);
                    }
                    for group in Group::split(level, &queries, dim) {
                        let mut scores = vec![0.0; 7 * group.width()];
                        ops::scores(level, op, &group, &rows, &mut scores);
                        for (row, scores) in scores.chunks_exact(group.width()).enumerate() {
                            let finite = scores[..group.live()].iter().all(|s| s.is_finite());
                            let none = !scores[..group.live()].iter().any(|s| s.is_finite());
                            assert!(if row == 3 { none } else { finite }, "{op:?} {dim} {row}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn divisors_that_overflow_do_not_make_a_distance_small() {
    for level in Level::available() {
        for op in [Op::Canberra, Op::BrayCurtis] {
            for query_count in [1, 5] {
                let queries = vec![2e38; query_count * 2];
                let group = &Group::split(level, &queries, 2)[0];
                let mut scores = vec![0.0; group.width()];
                ops::scores(level, op, group, &[3e38, 3e38], &mut scores);
                assert!(scores[0].is_nan(), "{op:?}");
            }
        }
    }
}

#[test]
fn sums_that_overflow_do_not_make_a_quotient_large() {
    for level in Level::available() {
        for (op, row) in [(Op::BrayCurtis, [-1e38, 0.0]), (Op::JensenShannon, [0.0, 1.0])] {
            for query_count in [1, 5] {
                let queries = [3e38, 0.0].repeat(query_count);
                let group = &Group::split(level, &queries, 2)[0];
                let mut scores = vec![0.0; group.width()];
                ops::scores(level, op, group, &row, &mut scores);
                assert!(scores[0].is_nan() || scores[0] < 1.1e38, "{op:?} {}", scores[0]);
            }
        }
    }
}

#[test]
fn squares_agree() {
    let mut random = Random(3);
    for dim in awkward_dims() {
        let rows = random.values(5 * dim);
        for level in Level::available() {
            let mut squares = [0.0; 5];
            ops::squares(level, &rows, dim, &mut squares);
            for (row, square) in rows.chunks_exact(dim).zip(squares) {
                let zero = vec![0.0; dim];
                let expected = reference::distance(Metric::L2, &wide(row), &zero);
                assert!((f64::from(square) - expected).abs() <= 1e-6 * (dim as f64) * expected);
            }
        }
    }
}

#[test]
fn what_passes_is_what_the_bound_says() {
    let mut random = Random(4);
    for (width, rows) in [(1, 9), (1, 70), (2, 4), (3, 3), (16, 7), (32, 5)] {
        let mut scores = random.values(rows * width);
        scores[rows * width / 2] = f32::NAN;
        let constants = random.values(width);
        let [slopes, more_slopes] = [random.values(width), random.values(width)];
        let [sizes, more_sizes, shifts] = [(); 3].map(|()| random.values(rows));
        let second = Term { slopes: &more_slopes, sizes: &more_sizes };
        for (level, second) in
            Level::available().into_iter().flat_map(|level| [(level, None), (level, Some(second))])
        {
            let term = Term { slopes: &slopes, sizes: &sizes };
            let bounds = Bounds { constants: &constants, term, second, shifts: &shifts };
            let mut passing = vec![99];
            ops::select(level, &scores, bounds, &mut passing);
            let expected: Vec<u32> = (0..rows * width)
                .filter(|at| {
                    let product = |term: Term<'_>| term.slopes[at % width] * term.sizes[at / width];
                    let bound = product(term) + constants[at % width] + second.map_or(0.0, product);
                    scores[*at].is_nan() || scores[*at] <= bound + shifts[at / width]
                })
                .map(|at| at as u32)
                .collect();
            assert_eq!(passing[1..], expected, "width {width}");
            assert!(!expected.is_empty() && expected.len() < rows * width);
        }
    }
}

#[test]
fn exact_distances_agree_and_do_not_depend_on_the_level() {
    let mut random = Random(5);
    for dim in awkward_dims() {
        let (x, y) = (wide(&random.values(dim)), wide(&random.values(dim)));
        for metric in Metric::ALL.into_iter().filter(|metric| !metric.is_binary()) {
            let absolute = metric == Metric::JensenShannon;
            let positive =
                |v: &[f64]| v.iter().map(|v| if absolute { v.abs() } else { *v }).collect();
            let (x, y): (Vec<f64>, Vec<f64>) = (positive(&x), positive(&y));
            let expected = reference::distance(metric, &x, &y);
            let query = exact::Query::new(metric, y);
            let got = query.distance(Level::best(), &x);
            let close = (got - expected).abs() <= 1e-11 * expected.abs() + 1e-12;
            assert!(close, "{metric} {dim}: {got}, not {expected}");
            for level in Level::available() {
                assert_eq!(query.distance(level, &x), got, "{metric} {dim}");
            }
        }
    }
}

#[test]
fn bits_agree_however_they_are_stored() {
    let mut random = Random(6);
    for dim in (1..=70).chain([127, 128, 129, 255, 256]) {
        let floats = random.values(4 * dim);
        let bools: Vec<u8> = floats.iter().map(|value| u8::from(*value > 0.5)).collect();
        let packed: Vec<u8> = bools
            .chunks_exact(dim)
            .flat_map(|row| row.chunks(8))
            .map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit))
            .collect();
        let stored = [
            MatrixRef::new(bytemuck::cast_slice(&floats), Element::F32, 4, dim),
            MatrixRef::new(&bools, Element::Bool, 4, dim),
            MatrixRef::new(&packed, Element::U8, 4, dim.div_ceil(8)),
        ];
        for (level, matrix) in Level::available().into_iter().cycle().zip(stored) {
            let mut words = Vec::new();
            bits::pack(level, matrix, &mut words).unwrap();
            let row_words = bits::words(bits::bits(matrix.element(), matrix.dim()));
            let query = words[..row_words].to_vec();
            for metric in [Metric::Hamming, Metric::Jaccard] {
                let mut got = [0.0; 4];
                bits::distances(level, metric, &query, &words, &mut got);
                for (row, got) in floats.chunks_exact(dim).zip(got) {
                    let expected = reference::distance(metric, &wide(row), &wide(&floats[..dim]));
                    assert_eq!(got, expected, "{metric} {dim}");
                }
            }
        }
    }
    let mut words = Vec::new();
    let bad = [0f32, f32::NAN];
    let matrix = MatrixRef::new(bytemuck::cast_slice(&bad), Element::F32, 2, 1);
    assert_eq!(bits::pack(Level::best(), matrix, &mut words), Err(1));
}

/// The sum of products in 64 bits, rounded as `codes` says.
fn plain_code_score(query: &CodeQuery, codes: &[u8], scale: f32) -> f32 {
    let products = codes.iter().zip(&query.steps).map(|(c, p)| i64::from(*c) * i64::from(*p));
    (products.sum::<i64>() + i64::from(query.start)) as f32 * query.factor * scale
}

#[test]
fn code_scores_are_exact_for_every_group_and_level() {
    let mut random = Random(8);
    for dim in awkward_dims().chain([4099]) {
        for (query_count, row_count) in [(51, 27), (1, 7), (2, 5), (3, 1), (20, 13)] {
            // Extremes in a third of all places, where sums in fewer bits would overflow.
            let mut byte = |extremes: [u8; 2]| match random.word() {
                word if word.is_multiple_of(3) => extremes[word as usize >> 8 & 1],
                word => (word >> 16) as u8,
            };
            let queries: Vec<CodeQuery> = (0..query_count)
                .map(|query| CodeQuery {
                    steps: (0..dim).map(|_| byte([127, 128]).cast_signed()).collect(),
                    start: query * 1000 - 9999,
                    factor: 0.001 * query as f32,
                })
                .collect();
            let stride = dim + 5;
            // The last row ends where the bytes end.
            let bytes: Vec<u8> = (0..row_count * stride - 5).map(|_| byte([0, 255])).collect();
            let rows = CodeRows::new(&bytes, row_count, dim, stride);
            let all: Vec<usize> = (0..row_count).collect();
            let some: Vec<usize> = (0..row_count).filter(|row| row % 3 != 1).collect();
            for (level, list) in
                Level::available().into_iter().flat_map(|level| [(level, &all), (level, &some)])
            {
                let rows = if list.len() == row_count { rows } else { rows.listed(list) };
                let scales: Vec<f32> = list.iter().map(|row| 1.0 + *row as f32).collect();
                let mut expected_queries = queries.iter();
                for group in CodeGroup::split(level, &queries, dim) {
                    let mut scores = vec![f32::NAN; list.len() * group.width()];
                    codes::scores(level, &group, rows, &scales, &mut scores);
                    for lane in 0..group.live() {
                        let query = expected_queries.next().unwrap();
                        for (at, row) in list.iter().enumerate() {
                            let codes = &bytes[row * stride..][..dim];
                            let expected = plain_code_score(query, codes, scales[at]);
                            let got = scores[at * group.width() + lane];
                            assert_eq!(got, expected, "{} dim {dim}", level.name());
                        }
                    }
                }
                assert!(expected_queries.next().is_none());
            }
        }
    }
}
