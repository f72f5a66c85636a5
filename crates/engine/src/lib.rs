#![doc = include_str!("../../../README.md")]
#![forbid(unsafe_code)]

mod adopted;
mod blocks;
mod cast;
#[cfg(feature = "sqlite")]
mod collection;
mod convert;
mod entry;
mod faiss;
pub mod faiss_index;
mod filter;
mod folder;
mod index;
mod info;
#[cfg(feature = "sqlite")]
mod into_collection;
mod location;
mod mapped;
mod metadata;
mod opened;
mod progress;
mod save;
mod search;
mod sinks;
mod trees;
mod vectors;

pub use anear_formats::npy::Appender as NpyAppender;
pub use anear_formats::{
    Compression, Entry, FORMATS, FormatInfo, IndexInfo, Skipped, Summary, VectorSource,
};
pub use anear_index::flat::{Goal, NonFinite};
pub use anear_index::{Interrupt, Keep, RowSet, Rows, SharedBytes, forest, making};
pub use anear_kernels::Rounding;
#[cfg(feature = "sqlite")]
pub use anear_store::{
    Access, Added, Batch, Compacted, Existing, Problem, Spec as CollectionSpec, Storage,
    StoreInfo as CollectionInfo, StoredColumn as CollectionColumn, Verified,
};
pub use anear_types::{
    Block, Column, ColumnInfo, ColumnKind, Element, Error, ErrorKind, Ids, Limits, MatrixRef,
    Metric, Neighbor, Order, Result, Schema, Value,
};
pub use cast::cast_rows;
#[cfg(feature = "sqlite")]
pub use collection::{
    Collection, CollectionHit, CollectionReply, CollectionSearch, Condition, Expected,
    ExportRequest, Fetched, Sought,
};
pub use convert::{ConvertRequest, convert};
pub use filter::rows_where;
pub use index::{Index, IndexSearch, IndexSpec, RowFilter, search_rows, search_vectors};
pub use info::{FileInfo, info};
pub use location::Location;
pub use mapped::{Mapped, PrivateRows};
pub use metadata::{Metadata, sidecar_path};
pub use progress::{Progress, Silent};
pub use save::{SaveRequest, Saved, save};
pub use search::{Hit, Queries, SearchReply, SearchRequest, search};
pub use vectors::{OpenOptions, Vectors};
