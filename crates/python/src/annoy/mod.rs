//! The class of `anear.annoy`: what `annoy.AnnoyIndex` is, over our forests.
//!
//! Calls that find the neighbours of one vector are made by the million, so nothing is set up for
//! them: arguments are read where they are, memory is kept from call to call, and answers are made
//! as lists at once. What Annoy reports as a plain `Exception`, `OSError` or `IndexError` is
//! reported as such here, with Annoy's words (`errors`).

mod amended;
mod arguments;
mod batch;
mod errors;
mod index;
mod lists;
mod passing;
mod spare;
mod vector;

pub(crate) use amended::AmendedIndex;
pub(crate) use index::AnnoyIndex;
