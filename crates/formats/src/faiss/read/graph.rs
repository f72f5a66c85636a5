//! HNSW graphs.
//!
//! | field | type |
//! | --- | --- |
//! | probabilities of levels | vector of f64 |
//! | neighbours below each level | vector of i32 |
//! | levels of each row | vector of i32 |
//! | where each row's neighbours begin | vector of u64 |
//! | neighbours | vector of i32 |
//! | entry point, highest level, effort of construction and of search, 1 | i32 each |
//! | the rows | an index; of a graph over numbers also `null`, where they are left out |

use super::super::header::Header;
use super::super::kinds::{Layout, NO_INDEX};
use super::{Fields, Stop};
use anear_types::parts::{Graph, IndexParts, Storage};

pub(super) fn read(
    fields: &mut Fields<'_>,
    header: &Header,
    storage: impl FnOnce(&mut Fields<'_>) -> Result<IndexParts, Stop>,
) -> Result<Graph, Stop> {
    let level_probabilities = fields.doubles("the level probabilities")?;
    let counts = fields.small_integers("the neighbour counts")?;
    let levels = fields.small_integers("the levels")?;
    let offsets = fields.integers("the offsets")?;
    let neighbors = fields.elements(size_of::<i32>() as u64, "the neighbours")?;
    let what = "the settings of the graph";
    let entry_point = fields.cursor.i32(what)?;
    let max_level = fields.cursor.i32(what)?;
    let construction_effort = fields.cursor.i32(what)?;
    let search_effort = fields.cursor.i32(what)?;
    fields.cursor.i32(what)?;
    Ok(Graph {
        level_probabilities,
        counts,
        levels,
        offsets,
        neighbors,
        entry_point,
        max_level,
        construction_effort,
        search_effort,
        storage: match header.layout {
            Layout::Hnsw(kind) if fields.skip(NO_INDEX) => Storage::Left(kind),
            _ => storage(fields)?.into(),
        },
    })
}
