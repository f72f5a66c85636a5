//! The lists that rows belong to.

use super::Vectors;
use crate::ann::{Settings, adopt_inner, centroids_of};
use crate::flat::Goal;
use anear_quant::kmeans::Assigner;
use anear_quant::{How, Work};
use anear_types::parts::{CodecParts, IndexParts, Structure};
use anear_types::{Error, Result};

/// Rows that a quantizer is searched for at a time.
const PIECE_ROWS: usize = 512;

/// How an index measures.
pub(super) fn how(parts: &IndexParts) -> How {
    How { measure: parts.measure, argument: parts.argument }
}

/// Whether an index holds rows as they are, one behind another.
pub(super) fn is_flat(parts: &IndexParts) -> bool {
    matches!(&parts.structure, Structure::Coded(coded) if coded.codec == CodecParts::Raw)
}

/// The number of the row of a quantizer that is nearest to each row, below `count`; `None` where none is
/// found.
///
/// # Errors
/// If it cannot be searched; [`Interrupted`](anear_types::ErrorKind::Interrupted).
pub(super) fn assign(
    quantizer: &IndexParts,
    rows: Vectors<'_>,
    count: usize,
    work: &Work<'_>,
) -> Result<Vec<Option<u32>>> {
    let index = adopt_inner(quantizer)?;
    if let Vectors::Floats { values, dim } = rows
        && is_flat(quantizer)
    {
        let centroids = centroids_of(&*index)?;
        let assigned = Assigner::new(&centroids, dim, how(quantizer)).assign(values, work)?;
        return Ok(assigned.numbers.into_iter().map(Some).collect());
    }
    let mut numbers = vec![Ok(None); rows.len()];
    let pieces = numbers.chunks_mut(PIECE_ROWS).zip((0..).step_by(PIECE_ROWS)).collect();
    work.for_each(pieces, |(places, first): (&mut [Result<Option<u32>, String>], usize)| {
        let some = rows.range(first, first + places.len());
        match index.search(some, Goal::Nearest { k: 1 }, &Settings::default()) {
            Ok(found) => places.iter_mut().zip(found).for_each(|(place, hits)| {
                let number = hits.first().and_then(|hit| u32::try_from(hit.id).ok());
                *place = Ok(number.filter(|number| (*number as usize) < count));
            }),
            Err(error) => places.fill(Err(error.to_string())),
        }
    })?;
    let numbers = numbers.into_iter().collect::<Result<Vec<_>, _>>();
    numbers.map_err(Error::unsupported)
}

/// The rows of a quantizer, by their numbers.
pub(super) fn centroids(quantizer: &IndexParts) -> Result<Vec<f32>> {
    centroids_of(&*adopt_inner(quantizer)?)
}
