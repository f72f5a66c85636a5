//! A collection as a plain list.

use anear_testkit::random::Random;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many that a batch of some tens of rows is large.
pub(crate) const DIM: usize = 256;

/// What must be in a collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    pub(crate) rows: BTreeMap<i64, Row>,
    /// Whether words can be searched.
    pub(crate) text: bool,
}

/// A row. What the vector is follows from the id and the version, so that any answer can be checked.
#[derive(Clone, PartialEq)]
pub(crate) struct Row {
    /// The number of the change that wrote the vector.
    pub(crate) version: i64,
    /// What conditions ask for; the words follow from it.
    pub(crate) label: i64,
    pub(crate) vector: Arc<[f32; DIM]>,
}

impl Row {
    pub(crate) fn new(id: i64, version: i64, label: i64) -> Row {
        Row { version, label, vector: Arc::new(vector(id, version)) }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        bytemuck::cast_slice(&self.vector[..]).to_vec()
    }

    /// The squared distance; exact, as components are whole numbers below 2^20.
    pub(crate) fn distance(&self, query: &[f32; DIM]) -> f64 {
        let difference = |(a, b): (&f32, &f32)| f64::from(*a) - f64::from(*b);
        self.vector.iter().zip(query).map(|pair| difference(pair).powi(2)).sum()
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.vector[..2];
        write!(f, "version {} label {} vector {start:?}..", self.version, self.label)
    }
}

/// Whole numbers from so wide a range that no two distances are the same.
pub(crate) fn vector(id: i64, version: i64) -> [f32; DIM] {
    let mut random = Random::new((id as u64) << 32 ^ version as u64);
    std::array::from_fn(|_| random.below(1 << 20) as f32)
}

pub(crate) const LABELS: u64 = 6;

pub(crate) fn words(label: i64) -> String {
    format!("label{label} of many")
}
