//! Two indexes over the same rows: what the first finds is ordered by the second.

use crate::ann::{AnnIndex, Collector, Hit, Queries, RowScorer, Settings};
use crate::flat::Goal;
use anear_quant::{How, Query};
use anear_types::{Error, Measure, Result};
use std::ops::Range;

/// An index that finds rows, and one that orders them.
pub(crate) struct RefinedIndex {
    base: Box<dyn AnnIndex>,
    refinement: Box<dyn AnnIndex>,
    factor: f32,
}

impl RefinedIndex {
    pub(crate) fn new(
        base: Box<dyn AnnIndex>,
        refinement: Box<dyn AnnIndex>,
        factor: f32,
    ) -> RefinedIndex {
        RefinedIndex { base, refinement, factor }
    }

    /// Checks that FAISS finds the nearest rows so.
    fn check(&self, factor: f32) -> Result<()> {
        if factor < 1.0 {
            let what = format!("{factor} times as many rows as wanted are found to be refined");
            return Err(Error::usage(what).help("find as many at least"));
        }
        match self.how().measure {
            Measure::L2 | Measure::InnerProduct => Ok(()),
            other => Err(Error::unsupported(format!("what is found is not refined by {other}"))),
        }
    }

    /// What the first index is to find.
    fn base_goal(&self, goal: Goal, factor: f32) -> Goal {
        match goal {
            Goal::Nearest { k } => Goal::Nearest { k: wider(k, factor) },
            Goal::Within { radius } => Goal::Within { radius: radius * f64::from(factor) },
        }
    }
}

/// `k` times a factor, at least `k`.
pub(crate) fn wider(k: usize, factor: f32) -> usize {
    ((k as f32 * factor) as usize).max(k)
}

impl AnnIndex for RefinedIndex {
    fn dim(&self) -> usize {
        self.base.dim()
    }

    fn rows(&self) -> u64 {
        self.base.rows()
    }

    fn how(&self) -> How {
        self.base.how()
    }

    fn search(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let factor = settings.factor.unwrap_or(self.factor);
        if let Goal::Nearest { .. } = goal {
            self.check(factor)?;
        }
        let found = self.base.search(queries, self.base_goal(goal, factor), settings)?;
        let mut scores = Vec::new();
        let refine = |(query, hits): (Query<'_>, Vec<Hit>)| {
            let rows = hits.iter().map(|hit| row_number(hit.id, self.refinement.rows()));
            let rows = rows.collect::<Result<Vec<u32>>>()?;
            scores.resize(rows.len(), 0.0);
            self.refinement.row_scorer(query)?.score(&rows, &mut scores);
            let mut collector = Collector::new(goal, self.how());
            collector.offer_all(&scores, 0, |number| Some(hits[number].id));
            Ok(collector.into_hits())
        };
        queries.iter().zip(found).map(refine).collect()
    }

    fn row_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        self.refinement.row_scorer(query)
    }

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        self.refinement.reconstruct(id, row)
    }

    fn ids(&self, rows: Range<u64>) -> Result<Vec<i64>> {
        self.refinement.ids(rows)
    }

    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()> {
        self.refinement.decode(rows, values)
    }

    fn is_lossless(&self) -> bool {
        self.refinement.is_lossless()
    }
}

/// The number of a row that another index found by its id.
fn row_number(id: i64, rows: u64) -> Result<u32> {
    let number = u32::try_from(id).ok().filter(|number| u64::from(*number) < rows);
    number.ok_or_else(|| Error::malformed(format!("row {id} of {rows} was found")))
}
