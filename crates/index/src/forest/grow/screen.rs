//! On which side of a plane items are, as far as a byte a component tells.
//!
//! Reading all items once for every level of every tree is most of a build. Their codes are a quarter
//! of the bytes, and bound an inner product from both sides ([`anear_quant::sq`]): where both
//! bounds, widened for what sums of f32 may lose, are on one side of the plane, the item is too. So
//! only items near a plane are read in full, and trees are what they would have been.

use crate::forest::layout::{EXTRA, OFFSET};
use crate::forest::nodes::Nodes;
use anear_kernels::{Level, codes};
use anear_quant::sq::{Coded, Sq, SqBlock, SqQueries};
use anear_types::{Element, MatrixRef, Metric};
use std::cmp::Ordering;

/// It takes as long as a level or two of a tree to code the items, so there must be some trees ..
const FEWEST_TREES: usize = 3;
/// .. and levels, ..
const FEWEST_ITEMS: usize = 512;
/// .. and rows of several cache lines.
const FEWEST_COMPONENTS: usize = 32;
/// Rows that a coding is chosen for.
const SAMPLE: usize = 4_096;
/// Rows that are coded at a time.
const ROWS: usize = 256;
/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// More than sums lose where they are too small for f32.
const VANISHING: f64 = 1e-30;

/// The codes of all items.
pub(super) struct Screen {
    level: Level,
    sq: Sq,
    block: SqBlock,
    terms: Vec<Terms>,
    /// The norm of the centre.
    center: f64,
}

/// What is known of an item beside its code.
#[derive(Clone, Copy)]
struct Terms {
    scale: f32,
    /// The norm of what the code stands for.
    norm: f32,
    error: f32,
}

/// A plane, and what decides on which side of it an item is.
pub(super) struct Sieve<'a> {
    screen: &'a Screen,
    queries: SqQueries,
    /// How far an item is on the right side, but for its score, give or take ..
    middle: f64,
    /// .. so much for each unit of its norm, of its error, and in any case.
    by_norm: f64,
    by_error: f64,
    constant: f64,
    listed: Vec<usize>,
    terms: Vec<Terms>,
    scales: Vec<f32>,
    scores: Vec<f32>,
}

impl Screen {
    /// Codes the items, if that is worth while for so many trees.
    pub(super) fn new(level: Level, nodes: Nodes<'_>, trees: usize) -> Option<Screen> {
        let layout = nodes.layout;
        let is_worth_while = trees >= FEWEST_TREES
            && nodes.items >= FEWEST_ITEMS
            && layout.length() >= FEWEST_COMPONENTS
            && layout.metric != Metric::Hamming;
        if !is_worth_while {
            return None;
        }
        let row = |item| {
            let bytes = bytemuck::cast_slice(nodes.vector(item));
            MatrixRef::new(bytes, Element::F32, 1, layout.length())
        };
        let rows: Vec<MatrixRef<'_>> = (0..nodes.items).map(row).collect();
        // Whatever the coding, what it leaves out of a row is known.
        let sample: Vec<_> = rows.iter().copied().step_by(rows.len().div_ceil(SAMPLE)).collect();
        let sq = Sq::train_over(level, Metric::InnerProduct, &sample)?;
        let block = encode(level, &sq, &rows);
        let Coded { scales, errors, squares, .. } = block.coded();
        let terms = |((scale, error), square): ((&f32, &f32), &f32)| Terms {
            scale: *scale,
            norm: square.sqrt(),
            error: *error,
        };
        let terms = scales.iter().zip(errors).zip(squares).map(terms).collect();
        let (center, ..) = sq.parts();
        let center = center.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
        Some(Screen { level, sq, block, terms, center })
    }

    /// Prepares for the plane of a node; `None` if its numbers are not finite.
    pub(super) fn sieve(&self, nodes: Nodes<'_>, node: &[u32]) -> Option<Sieve<'_>> {
        let layout = nodes.layout;
        let number = |word: &u32| f64::from(f32::from_bits(*word));
        let normal: Vec<f64> = node[layout.vector..].iter().map(number).collect();
        let shift = match layout.metric {
            Metric::Angular => 0.0,
            Metric::InnerProduct => number(&node[EXTRA]) * number(&node[EXTRA]),
            _ => number(&node[OFFSET]),
        };
        if !shift.is_finite() || !normal.iter().all(|x| x.is_finite()) {
            return None;
        }
        let norm = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
        let query = std::iter::once(&normal[..]);
        let queries = SqQueries::new(self.level, &self.sq, Metric::InnerProduct, query);
        let products = queries.members[0].products();
        // Each addition of f32 loses a unit of what was added up so far at most, and an item is no
        // longer than its code, its error and the centre.
        let loss = (normal.len() + 8) as f64 * UNIT * 1.01;
        Some(Sieve {
            screen: self,
            queries,
            middle: products.center + shift,
            by_norm: products.by_norm + loss * norm,
            by_error: products.by_error + loss * norm,
            constant: products.constant + loss * (norm * self.center + shift.abs()) + VANISHING,
            listed: Vec::new(),
            terms: Vec::new(),
            scales: Vec::new(),
            scores: Vec::new(),
        })
    }
}

/// Codes rows, of which some are copied side by side at a time.
fn encode(level: Level, sq: &Sq, rows: &[MatrixRef<'_>]) -> SqBlock {
    let mut block = SqBlock::default();
    let mut bytes = Vec::new();
    for rows in rows.chunks(ROWS) {
        bytes.clear();
        rows.iter().for_each(|row| bytes.extend_from_slice(row.bytes()));
        sq.encode(level, MatrixRef::new(&bytes, Element::F32, rows.len(), sq.dim()), &mut block);
    }
    block
}

impl Sieve<'_> {
    /// Writes on which side of the plane each of some ascending items is, `true` for right, where
    /// codes tell, and appends the positions of the others to `open`.
    pub(super) fn pass(&mut self, items: &[u32], sides: &mut [bool], open: &mut Vec<usize>) {
        let Sieve { screen, listed, terms, scales, scores, .. } = self;
        listed.clear();
        listed.extend(items.iter().map(|item| *item as usize));
        terms.clear();
        terms.extend(listed.iter().map(|item| screen.terms[*item]));
        scales.clear();
        scales.extend(terms.iter().map(|terms| terms.scale));
        scores.resize(items.len(), 0.0);
        let codes = screen.block.coded().codes.listed(listed);
        codes::scores(screen.level, &self.queries.groups[0], codes, scales, scores);
        for (at, (score, terms)) in scores.iter().zip(&*terms).enumerate() {
            let margin = self.middle - f64::from(*score);
            let reach = self.by_norm * f64::from(terms.norm)
                + self.by_error * f64::from(terms.error)
                + self.constant;
            sides[at] = margin > 0.0;
            // Also where nothing is known, and the reach is not a number.
            if !matches!(margin.abs().partial_cmp(&reach), Some(Ordering::Greater)) {
                open.push(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forest::layout::Layout;
    use anear_testkit::random::Random;

    const ITEMS: usize = 600;
    const DIM: usize = 40;

    #[test]
    fn it_tells_the_sides_of_most_items_and_never_a_wrong_one() {
        let mut random = Random::new(5);
        let mut number = || random.below(2_001) as f32 / 1_000.0 - 1.0;
        let layout = Layout::new(Metric::Euclidean, DIM).unwrap();
        let mut words = Vec::new();
        for item in 0..ITEMS {
            // Of very different lengths, and one that is no vector.
            let length = if item % 10 == 9 { 1e-3 } else { 1e3 };
            words.extend([1, 0, 0, 0]);
            words.extend((0..DIM).map(|_| (number() * length).to_bits()));
        }
        words[77 * layout.words + layout.vector] = f32::NAN.to_bits();
        let nodes = Nodes { layout, words: &words, items: ITEMS };
        let items: Vec<u32> = (0..ITEMS as u32).collect();
        for level in Level::available() {
            let screen = Screen::new(level, nodes, 3).unwrap();
            for offset in [0.0, 150.0] {
                let normal: Vec<u32> = (0..DIM).map(|_| (number() * 0.3).to_bits()).collect();
                let plane = [&[0, f32::to_bits(offset), 0, 0], &normal[..]].concat();
                let (mut sides, mut open) = (vec![false; ITEMS], Vec::new());
                screen.sieve(nodes, &plane).unwrap().pass(&items, &mut sides, &mut open);
                assert!(open.contains(&77) && open.len() < ITEMS / 4, "{} are open", open.len());
                for item in items.iter().filter(|item| !open.contains(&(**item as usize))) {
                    let pairs = nodes.vector(*item as usize).iter().zip(&normal);
                    let product = |(x, y): (&u32, &u32)| {
                        f64::from(f32::from_bits(*x)) * f64::from(f32::from_bits(*y))
                    };
                    let margin = pairs.map(product).sum::<f64>() + f64::from(offset);
                    assert_eq!(sides[*item as usize], margin > 0.0, "item {item}: {margin}");
                }
            }
            assert!(screen.sieve(nodes, &vec![f32::NAN.to_bits(); layout.words]).is_none());
            assert!(Screen::new(level, nodes, 2).is_none());
        }
    }
}
