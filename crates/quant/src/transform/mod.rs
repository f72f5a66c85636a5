//! What happens to rows before they are encoded: linear maps, other places, lengths of 1, centring.

mod linear;
mod train;

use anear_types::parts::{TransformKind, TransformParts};
use linear::Linear;
use std::borrow::Cow;

pub use train::{rotation, train};

/// A transform from rows of one dimension to rows of another.
#[derive(Clone, Debug)]
pub struct Transform {
    input_dim: usize,
    output_dim: usize,
    steps: Vec<Step>,
}

/// A part of a transform.
#[derive(Clone, Debug)]
enum Step {
    Linear(Linear),
    /// Takes components from other places; -1 stands for 0.
    Remap(Vec<i32>),
    /// Makes the length 1; zero stays zero.
    Normalize,
    /// Subtracts the mean.
    Center(Vec<f32>),
}

impl Transform {
    /// A transform that has learned what it needs and was checked.
    ///
    /// # Panics
    /// If its numbers are not as many as its dimensions say.
    pub fn new(parts: &TransformParts) -> Transform {
        let TransformParts { input_dim, output_dim, .. } = *parts;
        let steps = steps(parts);
        for step in &steps {
            match step {
                Step::Linear(_) | Step::Normalize => {}
                Step::Remap(places) => assert_eq!(places.len(), output_dim),
                Step::Center(mean) => assert_eq!(mean.len(), input_dim),
            }
        }
        Transform { input_dim, output_dim, steps }
    }

    /// Components after.
    pub fn output_dim(&self) -> usize {
        self.output_dim
    }

    /// What rows become.
    ///
    /// # Panics
    /// If they are not whole rows.
    pub fn apply<'a>(&self, rows: impl Into<Cow<'a, [f32]>>) -> Cow<'a, [f32]> {
        let rows = rows.into();
        assert!(rows.len().is_multiple_of(self.input_dim));
        self.steps.iter().fold(rows, |rows, step| step.apply(rows, self.input_dim))
    }

    /// Rows that become these, as near as can be told: a length that was lost stays 1, components
    /// that were left out are 0. `None` for a matrix whose rows are not at right angles to each other.
    ///
    /// # Panics
    /// If they are not whole rows.
    pub fn undo(&self, rows: &[f32]) -> Option<Vec<f32>> {
        assert!(rows.len().is_multiple_of(self.output_dim));
        let mut rows = rows.to_vec();
        for step in self.steps.iter().rev() {
            rows = step.undo(rows, self.input_dim)?;
        }
        Some(rows)
    }
}

fn steps(parts: &TransformParts) -> Vec<Step> {
    match &parts.kind {
        TransformKind::Linear { matrix, biased, bias, .. } => {
            let bias = biased.then(|| bias.clone());
            vec![Step::Linear(Linear::new(parts.input_dim, parts.output_dim, matrix.clone(), bias))]
        }
        TransformKind::IterativeQuantization { mean, both, .. } => {
            let mut all = vec![Step::Center(mean.clone()), Step::Normalize];
            all.extend(steps(both));
            all
        }
        TransformKind::Remap(places) => vec![Step::Remap(places.clone())],
        TransformKind::Normalize(_) => vec![Step::Normalize],
        TransformKind::Center(mean) => vec![Step::Center(mean.clone())],
    }
}

impl Step {
    fn apply<'a>(&self, mut rows: Cow<'a, [f32]>, input_dim: usize) -> Cow<'a, [f32]> {
        match self {
            Step::Linear(linear) => return linear.apply(&rows).into(),
            Step::Remap(places) => {
                let taken =
                    |row: &[f32], place: i32| usize::try_from(place).map_or(0.0, |at| row[at]);
                let row = |row| places.iter().map(move |place| taken(row, *place));
                return rows.chunks_exact(input_dim).flat_map(row).collect();
            }
            Step::Normalize => rows.to_mut().chunks_exact_mut(input_dim).for_each(normalize),
            Step::Center(mean) => {
                for row in rows.to_mut().chunks_exact_mut(input_dim) {
                    row.iter_mut().zip(mean).for_each(|(component, mean)| *component -= mean);
                }
            }
        }
        rows
    }

    fn undo(&self, mut rows: Vec<f32>, input_dim: usize) -> Option<Vec<f32>> {
        match self {
            Step::Linear(linear) => return linear.undo(&rows),
            Step::Remap(places) => {
                let mut undone = vec![0.0; rows.len() / places.len() * input_dim];
                let pairs = undone.chunks_exact_mut(input_dim).zip(rows.chunks_exact(places.len()));
                for (row, moved) in pairs {
                    for (component, place) in moved.iter().zip(places) {
                        if let Ok(place) = usize::try_from(*place) {
                            row[place] = *component;
                        }
                    }
                }
                return Some(undone);
            }
            Step::Normalize => {}
            Step::Center(mean) => {
                for row in rows.chunks_exact_mut(input_dim) {
                    row.iter_mut().zip(mean).for_each(|(component, mean)| *component += mean);
                }
            }
        }
        Some(rows)
    }
}

/// Makes the length of a row 1; zero stays zero.
pub(crate) fn normalize(row: &mut [f32]) {
    let square: f32 = row.iter().map(|component| component * component).sum();
    if square > 0.0 {
        let factor = 1.0 / square.sqrt();
        row.iter_mut().for_each(|component| *component *= factor);
    }
}
