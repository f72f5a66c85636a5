//! Searching an index, and telling its rows.

use super::{Index, Path};
use anear_index::ann::{
    AnnIndex, Answers, Hit, Queries, Settings, distance, search_in_threads, search_lists_in_threads,
};
use anear_index::flat::Goal;
use anear_types::parts::{DirectMap, IndexParts, Structure};
use anear_types::{Error, Result};
use std::ops::Range;

/// Rows that are handed over.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// Components.
    Floats(&'a [f32]),
    /// Packed bits.
    Bits(&'a [u8]),
}

/// What a search found.
pub type Found = Answers;

/// All rows that are near enough to each query.
#[derive(Clone, Debug, PartialEq)]
pub struct Within {
    /// Where the hits of each query begin, and the end of the last one's.
    pub limits: Vec<usize>,
    /// The ids of the rows.
    pub labels: Vec<i64>,
    /// Their distances (or similarities).
    pub distances: Vec<f32>,
}

impl<'a> Rows<'a> {
    /// As rows of so many components.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if they are not whole rows.
    pub(super) fn vectors(self, dim: usize) -> Result<Queries<'a>> {
        let (found, one) = match self {
            Rows::Floats(values) => (values.len(), dim),
            Rows::Bits(bytes) => (bytes.len(), dim / 8),
        };
        if one == 0 || !found.is_multiple_of(one) {
            return Err(Error::usage(format!("{found} components are no rows of {one}")));
        }
        Ok(match self {
            Rows::Floats(values) => Queries::Floats { values, dim },
            Rows::Bits(bytes) => Queries::Bits { bytes, dim },
        })
    }
}

/// Which inverted lists a search looks at.
#[derive(Clone, Copy, Debug, Default)]
pub enum Looked<'a> {
    /// Those that the index finds for each query, if it has lists.
    #[default]
    Found,
    /// Those with these numbers, for each query its own; -1 for none.
    These(&'a [Vec<i64>]),
}

impl Index {
    /// The `k` nearest rows to each query, of the index or of one inside it: -1 where no more were
    /// found. `threads` share the queries.
    ///
    /// # Errors
    /// If the index is not trained, cannot be searched this way, or `k` is 0.
    pub fn search(
        &self,
        path: &Path,
        queries: Rows<'_>,
        k: usize,
        looked: Looked<'_>,
        settings: &Settings<'_>,
        threads: usize,
    ) -> Result<Found> {
        let searcher = self.searcher(path)?;
        let found = find(&*searcher, queries, Goal::Nearest { k }, looked, settings, threads)?;
        Ok(Answers::new(&found, k, searcher.how()))
    }

    /// All rows nearer to each query than a radius (more similar than it, for similarities), those of
    /// each query in the order of their ids.
    ///
    /// # Errors
    /// As for [`search`](Index::search).
    pub fn within(
        &self,
        path: &Path,
        queries: Rows<'_>,
        radius: f32,
        looked: Looked<'_>,
        settings: &Settings<'_>,
        threads: usize,
    ) -> Result<Within> {
        let searcher = self.searcher(path)?;
        let goal = Goal::Within { radius: f64::from(radius) };
        let found = find(&*searcher, queries, goal, looked, settings, threads)?;
        let mut within = Within { limits: vec![0], labels: Vec::new(), distances: Vec::new() };
        for mut hits in found {
            hits.sort_unstable_by_key(|hit| hit.id);
            within.labels.extend(hits.iter().map(|hit| hit.id));
            within.distances.extend(hits.iter().map(|hit| distance(searcher.how(), hit.score)));
            within.limits.push(within.labels.len());
        }
        Ok(within)
    }

    /// The rows with these ids, one behind another, as near as their codes tell: floats, for bits
    /// one a component.
    ///
    /// # Errors
    /// If no row has one of the ids, or FAISS could not tell: rows of lists without a direct map, or
    /// under an id map that goes one way.
    pub fn reconstruct(&self, path: &Path, ids: &[i64]) -> Result<Vec<f32>> {
        finds_by_id(self.parts(path)?)?;
        self.reconstruct_found(path, ids)
    }

    /// The rows with ids that a search found, whether FAISS could tell them by their ids or not;
    /// not numbers for -1.
    ///
    /// # Errors
    /// If no row has one of the ids, or a transform cannot be undone.
    pub fn reconstruct_found(&self, path: &Path, ids: &[i64]) -> Result<Vec<f32>> {
        let searcher = self.searcher(path)?;
        let mut rows = vec![f32::NAN; ids.len() * searcher.dim()];
        for (id, row) in ids.iter().zip(rows.chunks_exact_mut(searcher.dim())) {
            if *id >= 0 {
                searcher.reconstruct(*id, row)?;
            }
        }
        Ok(rows)
    }

    /// The rows with ids in a range, in their order, whether FAISS could tell them by their ids or not;
    /// zeros for ids that no row has. Of rows with the same id the last one that is kept is told.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if more ids are asked for than there are rows, or a
    /// transform cannot be undone.
    pub fn reconstruct_range(&self, path: &Path, ids: Range<i64>) -> Result<Vec<f32>> {
        let searcher = self.searcher(path)?;
        let (dim, count) = (searcher.dim(), ids.end.saturating_sub(ids.start).max(0) as u64);
        if count > searcher.rows() {
            let what = format!("{count} ids of an index of {} rows", searcher.rows());
            return Err(Error::usage(what));
        }
        let mut rows = vec![0.0; count as usize * dim];
        for (row, id) in (0..).zip(searcher.ids(0..searcher.rows())?) {
            if ids.contains(&id) {
                let place = (id - ids.start) as usize * dim;
                searcher.decode(row..row + 1, &mut rows[place..place + dim])?;
            }
        }
        Ok(rows)
    }
}

fn find(
    searcher: &dyn AnnIndex,
    queries: Rows<'_>,
    goal: Goal,
    looked: Looked<'_>,
    settings: &Settings<'_>,
    threads: usize,
) -> Result<Vec<Vec<Hit>>> {
    let queries = queries.vectors(searcher.dim())?;
    match looked {
        Looked::Found => search_in_threads(searcher, queries, goal, settings, threads),
        Looked::These(lists) => {
            search_lists_in_threads(searcher, queries, lists, goal, settings, threads)
        }
    }
}

/// Checks that FAISS finds rows of an index by their ids.
fn finds_by_id(index: &IndexParts) -> Result<()> {
    match &index.structure {
        Structure::Coded(_) => Ok(()),
        Structure::Graph(graph) => finds_by_id(graph.storage.index()?),
        Structure::Transformed(transformed) => finds_by_id(&transformed.inner),
        Structure::Refined(refined) => finds_by_id(&refined.refinement),
        Structure::IdMap(id_map) if id_map.both_ways => finds_by_id(&id_map.inner),
        Structure::IdMap(_) => {
            Err(Error::unsupported("an id map of one way finds no row by its id")
                .help("put an IndexIDMap2 around the index instead"))
        }
        Structure::Inverted(inverted) if inverted.direct_map == DirectMap::None => {
            Err(Error::unsupported("direct map not initialized").help("call make_direct_map()"))
        }
        Structure::Inverted(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faiss_index::{Training, Work};
    use anear_types::Measure;

    #[test]
    fn rows_of_lists_are_told_in_the_order_of_their_ids() {
        let (top, work) = (Path::default(), Work::default());
        let mut index = Index::described("IVF2,Flat", 1, Measure::L2, 0.0).unwrap();
        let rows = [2.0, 1.0, 8.0, 9.0];
        index.train(&top, Rows::Floats(&rows), &Training::default(), &work).unwrap();
        index.add(&top, Rows::Floats(&rows), Some(&[3, 700, 0, -5]), &work).unwrap();
        assert_eq!(index.reconstruct_range(&top, 0..4).unwrap(), [8.0, 0.0, 0.0, 2.0]);
        assert_eq!(index.reconstruct_range(&top, -5..-4).unwrap(), [9.0]);
        assert_eq!(index.reconstruct_range(&top, 699..702).unwrap(), [0.0, 1.0, 0.0]);
        index.reconstruct_range(&top, 0..5).unwrap_err();
    }
}
