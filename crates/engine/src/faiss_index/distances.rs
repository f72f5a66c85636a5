//! All distances between two sets of rows.

use super::Index;
use anear_index::ann::{Queries, distance};
use anear_types::parts::{CodecParts, Coded, IndexParts, Structure};
use anear_types::{Measure, Result};

impl Index {
    /// An index that holds rows of floats as they are.
    pub fn flat(rows: &[f32], dim: usize, measure: Measure, argument: f32) -> Index {
        let bytes: Vec<u8> = rows.iter().flat_map(|value| value.to_le_bytes()).collect();
        let coded = Coded {
            codec: CodecParts::Raw,
            codes: bytes.into(),
            blocks: None,
            product_search: None,
        };
        let rows = (rows.len() / dim.max(1)) as u64;
        let structure = Structure::Coded(coded);
        IndexParts { dim, rows, trained: true, measure, argument, structure }.into()
    }
}

/// The distance (or similarity) of each query to each row: the rows of one query, then those of
/// the next.
///
/// # Errors
/// If there are no dimensions.
pub fn distances(
    queries: &[f32],
    rows: &[f32],
    dim: usize,
    measure: Measure,
    argument: f32,
) -> Result<Vec<f32>> {
    let searcher = Index::flat(rows, dim, measure, argument).searcher(&Default::default())?;
    let numbers: Vec<u32> = (0..searcher.rows() as u32).collect();
    let mut all = Vec::with_capacity(queries.len() / dim * numbers.len());
    for query in (Queries::Floats { values: queries, dim }).iter() {
        let mut scores = vec![0.0; numbers.len()];
        searcher.row_scorer(query)?.score(&numbers, &mut scores);
        all.extend(scores.into_iter().map(|score| distance(searcher.how(), score)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_query_meets_each_row() {
        let (queries, rows) = ([0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 3.0, 4.0, 1.0, 0.0]);
        let found = |measure| distances(&queries, &rows, 2, measure, 0.0).unwrap();
        assert_eq!(found(Measure::L2), [0.0, 25.0, 1.0, 2.0, 13.0, 1.0]);
        assert_eq!(found(Measure::InnerProduct), [0.0, 0.0, 0.0, 0.0, 7.0, 1.0]);
    }
}
