//! Growing trees beside the index they are for.

use super::trees::Trees;
use crate::{Interrupt, Learned, Lesson, Rows};
use anear_types::{Metric, Result};
use std::ops::Range;
use std::sync::Arc;

/// Which index this is. Indexes are told apart by where it lies.
pub(super) type Identity = Arc<()>;

/// Rows to grow trees over: all there are.
#[derive(Debug)]
pub(super) struct ForestLesson {
    pub(super) of: Identity,
    pub(super) rows: Rows,
    pub(super) metric: Metric,
}

impl ForestLesson {
    /// The trees that were grown, if they are for the index `of`.
    pub(super) fn taught(learned: Learned, of: &Identity) -> Option<Trees> {
        let (whose, trees) = learned.take::<(Identity, Trees)>()?;
        Arc::ptr_eq(&whose, of).then_some(trees)
    }
}

impl Lesson for ForestLesson {
    fn rows(&self) -> Range<u64> {
        0..self.rows.len()
    }

    fn learn(self: Box<Self>, threads: usize, interrupt: Option<Interrupt<'_>>) -> Result<Learned> {
        let ForestLesson { of, rows, metric } = *self;
        let all = 0..rows.len();
        let runs = std::slice::from_ref(&all);
        let trees = Trees::grow(&rows, runs, metric, threads, interrupt)?;
        Ok(Learned::new((of, trees)))
    }
}
