//! Learning about rows beside the index they are of.

use super::computed::Computed;
use super::known::Known;
use crate::{Interrupt, Learned, Lesson, Rows};
use anear_kernels::Level;
use anear_quant::sq::Sq;
use anear_types::{Error, MatrixRef, Metric, Result};
use std::ops::Range;
use std::sync::Arc;

/// Components that a thread works on before the interrupt is asked again.
const COMPONENTS_PER_STEP: usize = 1 << 22;

/// Which index this is. Indexes are told apart by where it lies.
pub(super) type Identity = Arc<()>;

/// Rows to compute squares and codes of.
#[derive(Debug)]
pub(super) struct FlatLesson {
    of: Identity,
    rows: Rows,
    range: Range<u64>,
    metric: Metric,
    coding: Coding,
}

#[derive(Debug)]
enum Coding {
    /// This one, or none.
    Given(Option<Sq>),
    /// To be chosen.
    Open,
}

/// What a lesson brought.
#[derive(Debug)]
pub(super) struct Taught {
    pub(super) range: Range<u64>,
    pub(super) sq: Option<Sq>,
    /// Whether the coding was chosen in this lesson.
    pub(super) chosen: bool,
    pub(super) computed: Computed,
}

impl FlatLesson {
    /// The next lesson, if there is something to learn.
    pub(super) fn next(of: &Identity, known: &Known, rows: &Rows) -> Option<FlatLesson> {
        let (range, coding) = match known.wants_coding(rows.len()) {
            true => (0..rows.len(), Coding::Open),
            false => (known.lacking(rows.len()), Coding::Given(known.sq.clone())),
        };
        let (of, rows, metric) = (Arc::clone(of), rows.clone(), known.metric);
        (!range.is_empty()).then_some(FlatLesson { of, rows, range, metric, coding })
    }

    /// What was learned, if it is about the index `of`.
    pub(super) fn taught(learned: Learned, of: &Identity) -> Option<Taught> {
        let (whose, taught) = learned.take::<(Identity, Taught)>()?;
        Arc::ptr_eq(&whose, of).then_some(taught)
    }
}

impl Lesson for FlatLesson {
    fn rows(&self) -> Range<u64> {
        self.range.clone()
    }

    fn learn(self: Box<Self>, threads: usize, interrupt: Option<Interrupt<'_>>) -> Result<Learned> {
        let FlatLesson { of, rows, range, metric, coding } = *self;
        let parts: Vec<MatrixRef<'_>> =
            rows.stretches(range.clone()).map(|(_, part)| part).collect();
        let (sq, chosen) = match coding {
            Coding::Given(sq) => (sq, false),
            Coding::Open => (Sq::train_over(Level::best(), metric, &parts), true),
        };
        let step = (COMPONENTS_PER_STEP / rows.dim().max(1)).max(1) * threads.max(1);
        let mut computed = Computed::default();
        for part in parts {
            for start in (0..part.rows()).step_by(step) {
                if interrupt.is_some_and(|interrupt| interrupt()) {
                    return Err(Error::interrupted());
                }
                let end = part.rows().min(start + step);
                computed.extend(part.range(start, end), sq.as_ref(), threads);
            }
        }
        Ok(Learned::new((of, Taught { range, sq, chosen, computed })))
    }
}
