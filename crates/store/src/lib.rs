//! A collection on disk: a folder with vectors, ids and metadata, in files that their own tools
//! can read.
//!
//! ```text
//! docs.anear/
//!   metadata.sqlite       ids, metadata, and which vectors count; SQLite in WAL mode
//!   vectors-000001.npy    vectors, in the order of the rows; or vectors-000001.h5
//!   index-000002.anx      what was learned about the vectors, when they are many
//!   lock                  locked by whoever writes
//! ```
//!
//! # Rows
//!
//! A row has a number, counted from 0 in the order of arrival. Its vector lies at that place in the
//! vector files, one after the other; its id and metadata in the table `embeddings` at that
//! `_row`. A row that is deleted, or replaced by a newer one, leaves the table and is noted in
//! `deleted`; its vector stays until [`Store::compact`], which numbers the rows anew.
//!
//! # Why nothing is lost
//!
//! SQLite's commit is the moment of truth. Vectors of a large batch are written behind those that
//! count, synced, and then counted (table `extents`) by the transaction that inserts their
//! metadata. Vectors of a small batch are part of the transaction itself (table `pending`), so that
//! one sync is enough; they move to the file when they have become many, and when the store is
//! closed. So a crash leaves at worst bytes that do not count, which the next writer overwrites, and
//! files that are not named, which it removes.
//!
//! Writers take turns by a lock on the file `lock`. Readers use SQLite's snapshots: within a
//! [`Moment`] they see one state. Vectors that count are never changed, and `compact` writes new
//! files; the old ones are removed when no reader has a moment from before.
//!
//! # HDF5
//!
//! A `.h5` file cannot be added to in a way that survives a crash, so it is written whole, and its
//! name is what the transaction commits. More vectors wait in `pending` for it, and a last file that
//! is small is replaced by one with its rows and the new ones. Rows lie in `/embeddings` with their
//! numbers in `/row`; or, [grouped](Storage::Hdf5) by a metadata column, in `/VALUE/embeddings` and
//! `/VALUE/row`, as the metadata were when the file was written. What HDF5 cannot have in a name is
//! written as in a URL (`a%2Fb.pdf`); rows without a value are in the group `%null`. Readers decode a
//! file once, into memory.
#![forbid(unsafe_code)]

mod batch;
mod compact;
mod error;
mod files;
mod folder;
mod index_file;
mod read;
mod spec;
mod sql;
mod store;
mod verify;
mod view;
mod write;

pub use batch::{Added, Batch, Existing};
pub use compact::Compacted;
pub use verify::{Problem, Verified};
pub use write::Adding;

pub use read::{Extent, Marks, Moment, StoredRow, StoredVectors, Stretch};
pub use spec::{Access, Spec, Storage, StoredColumn};
pub use store::{Store, StoreInfo};

pub use view::View;
