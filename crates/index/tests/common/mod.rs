//! Random rows of any element, and the answers by plain formulas in f64.

use anear_index::flat::Goal;
use anear_kernels::{Rounding, cast, reference};
use anear_types::{Block, Element, MatrixRef, Metric, Neighbor, Order};

/// Numbers that repeat from run to run (SplitMix64, Steele and others 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From -1 to 1.
    pub(crate) fn signed(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Rows and their bytes.
pub(crate) struct Data(Block);

impl Data {
    /// The nearest that `element` has to these values.
    pub(crate) fn new(element: Element, values: &[f64], dim: usize) -> Data {
        let rows = values.len() / dim;
        let mut block = Block::new(element, dim, rows);
        if element == Element::F8E4M3 {
            let finite: Vec<f64> = values.iter().map(|value| value.clamp(-448.0, 448.0)).collect();
            Data::fill(&finite, &mut block);
        } else {
            Data::fill(values, &mut block);
        }
        Data(block)
    }

    fn fill(values: &[f64], block: &mut Block) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        let matrix = MatrixRef::new(&bytes, Element::F64, block.capacity(), block.dim());
        cast(matrix, 0, Rounding::Lossy, block).unwrap();
    }

    pub(crate) fn random(
        random: &mut Random,
        element: Element,
        rows: usize,
        dim: usize,
        metric: Metric,
    ) -> Data {
        let scale = if element.is_float() { 1.0 } else { 120.0 };
        let mut values: Vec<f64> = (0..rows * dim).map(|_| scale * random.signed()).collect();
        if metric == Metric::JensenShannon {
            values.iter_mut().for_each(|value| *value = value.abs());
        }
        // A zero here and there, a zero row, and a row twice.
        values.iter_mut().step_by(7).for_each(|value| *value = 0.0);
        if rows > 8 {
            values[4 * dim..5 * dim].fill(0.0);
            values.copy_within(2 * dim..3 * dim, 7 * dim);
        }
        if element == Element::U8 && metric.is_binary() {
            values.iter_mut().for_each(|value| *value = (random.word() & 0xff) as f64);
        }
        Data::new(element, &values, dim)
    }

    pub(crate) fn matrix(&self) -> MatrixRef<'_> {
        self.0.matrix()
    }

    fn row(&self, row: usize, metric: Metric) -> Vec<f64> {
        let matrix = self.matrix();
        let values = (0..matrix.dim()).map(|column| matrix.get_f64(row, column));
        if metric.is_binary() && matrix.element() == Element::U8 {
            let bits = |value: f64| (0..8).map(move |bit| f64::from(value as u8 >> bit & 1));
            return values.flat_map(bits).collect();
        }
        values.collect()
    }
}

pub(crate) fn brute_force(
    rows: &Data,
    queries: &Data,
    metric: Metric,
    goal: Goal,
    keep: Option<&[u64]>,
) -> Vec<Vec<Neighbor>> {
    let sign = if metric.order() == Order::LargerIsNearer { -1.0 } else { 1.0 };
    (0..queries.matrix().rows())
        .map(|query| {
            let query = queries.row(query, metric);
            let mut all: Vec<Neighbor> = (0..rows.matrix().rows() as u64)
                .filter(|row| keep.is_none_or(|keep| keep.contains(row)))
                .map(|row| {
                    let stored = rows.row(row as usize, metric);
                    Neighbor { row, distance: reference::distance(metric, &stored, &query) }
                })
                .collect();
            all.sort_by(|a, b| {
                (sign * a.distance).total_cmp(&(sign * b.distance)).then(a.row.cmp(&b.row))
            });
            match goal {
                Goal::Nearest { k } => all.truncate(k),
                Goal::Within { radius } => all.retain(|n| sign * n.distance <= sign * radius),
            }
            all
        })
        .collect()
}
