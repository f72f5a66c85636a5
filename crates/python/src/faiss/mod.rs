//! Indexes of FAISS, for `python/anear/faiss`, which has the classes and functions that users see.

mod change;
mod errors;
mod rows;
mod selector;
mod tree;

pub(crate) use change::kmeans;
pub(crate) use selector::Selector;
pub(crate) use tree::{Tree, distances};
