//! What a codec is, and what scores its codes.

use crate::pairs::Pairs;
use anear_kernels::Level;
use anear_kernels::lookup::near::{self, Taker};
use anear_kernels::lookup::packed;
use anear_kernels::ops::Op;
use anear_types::{Measure, Result};
use std::fmt::Debug;

/// How rows are written as codes of the same length.
///
/// Rows are f32, `dim` components each; those of [`Bits`](crate::bits::Bits) are bytes of packed bits.
pub trait Codec: Debug + Send + Sync {
    /// Components in a row.
    fn dim(&self) -> usize;

    /// Bytes in a code.
    fn code_bytes(&self) -> usize;

    /// How many codes lie together, in one group of `codes_together() * code_bytes()` bytes; a last
    /// group is filled up. Codes are taken apart between groups only.
    fn codes_together(&self) -> usize {
        1
    }

    /// Tells once which centers codes in lists will be differences to, so that something may be kept
    /// for each of them.
    ///
    /// # Panics
    /// If they are not whole rows.
    fn see_centers(&mut self, centers: &[f32]) {
        assert!(centers.len().is_multiple_of(self.dim()));
    }

    /// Whether rows come back from their codes as they were.
    fn is_lossless(&self) -> bool;

    /// Whether scorers tell of some codes that they are not [near](Scorer::near) by less than their score:
    /// then it hangs on the limit, and so on what was seen before, which of them are left out.
    fn leaves_out(&self) -> bool {
        false
    }

    /// Whether codes are the floats themselves, little-endian.
    fn is_raw(&self) -> bool {
        false
    }

    /// The operation by which the rows that codes stand for have the scores of their codes, if there
    /// is one.
    fn row_op(&self, how: How) -> Option<Op> {
        let _ = how;
        None
    }

    /// Whether codes can be decoded.
    fn can_decode(&self) -> bool {
        true
    }

    /// Writes the rows that codes stand for.
    ///
    /// # Panics
    /// If there is not room for exactly these rows, or codes cannot be decoded.
    fn decode(&self, codes: &[u8], rows: &mut [f32]);

    /// Writes the row that one of many codes stands for.
    ///
    /// # Panics
    /// If there is no such code, or as [`decode`](Codec::decode).
    fn decode_at(&self, codes: &[u8], number: usize, row: &mut [f32]) {
        let code_bytes = self.code_bytes();
        self.decode(&codes[number * code_bytes..][..code_bytes], row);
    }

    /// Writes the codes of rows.
    ///
    /// # Panics
    /// If there is not room for exactly their codes.
    fn encode(&self, rows: &[f32], codes: &mut [u8]);

    /// Writes the codes of rows that are to be seen from a center: those of the differences to it,
    /// unless the codec knows more of it.
    ///
    /// # Panics
    /// As for [`encode`](Codec::encode), or if the center is no row.
    fn encode_from(&self, center: &[f32], rows: &[f32], codes: &mut [u8]) {
        let differences = rows
            .chunks_exact(center.len())
            .flat_map(|row| row.iter().zip(center).map(|(component, center)| component - center));
        self.encode(&differences.collect::<Vec<f32>>(), codes);
    }

    /// What the score of each of some codes lacks after centers were [announced](Scorer::announce), of
    /// which this is the one they are differences to: numbers that no query changes. `None` if nothing.
    ///
    /// # Panics
    /// If they are not whole codes, or the center is no row.
    fn own_terms(&self, center: &[f32], codes: &[u8], how: How) -> Option<Vec<f32>> {
        let _ = (center, codes, how);
        None
    }

    /// Bytes that a prepared query reads besides codes; 0 if they are few.
    fn query_bytes(&self) -> usize {
        0
    }

    /// Bytes of the tables of a query, without quarters, for each center that codes are differences to, if several
    /// queries may look at [packed](Scorer::packed) codes together; otherwise 0.
    fn packed_bytes(&self) -> usize {
        0
    }

    /// Prepares a query, to score codes against it.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if codes cannot be scored this way.
    ///
    /// # Panics
    /// If the query is of another kind or length than rows are.
    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>>;

    /// The same with components of the query rounded otherwise than the codec would; codecs that do not
    /// round queries have no use for it.
    ///
    /// # Errors
    /// As for [`scorer`](Codec::scorer).
    ///
    /// # Panics
    /// As for [`scorer`](Codec::scorer).
    fn rounding_scorer<'a>(
        &'a self,
        query: Query<'_>,
        how: How,
        rounding: Rounding,
    ) -> Result<Box<dyn Scorer + 'a>> {
        let _ = rounding;
        self.scorer(query, how)
    }

    /// What scores codes one by one or up to a radius, where FAISS has another idea of that: by the rows they
    /// stand for.
    ///
    /// # Errors
    /// As for [`scorer`](Codec::scorer), or if codes cannot be decoded.
    ///
    /// # Panics
    /// As for [`scorer`](Codec::scorer).
    fn row_scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        self.scorer(query, how)
    }
}

/// How components of a query are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rounding {
    /// To so many bits, up to 8; 0 for not at all.
    pub bits: u8,
    /// Whether steps lie about zero, as wide as is best for normally distributed components, instead of
    /// between the lowest and the highest component.
    pub centered: bool,
}

/// How nearness is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct How {
    /// The measure.
    pub measure: Measure,
    /// Its argument: the exponent of [`Lp`](Measure::Lp).
    pub argument: f32,
}

/// A query.
#[derive(Clone, Copy, Debug)]
pub enum Query<'a> {
    /// Components.
    Floats(&'a [f32]),
    /// Packed bits.
    Bits(&'a [u8]),
}

impl<'a> Query<'a> {
    /// The components.
    ///
    /// # Panics
    /// If it is one of bits.
    pub fn floats(self) -> &'a [f32] {
        match self {
            Query::Floats(floats) => floats,
            Query::Bits(_) => panic!("a query of bits for rows of numbers"),
        }
    }

    /// The packed bits.
    ///
    /// # Panics
    /// If it is one of components.
    pub fn bits(self) -> &'a [u8] {
        match self {
            Query::Bits(bits) => bits,
            Query::Floats(_) => panic!("a query of numbers for rows of bits"),
        }
    }
}

/// Scores codes against a query. A score is a distance, or minus a similarity: lower is nearer.
pub trait Scorer {
    /// Tells in advance which centers codes will be differences to, each with its number among those
    /// that the codec has [seen](Codec::see_centers), if it has; none if codes are no differences.
    /// To be called once before codes in lists are scored; scores may lack what codes
    /// [have by themselves](Codec::own_terms) from then on.
    fn announce(&mut self, centers: &[(usize, &[f32])]) {
        let _ = centers;
    }

    /// From now on codes stand for differences to `center`, which was announced as that of this
    /// number.
    ///
    /// # Panics
    /// If the codec is one of bits or the measure none of differences: neither the Euclidean
    /// distance nor the inner product.
    fn center_at(&mut self, number: usize, center: &[f32]);

    /// Scores codes that lie one behind another.
    ///
    /// # Panics
    /// If there is not one code for each of `scores` (and what fills up a last group).
    fn block(&mut self, codes: &[u8], scores: &mut [f32]);

    /// Scores codes that lie one behind another, the first of which is that of row `first`, and tells of
    /// those that are not above a limit. Some may be [left out](Codec::leaves_out) that most likely are
    /// above it. `scores` is memory for one of each.
    ///
    /// # Panics
    /// As [`block`](Scorer::block).
    fn near(
        &mut self,
        codes: &[u8],
        scores: &mut [f32],
        first: usize,
        limit: f32,
        taker: &mut dyn Taker,
    ) {
        self.block(codes, scores);
        near::offer(Level::best(), scores, first, limit, taker);
    }

    /// The tables in which codes are looked up, if they lie in groups of 4-bit numbers: several queries
    /// may look at them [together](packed::near). They have [quarters](packed::quarters) where those help, if wanted.
    fn packed(&mut self, has_quarters: bool) -> Option<packed::Tables<'_>> {
        let _ = has_quarters;
        None
    }

    /// Scores some of the codes that lie one behind another.
    ///
    /// # Panics
    /// If there is not one number for each of `scores`, or a code is not there.
    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]);
}

/// Scores codes by the rows they stand for.
#[derive(Debug)]
pub(crate) struct Decoding<'a, C> {
    codec: &'a C,
    pub(crate) pairs: Pairs,
    rows: Vec<f32>,
}

/// Components decoded at a time: few enough to stay in the fastest cache.
const TILE_COMPONENTS: usize = 4096;

impl<'a, C: Codec> Decoding<'a, C> {
    /// Prepares a scorer of the rows that `pairs` has a query for.
    pub(crate) fn new(codec: &'a C, pairs: Pairs) -> Decoding<'a, C> {
        Decoding { codec, pairs, rows: Vec::new() }
    }

    fn tile_rows(&self) -> usize {
        (TILE_COMPONENTS / self.codec.dim()).max(1)
    }

    /// Memory for so many rows.
    fn room(rows: &mut Vec<f32>, count: usize, dim: usize) -> &mut [f32] {
        let components = count * dim;
        if rows.len() < components {
            rows.resize(components, 0.0);
        }
        &mut rows[..components]
    }
}

impl<C: Codec> Scorer for Decoding<'_, C> {
    fn center_at(&mut self, _: usize, center: &[f32]) {
        self.pairs.center_at(center);
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        let (dim, code_bytes, tile) = (self.codec.dim(), self.codec.code_bytes(), self.tile_rows());
        assert_eq!(codes.len(), scores.len() * code_bytes);
        for (codes, scores) in codes.chunks(tile * code_bytes).zip(scores.chunks_mut(tile)) {
            let rows = Self::room(&mut self.rows, scores.len(), dim);
            self.codec.decode(codes, rows);
            self.pairs.score(rows, scores);
        }
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let (dim, code_bytes, tile) = (self.codec.dim(), self.codec.code_bytes(), self.tile_rows());
        assert_eq!(numbers.len(), scores.len());
        for (numbers, scores) in numbers.chunks(tile).zip(scores.chunks_mut(tile)) {
            let rows = Self::room(&mut self.rows, scores.len(), dim);
            for (number, row) in numbers.iter().zip(rows.chunks_exact_mut(dim)) {
                self.codec.decode(&codes[*number as usize * code_bytes..][..code_bytes], row);
            }
            self.pairs.score(rows, scores);
        }
    }
}
