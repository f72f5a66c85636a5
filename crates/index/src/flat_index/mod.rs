//! The index of kind `flat`: all rows as they were given, searched exactly by
//! [`flat`](crate::flat).
//!
//! Adding appends, removing marks. The marks and the filter are consulted when a search walks over the
//! rows: where most of a stretch pass, all are scored and the others dropped, else those that pass
//! are listed and only they are looked at. In a file there are no marks: saving leaves the marked
//! rows out.

mod computed;
mod kind;
mod known;
mod lesson;
mod passing;
mod scan;
mod stored;

pub use scan::search_rows;
pub(crate) use scan::{Stretch, search as search_stretches};

pub(crate) use kind::{Flat, runs};
