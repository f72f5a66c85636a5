//! HNSW graphs.

use super::Fields;
use anear_types::parts::Graph;
use std::io::Result;

/// A field that FAISS no longer uses, and what it writes there.
const UNUSED: i32 = 1;

/// Writes all but the rows.
pub(super) fn write(graph: &Graph, fields: &mut Fields<'_>) -> Result<()> {
    fields.doubles(&graph.level_probabilities)?;
    fields.small_integers(&graph.counts)?;
    fields.small_integers(&graph.levels)?;
    fields.elements(size_of::<u64>(), graph.offsets.bytes())?;
    fields.elements(size_of::<i32>(), &graph.neighbors)?;
    fields.small_integer(graph.entry_point)?;
    fields.small_integer(graph.max_level)?;
    fields.small_integer(graph.construction_effort)?;
    fields.small_integer(graph.search_effort)?;
    fields.small_integer(UNUSED)
}
