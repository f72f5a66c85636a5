//! What was found, as other libraries tell it.

use super::{Hit, distance};
use anear_quant::How;
use anear_types::{Measure, Order};

/// Labels and distances of `k` rows for each query, in arrays.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// The ids of the rows found, -1 where there are no more.
    pub labels: Vec<i64>,
    /// Their distances (or similarities), the largest number (or the smallest) where there are no
    /// more.
    pub distances: Vec<f32>,
}

impl Answers {
    /// Arrays of `k` numbers for each query.
    pub fn new(found: &[Vec<Hit>], k: usize, how: How) -> Answers {
        let filling = match (how.measure, how.measure.order()) {
            (Measure::Hamming, _) => i32::MAX as f32,
            (_, Order::SmallerIsNearer) => f32::MAX,
            (_, Order::LargerIsNearer) => f32::MIN,
        };
        let mut answers = Answers {
            labels: vec![-1; found.len() * k],
            distances: vec![filling; found.len() * k],
        };
        let labels = answers.labels.chunks_exact_mut(k).zip(answers.distances.chunks_exact_mut(k));
        for (hits, (labels, distances)) in found.iter().zip(labels) {
            for (hit, (label, place)) in hits.iter().zip(labels.iter_mut().zip(distances)) {
                (*label, *place) = (hit.id, distance(how, hit.score));
            }
        }
        answers
    }
}
