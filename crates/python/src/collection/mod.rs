//! A collection. `python/anear/_collection.py` has the class that users see.

mod open;
mod search;
mod shown;
mod store;
mod walk;

pub(crate) use store::Store;
pub(crate) use walk::Walk;
