//! Codes of which numbers of 4 bits lie together, so that 32 of them are looked up at once.
//!
//! How they lie in an index is told at [`Blocks`](anear_types::parts::Blocks). Scored are groups: blocks
//! of 32 rows.

mod blocks;
mod tables;

pub use blocks::Layout;
pub(crate) use blocks::{GROUP, number_at};
pub(crate) use tables::{Rounded, Tables, lowest, sum_at};
