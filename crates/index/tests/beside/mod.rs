//! What is known of rows beforehand changes no answer: ids and distances are those of the plain
//! scan, bit for bit, on whatever data.

use super::common::{Data, Random};
use anear_index::flat::{Beside, FlatOptions, FlatSearch, Goal, NonFinite};
use anear_kernels::{Level, convert, ops};
use anear_quant::sq::{Sq, SqBlock};
use anear_types::{Element, MatrixRef, Metric, Neighbor};

const METRICS: [Metric; 5] =
    [Metric::L2, Metric::Euclidean, Metric::InnerProduct, Metric::Cosine, Metric::Angular];

/// A component of the data, from its row, its column and a random number from -1 to 1.
type Shape = fn(usize, usize, f64) -> f64;

const SHAPES: &[(&str, Shape)] = &[
    ("random", |_, _, random| random),
    ("duplicates", |row, column, _| ((row % 5 + 1) * (column % 7 + 1)) as f64 / 7.0),
    ("near duplicates", |_, column, random| column as f64 + 1e-6 * random),
    ("far from the origin", |_, column, random| 3000.0 + column as f64 + random),
    ("norms from tiny to huge", |row, _, random| random * 10f64.powi(row as i32 % 37 - 18)),
    ("denormal", |_, _, random| random * 1e-41),
    ("too large to square", |row, _, random| random * if row % 3 == 0 { 1e25 } else { 1.0 }),
    ("constant columns", |_, column, random| if column % 2 == 0 { 5.0 } else { random }),
    ("all the same", |_, _, _| 0.25),
    ("some zero rows", |row, _, random| if row % 7 == 6 { 0.0 } else { random }),
    ("one outlier row", |row, _, random| if row == 17 { 1e6 * random } else { random }),
    ("one outlier column", |_, column, random| if column == 1 { 1e4 * random } else { random }),
    ("the farthest first", |row, _, random| random + 10.0 - row as f64 / 100.0),
    ("whole numbers", |_, _, random| (random * 127.0 + 128.0).floor()),
];

fn data(element: Element, shape: Shape, random: &mut Random, rows: usize, dim: usize) -> Data {
    let values: Vec<f64> =
        (0..rows * dim).map(|at| shape(at / dim, at % dim, random.signed())).collect();
    Data::new(element, &values, dim)
}

/// Rows with all that can be known of them.
struct Known<'a> {
    rows: MatrixRef<'a>,
    squares: Vec<f32>,
    sq: Sq,
    codes: SqBlock,
}

impl<'a> Known<'a> {
    fn new(rows: MatrixRef<'a>, metric: Metric) -> Known<'a> {
        let level = Level::best();
        let mut singles = vec![0.0; rows.rows() * rows.dim()];
        convert::to_f32(level, rows, &mut singles);
        let mut squares = vec![0.0; rows.rows()];
        ops::squares(level, &singles, rows.dim(), &mut squares);
        let sq = Sq::train(level, metric, rows).unwrap();
        let mut codes = SqBlock::default();
        sq.encode(level, rows, &mut codes);
        Known { rows, squares, sq, codes }
    }

    /// The answers with and without codes, taking the rows in two blocks.
    fn search(
        &self,
        queries: &Data,
        options: FlatOptions,
        keep: Option<&[u64]>,
        use_codes: bool,
    ) -> Vec<Vec<Neighbor>> {
        let mut search = FlatSearch::new(queries.matrix(), options).unwrap();
        let (rows, half) = (self.rows.rows(), self.rows.rows() / 3);
        for (start, end) in [(0, half), (half, rows)] {
            let codes = use_codes.then(|| (&self.sq, self.codes.coded().range(start, end)));
            let beside = Beside { squares: Some(&self.squares[start..end]), codes };
            let block = self.rows.range(start, end);
            search.scan_beside(start as u64, block, &beside, keep).unwrap();
        }
        search.finish()
    }
}

fn plain(
    rows: MatrixRef<'_>,
    queries: &Data,
    options: FlatOptions,
    keep: Option<&[u64]>,
) -> Vec<Vec<Neighbor>> {
    let mut search = FlatSearch::new(queries.matrix(), options).unwrap();
    search.scan(0, rows, keep).unwrap();
    search.finish()
}

#[test]
fn answers_are_those_of_the_plain_scan_on_hostile_data() {
    for (seed, (name, shape)) in SHAPES.iter().enumerate() {
        for (dim, query_count) in [(3, 1), (24, 2), (65, 40)] {
            let mut random = Random(seed as u64);
            let rows = data(Element::F32, *shape, &mut random, 500, dim);
            let queries = data(Element::F32, *shape, &mut random, query_count, dim);
            for metric in METRICS {
                let known = Known::new(rows.matrix(), metric);
                let some: Vec<u64> = (0..500).filter(|row| row % 3 == 1).collect();
                for (k, keep, threads) in [(1, None, 1), (10, None, 2), (10, Some(&some[..]), 1)] {
                    let goal = Goal::Nearest { k };
                    check(
                        name,
                        &known,
                        &queries,
                        FlatOptions { metric, goal, nonfinite: NonFinite::Refuse, threads },
                        keep,
                    );
                }
            }
        }
    }
}

fn check(
    name: &str,
    known: &Known<'_>,
    queries: &Data,
    options: FlatOptions,
    keep: Option<&[u64]>,
) {
    let expected = plain(known.rows, queries, options, keep);
    for use_codes in [false, true] {
        let got = known.search(queries, options, keep, use_codes);
        assert_eq!(got, expected, "{name} {options:?} codes: {use_codes}");
    }
    // Whatever lies within the distance of the last hit, and nothing beyond it.
    let Some(last) = expected[0].last().filter(|hit| hit.distance.is_finite()) else { return };
    let options = FlatOptions { goal: Goal::Within { radius: last.distance }, ..options };
    let expected = plain(known.rows, queries, options, keep);
    assert_eq!(known.search(queries, options, keep, true), expected, "{name} {options:?}");
}

#[test]
fn rows_of_every_element_can_be_coded() {
    let mut random = Random(5);
    for element in
        [Element::F16, Element::Bf16, Element::F64, Element::I8, Element::U8, Element::I32]
    {
        for metric in METRICS {
            let rows = Data::random(&mut random, element, 300, 33, metric);
            let queries = Data::random(&mut random, element, 20, 33, metric);
            let known = Known::new(rows.matrix(), metric);
            let goal = Goal::Nearest { k: 5 };
            let options = FlatOptions { metric, goal, nonfinite: NonFinite::Refuse, threads: 1 };
            check(element.name(), &known, &queries, options, None);
        }
    }
}
