//! What is small and what is large, by the kind of files.

use crate::files::MOST_GROUPS;
use crate::spec::{Spec, Storage};

/// Sizes in bytes of vectors, before they are compressed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Smaller batches wait in the metadata at first, where they need no sync of their own ..
    pub(super) batch: u64,
    /// .. until so many bytes wait.
    pub(super) pending: u64,
    /// A file that has become as large as this gets no more rows.
    pub(super) file: u64,
    /// A last file smaller than this is replaced by one with its rows and those that come.
    pub(super) small_file: u64,
    /// So many rows at most are appended before it is asked whether the file is full.
    pub(super) rows_at_once: usize,
}

impl Sizes {
    pub(super) fn of(spec: &Spec) -> Sizes {
        match &spec.storage {
            Storage::Npy => Sizes {
                batch: 64 << 10,
                pending: 1 << 20,
                file: spec.file_bytes,
                small_file: 0,
                rows_at_once: usize::MAX,
            },
            Storage::Hdf5 { group_by, .. } => {
                // The rows are collected in memory, and decoded there.
                let file = spec.file_bytes.min(64 << 20);
                let rows_at_once = (file as usize / 8 / spec.row_bytes()).max(1);
                Sizes {
                    batch: 8 << 20,
                    pending: 8 << 20,
                    file,
                    small_file: 8 << 20,
                    rows_at_once: match group_by {
                        Some(_) => rows_at_once.min(MOST_GROUPS),
                        None => rows_at_once,
                    },
                }
            }
        }
    }
}
