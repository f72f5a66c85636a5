//! Where the chunks of a data set lie in the file.
//!
//! HDF5 has six kinds of chunk index (File Format Specification 3.0, sections III.A and VII). The
//! library walks them all; here their findings become one table sorted by position in the grid of
//! chunks, with every entry checked against the shape and the size of the file.

use super::dataset::Chunked;
use super::file::{File, guarded};
use anear_types::{Error, Result};
use hdf5_reader::btree_v1::{BTreeV1Key, collect_btree_v1_leaves_storage};
use hdf5_reader::chunk_index::{ChunkEntry, collect_v2_chunk_entries_storage, single_chunk_entry};
use hdf5_reader::extensible_array::collect_extensible_array_chunk_entries_storage;
use hdf5_reader::fixed_array::collect_fixed_array_chunk_entries_storage;
use hdf5_reader::messages::layout::ChunkIndexing;

/// The chunks of a data set.
#[derive(Debug)]
pub(super) struct ChunkTable {
    /// Chunks along each axis.
    grid: Vec<u64>,
    chunks: Places,
}

#[derive(Debug)]
enum Places {
    /// Sorted by position in the grid.
    Listed(Vec<(u64, Stored)>),
    /// All chunks, one behind the other.
    Consecutive { address: u64, chunk_bytes: u64 },
}

/// A chunk as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) address: u64,
    pub(super) bytes: u64,
    /// The filters this chunk skipped, by bit.
    pub(super) mask: u32,
}

impl ChunkTable {
    /// Reads the index. `shape` has all axes, `chunk_bytes` is the size of a decoded chunk.
    pub(super) fn read(
        file: &File,
        chunked: &Chunked,
        shape: &[u64],
        chunk_bytes: u64,
    ) -> Result<ChunkTable> {
        let axes = shape.iter().zip(&chunked.dims);
        let grid: Vec<u64> = axes.map(|(axis, dim)| axis.div_ceil(*dim)).collect();
        if matches!(chunked.indexing, Some(ChunkIndexing::Implicit)) {
            let address = chunked.index_address;
            return Ok(ChunkTable { grid, chunks: Places::Consecutive { address, chunk_bytes } });
        }
        let entries = entries(file, chunked)?;
        let mut listed = Vec::new();
        for entry in entries {
            if file.is_nowhere(entry.address) {
                continue;
            }
            let Some(position) = position(&entry.offsets, chunked, shape, &grid)? else {
                continue;
            };
            let unfiltered = chunked.pipeline.is_empty() || entry.size == 0;
            let bytes = if unfiltered { chunk_bytes } else { entry.size };
            listed.push((
                position,
                Stored { address: entry.address, bytes, mask: entry.filter_mask },
            ));
        }
        listed.sort_by_key(|(position, _)| *position);
        Ok(ChunkTable { grid, chunks: Places::Listed(listed) })
    }

    /// The chunk at `position` of the grid; `None` if it was never written.
    pub(super) fn get(&self, position: u64) -> Option<Stored> {
        match &self.chunks {
            Places::Listed(listed) => {
                let found = listed.binary_search_by_key(&position, |(position, _)| *position);
                found.ok().map(|found| listed[found].1)
            }
            Places::Consecutive { address, chunk_bytes } => {
                let offset = position.checked_mul(*chunk_bytes)?;
                let address = address.checked_add(offset)?;
                Some(Stored { address, bytes: *chunk_bytes, mask: 0 })
            }
        }
    }

    /// Chunks along each axis.
    pub(super) fn grid(&self) -> &[u64] {
        &self.grid
    }

    /// The address of the first chunk, if all are there and lie one behind the other in order.
    pub(super) fn consecutive(&self) -> Option<u64> {
        let count: u64 = self.grid.iter().try_fold(1u64, |all, axis| all.checked_mul(*axis))?;
        match &self.chunks {
            Places::Consecutive { address, .. } => Some(*address),
            Places::Listed(listed) => {
                let neighbours = listed.windows(2);
                let in_a_row = listed.len() as u64 == count
                    && neighbours.into_iter().all(|pair| {
                        let (before, after) = (&pair[0], &pair[1]);
                        after.0 == before.0 + 1
                            && before.1.address.checked_add(before.1.bytes) == Some(after.1.address)
                    });
                listed.first().filter(|_| in_a_row).map(|(_, stored)| stored.address)
            }
        }
    }
}

/// The position in the grid of the chunk that begins at `offsets`; `None` for one left over from
/// when the data set was larger.
fn position(
    offsets: &[u64],
    chunked: &Chunked,
    shape: &[u64],
    grid: &[u64],
) -> Result<Option<u64>> {
    let stored_axes = chunked.stored_shape.len();
    if offsets.len() != stored_axes {
        return Err(Error::malformed(format!(
            "a chunk has a position of {} axes in a data set of {stored_axes}",
            offsets.len()
        )));
    }
    let mut position = 0u64;
    for (axis, chunks) in grid.iter().enumerate() {
        let offset = offsets.get(axis).copied().unwrap_or(0); // axes of an array type: one chunk
        if offset % chunked.dims[axis] != 0 {
            return Err(Error::malformed(format!(
                "a chunk begins at {offsets:?}, which is no multiple of {:?}",
                chunked.dims
            )));
        }
        if offset >= shape[axis] {
            return Ok(None);
        }
        let along = offset / chunked.dims[axis];
        position = position
            .checked_mul(*chunks)
            .and_then(|position| position.checked_add(along))
            .ok_or_else(|| Error::malformed("the data set has too many chunks to count"))?;
    }
    Ok(Some(position))
}

fn entries(file: &File, chunked: &Chunked) -> Result<Vec<ChunkEntry>> {
    let (storage, offset, length) = (file.storage(), file.offset_size, file.length_size);
    let address = chunked.index_address;
    let shape = &chunked.stored_shape[..];
    // Dimensions were 32-bit numbers in the file.
    let dims: Vec<u32> = chunked.dims[..shape.len()].iter().map(|dim| *dim as u32).collect();
    let axes = shape.len() as u32;
    guarded(|| match &chunked.indexing {
        None => {
            let leaves = collect_btree_v1_leaves_storage(
                storage,
                address,
                offset,
                length,
                Some(axes),
                &dims,
                None,
            )?;
            Ok(leaves.into_iter().filter_map(|leaf| from_tree(leaf, shape.len())).collect())
        }
        Some(ChunkIndexing::SingleChunk { filtered_size, filters }) => {
            Ok(vec![single_chunk_entry(address, *filtered_size, *filters, shape.len())])
        }
        Some(ChunkIndexing::BTreeV2) => {
            collect_v2_chunk_entries_storage(storage, address, offset, length, axes, &dims, None)
        }
        Some(ChunkIndexing::FixedArray { .. }) => collect_fixed_array_chunk_entries_storage(
            storage, address, offset, length, shape, &dims, None,
        ),
        Some(ChunkIndexing::ExtensibleArray { .. }) => {
            let max = chunked.max_shape.as_deref();
            collect_extensible_array_chunk_entries_storage(
                storage, address, offset, length, shape, max, &dims, None,
            )
        }
        Some(ChunkIndexing::Implicit) => Ok(Vec::new()),
    })
}

fn from_tree((key, address): (BTreeV1Key, u64), axes: usize) -> Option<ChunkEntry> {
    let BTreeV1Key::RawData { chunk_size, filter_mask, offsets } = key else { return None };
    let offsets = offsets.get(..axes)?.to_vec(); // one more follows, for the element
    Some(ChunkEntry { address, size: u64::from(chunk_size), filter_mask, offsets })
}
