//! The index of kind `flat`: all rows as they were given, searched exactly by
//! [`flat`](crate::flat).
//!
//! Adding appends, removing marks. The marks are consulted when a search walks over the rows:
//! where a stretch of rows has marks or a filter, the rows that pass are listed and only they are
//! looked at. In a file there are no marks: saving leaves the marked rows out.

mod computed;
mod kind;
mod known;
mod lesson;
mod passing;
mod scan;
mod stored;

pub use scan::search_rows;

pub(crate) use kind::Flat;
