//! Metadata in memory, column by column.

mod affinity;
mod bits;
mod cell;
mod data;
mod dictionary;
pub(crate) mod integers;
mod store;

pub use affinity::Affinity;
pub(crate) use bits::{Bits, WORD_ROWS, ones};
pub use cell::Cell;
pub use data::ColumnData;
pub(crate) use data::{Texts, Values};
pub(crate) use dictionary::Dictionary;
pub(crate) use integers::Integers;
pub use store::ColumnStore;
