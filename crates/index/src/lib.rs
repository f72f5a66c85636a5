//! Structures that find the nearest rows, one folder each.
//!
//! * [`flat`]: exact search over all rows, block by block as they come from a file.
//! * [`forest`]: trees over items, as in Annoy's files.
//! * [`INDEX_KINDS`]: the kinds of [`Index`] that can be built, saved and loaded again: `flat`, all
//!   rows searched exactly, and `forest`, rows with trees over them.
//! * [`ann`]: indexes of other libraries, over codes, lists and graphs, searched as those do.
//! * [`making`]: such indexes made, trained and changed.
#![forbid(unsafe_code)]

pub mod ann;
mod coded;
mod composed;
pub mod flat;
mod flat_index;
pub mod forest;
mod forest_index;
mod graph;
mod index;
mod ivf;
mod learned_file;
pub mod making;
mod registry;
mod row_set;
mod rows;

pub use flat_index::search_rows;
pub use index::{Index, IndexKind, Interrupt, Keep, KindInfo, Learned, Lesson, Plan, Spec};
pub use learned_file::{kind_of, load_learned, save_learned};
pub use registry::{INDEX_KINDS, kind_named};
pub use row_set::RowSet;
pub use rows::{Rows, SharedBytes};
