//! Indexes around others: ids for rows, transforms before, a second opinion behind.

mod mapped;
mod refined;
mod transformed;

pub(crate) use mapped::Mapped;
pub(crate) use refined::{RefinedIndex, wider};
pub(crate) use transformed::TransformedIndex;
pub use transformed::{applied, undone};
