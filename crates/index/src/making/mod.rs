//! Making indexes of other libraries: an empty one by a description, what it learns, and rows that
//! come, go and move between indexes.
//!
//! All this works on the plain data that files are read to and written from ([`IndexParts`]); to be
//! searched, an index is [adopted](crate::ann::adopt). Where FAISS throws, there is an error here, and
//! what FAISS draws at random or decides in its order is drawn and decided so here: the same rows make
//! the same lists and graphs, but for distances that are the same up to rounding.
//!
//! After an error an index is as it was, but that training may have replaced what was learned before.

mod add;
mod assign;
mod blocks;
mod codes;
mod encode;
mod factory;
mod lists;
mod merge;
mod places;
mod remove;
mod rotation;
mod subset;
mod train;
mod weave;

pub use crate::ann::Queries as Vectors;
pub use add::add;
pub use anear_quant::Work;
pub use anear_quant::kmeans::{Iteration, Kmeans, KmeansSettings, kmeans};
pub use anear_quant::transform::train as train_transform;
pub use blocks::{lay_in_a_row, lay_in_blocks};
pub use codes::{add_codes, list_bytes};
pub use factory::from_factory;
pub use merge::merge;
pub use places::{Map, set_direct_map};
pub use remove::{remove, reset};
pub use rotation::draw_rotation;
pub use subset::{Subset, copy_subset};
pub use train::{Training, train};

use anear_types::parts::IndexParts;
use anear_types::{Error, Measure, Result};

/// Checks that rows are as those of an index.
fn check_rows(parts: &IndexParts, rows: Vectors<'_>) -> Result<()> {
    let (is_bits, dim) = match rows {
        Vectors::Floats { dim, .. } => (false, dim),
        Vectors::Bits { dim, .. } => (true, dim),
    };
    if is_bits != (parts.measure == Measure::Hamming) {
        let of = |bits| if bits { "bits" } else { "numbers" };
        let what = format!("rows of {} for an index of {}", of(is_bits), of(!is_bits));
        return Err(Error::usage(what));
    }
    if dim != parts.dim {
        let expected = parts.dim;
        return Err(Error::usage(format!("rows of dimension {dim} for an index of {expected}")));
    }
    Ok(())
}

/// The values of rows of numbers.
///
/// # Errors
/// If they are bits, which an index was asked to do what it does with numbers only.
fn floats<'a>(rows: Vectors<'a>) -> Result<&'a [f32]> {
    match rows {
        Vectors::Floats { values, .. } => Ok(values),
        Vectors::Bits { .. } => Err(Error::unsupported("an index of bits of such a kind")),
    }
}
