//! Indexes of FAISS as they are: opened, put together, searched, changed and written.
//!
//! [`crate::Vectors`] shows such a file as a matrix and [`crate::search`] searches it as any other;
//! here an index is what it is in FAISS, with the same classes, fields and answers. It is plain data
//! (`anear_types::parts`) and, made of it when first asked for, what searches it. The indexes inside
//! an index (the one under an id map, the quantizer of lists) are addressed by a [`Path`].

mod change;
mod class;
mod codec;
mod codes;
mod compose;
mod distances;
mod fields;
mod files;
mod index;
mod path;
mod search;
mod selector;
mod stored;
mod transform_fields;
mod transforms;

pub use class::class_name;
pub use codec::WhichCodec;
pub use distances::distances;
pub use fields::{Array, Field};
pub use index::Index;
pub use path::{Path, Step};
pub use search::{Found, Looked, Rows, Within};
pub use selector::{Asked, Selector};
pub use transforms::transform_class_name;

pub use anear_formats::faiss::{ListFiles, measure_number, measure_numbered};
pub use anear_index::ann::{Answers, Budget, How, Rounding, Settings};
pub use anear_index::making::{Kmeans, KmeansSettings, Map, Subset, Training, Work, kmeans};
pub use anear_types::Measure;
