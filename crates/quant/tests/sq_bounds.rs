//! Whatever the data: the distance lies in the interval that its score gives, and no bound drops a
//! row that it must not.

use anear_kernels::exact::Query;
use anear_kernels::{Level, codes};
use anear_quant::sq::{Sq, SqBlock, SqQueries};
use anear_types::{Element, MatrixRef, Metric};

const METRICS: [Metric; 5] =
    [Metric::L2, Metric::Euclidean, Metric::InnerProduct, Metric::Cosine, Metric::Angular];

/// Numbers from -1 to 1 that repeat from run to run (SplitMix64, Steele and others 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// What rows to make, from row, column and a random number.
type Shape = fn(usize, usize, f64) -> f64;

const SHAPES: &[(&str, Shape)] = &[
    ("random", |_, _, random| random),
    ("far from the origin", |_, column, random| 1000.0 + column as f64 + 1e-3 * random),
    ("duplicates", |row, column, _| ((row % 3 + 1) * (column % 7 + 1)) as f64 / 7.0),
    (
        "all zero but some",
        |row, column, random| if (row + column) % 11 == 0 { random } else { 0.0 },
    ),
    ("some zero rows", |row, _, random| if row % 7 == 6 { 0.0 } else { random }),
    ("norms from tiny to huge", |row, _, random| random * 10f64.powi(row as i32 % 37 - 18)),
    ("denormal", |_, _, random| random * 1e-41),
    ("too large to square", |row, _, random| random * if row % 2 == 0 { 1e25 } else { 1.0 }),
    ("constant columns", |_, column, random| if column % 2 == 0 { 5.0 } else { random }),
    ("one outlier row", |row, _, random| if row == 17 { 1e6 * random } else { random }),
    ("one outlier column", |_, column, random| if column == 1 { 1e4 * random } else { random }),
    ("whole numbers", |_, _, random| (random * 127.0 + 128.0).floor()),
    ("whole numbers about 0", |_, _, random| (random * 100.0).floor()),
    ("whole numbers far off", |_, _, random| (random * 100.0).floor() + 5000.0),
];

fn values(shape: Shape, random: &mut Random, rows: usize, dim: usize) -> Vec<f32> {
    (0..rows * dim).map(|at| shape(at / dim, at % dim, random.next()) as f32).collect()
}

fn matrix(values: &[f32], dim: usize) -> MatrixRef<'_> {
    MatrixRef::new(bytemuck::cast_slice(values), Element::F32, values.len() / dim, dim)
}

/// What hits are ordered by.
fn key(metric: Metric, query: &[f32], row: &[f32]) -> f64 {
    let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
    let distance = Query::new(metric, wide(query)).distance(Level::best(), &wide(row));
    if metric == Metric::InnerProduct { -distance } else { distance }
}

#[test]
fn distances_lie_in_their_intervals_and_pass_their_bounds() {
    for (seed, (name, shape)) in SHAPES.iter().enumerate() {
        for dim in [1, 3, 64, 100] {
            let mut random = Random(seed as u64);
            let rows = values(*shape, &mut random, 60, dim);
            // Some of the rows themselves, near copies of others, and new ones.
            let mut queries = rows[..5 * dim].to_vec();
            let near = rows[5 * dim..10 * dim].iter();
            queries.extend(near.map(|value| value * (1.0 + 1e-5 * random.next() as f32)));
            queries.extend(values(*shape, &mut random, 9, dim));
            for metric in METRICS {
                check(name, metric, &rows, &queries, dim);
            }
        }
    }
}

fn check(name: &str, metric: Metric, rows: &[f32], queries: &[f32], dim: usize) {
    let best = Level::best();
    let sq = Sq::train(best, metric, matrix(rows, dim)).unwrap();
    let mut block = SqBlock::default();
    let half = rows.len() / dim / 2 * dim;
    sq.encode(best, matrix(&rows[..half], dim), &mut block);
    let mut second = SqBlock::default();
    sq.encode(best, matrix(&rows[half..], dim), &mut second);
    block.append(second);
    let coded = block.coded();
    for level in Level::available() {
        let wide_queries: Vec<f64> = queries.iter().map(|value| f64::from(*value)).collect();
        let prepared = SqQueries::new(level, &sq, metric, wide_queries.chunks_exact(dim));
        let (mut norms, mut shifts) = (Vec::new(), Vec::new());
        prepared.row_terms(&coded, &mut norms, &mut shifts);
        let mut members = prepared.members.iter().zip(queries.chunks_exact(dim));
        for group in &prepared.groups {
            let mut scores = vec![0.0; block.rows() * group.width()];
            codes::scores(level, group, coded.codes, coded.scales, &mut scores);
            for (lane, (member, query)) in members.by_ref().take(group.live()).enumerate() {
                for (at, row) in rows.chunks_exact(dim).enumerate() {
                    let score = scores[at * group.width() + lane];
                    let (square, error) = (coded.squares[at], coded.errors[at]);
                    let (lower, upper) = member.interval(score, square, error);
                    let key = key(metric, query, row);
                    let what = format!("{name} {metric} {dim} row {at}");
                    assert!(lower <= key && key <= upper, "{what}: {lower} {key} {upper}");
                    let bound = member.bound(key);
                    let sum = bound.by_norm * norms.get(at).unwrap_or(&0.0) + bound.constant;
                    let sum = bound.by_error * error + sum + shifts[at];
                    let dropped = score > sum;
                    assert!(!dropped, "{what}: {score} is beyond {sum}");
                }
            }
        }
    }
}

#[test]
fn intervals_are_narrow_where_numbers_are_well_behaved() {
    let (dim, mut random) = (128, Random(3));
    let rows = values(|_, _, random| random, &mut random, 200, dim);
    for (metric, widest) in [(Metric::L2, 4.0), (Metric::Cosine, 0.04), (Metric::InnerProduct, 1.0)]
    {
        let sq = Sq::train(Level::best(), metric, matrix(&rows, dim)).unwrap();
        let mut block = SqBlock::default();
        sq.encode(Level::best(), matrix(&rows, dim), &mut block);
        let query: Vec<f64> = rows[..dim].iter().map(|value| f64::from(*value)).collect();
        let prepared = SqQueries::new(Level::best(), &sq, metric, [&query[..]].into_iter());
        let mut scores = vec![0.0; 200];
        let coded = block.coded();
        codes::scores(Level::best(), &prepared.groups[0], coded.codes, coded.scales, &mut scores);
        for (at, score) in scores.iter().enumerate() {
            let (square, error) = (coded.squares[at], coded.errors[at]);
            let (lower, upper) = prepared.members[0].interval(*score, square, error);
            assert!(upper - lower < widest, "{metric} {at}: {lower} {upper}");
        }
    }
}

#[test]
fn whole_numbers_are_coded_without_loss() {
    let (dim, mut random) = (16, Random(4));
    let rows = values(|_, _, random| (random * 128.0 + 128.0).floor(), &mut random, 50, dim);
    let sq = Sq::train(Level::best(), Metric::L2, matrix(&rows, dim)).unwrap();
    let mut block = SqBlock::default();
    sq.encode(Level::best(), matrix(&rows, dim), &mut block);
    assert!(block.coded().errors.iter().all(|error| *error < 1e-9));
}

#[test]
fn the_coding_does_not_depend_on_the_parts_rows_lie_in() {
    let (dim, mut random) = (5, Random(6));
    let rows = values(|_, _, random| random, &mut random, 23_000, dim);
    let all = matrix(&rows, dim);
    for metric in [Metric::L2, Metric::Cosine] {
        let whole = Sq::train(Level::best(), metric, all);
        for cuts in [vec![1], vec![2, 2, 3, 20_001], vec![22_999], vec![0, 11_000, 23_000]] {
            let starts = [0].into_iter().chain(cuts.iter().copied());
            let ends = cuts.iter().copied().chain([23_000]);
            let parts: Vec<_> =
                starts.zip(ends).map(|(start, end)| all.range(start, end)).collect();
            assert_eq!(Sq::train_over(Level::best(), metric, &parts), whole, "{cuts:?}");
        }
    }
    assert_eq!(Sq::train_over(Level::best(), Metric::L2, &[]), None);
    assert_eq!(Sq::train_over(Level::best(), Metric::L2, &[all.range(0, 0)]), None);
}
