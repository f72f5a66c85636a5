//! Indexes of FAISS, for `python/anear/faiss`, which has the classes and functions that users see.

mod change;
mod errors;
mod how;
mod rows;
mod selector;
mod transforms;
mod tree;

pub(crate) use change::kmeans;
pub(crate) use selector::Selector;
pub(crate) use tree::{Tree, distances};
