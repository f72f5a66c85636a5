//! The filters a chunk went through, undone.
//!
//! The pipeline is stored in the order of writing and undone in reverse; a mask stored with each
//! chunk says which filters it skipped. Since the size of a decoded chunk is known, every stage
//! writes into a buffer of bounded size, and the last one straight into its destination.

use super::file::guarded;
use super::{lzf, shuffle};
use anear_types::{Error, Result};
use hdf5_reader::FilterRegistry;
use hdf5_reader::messages::filter_pipeline::FilterDescription;

/// A data set's filters, in the order of writing.
#[derive(Debug)]
pub(super) struct Pipeline {
    filters: Vec<FilterDescription>,
    element_bytes: usize,
}

/// One thread's working memory.
pub(super) struct Scratch {
    inflate: libdeflater::Decompressor,
    front: Vec<u8>,
    back: Vec<u8>,
    registry: FilterRegistry,
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        Scratch {
            inflate: libdeflater::Decompressor::new(),
            front: Vec::new(),
            back: Vec::new(),
            registry: FilterRegistry::new(),
        }
    }
}

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;
const LZF: u16 = 32000;
/// Filters the library undoes: szip, n-bit, scale-offset, LZ4.
const BY_LIBRARY: [u16; 4] = [4, 5, 6, 32004];

impl Pipeline {
    pub(super) fn new(filters: Vec<FilterDescription>, element_bytes: usize) -> Pipeline {
        Pipeline { filters, element_bytes }
    }

    /// Whether chunks are stored as they are.
    pub(super) fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// The filter that cannot be undone, if there is one, as a clause.
    pub(super) fn obstacle(&self) -> Option<String> {
        if self.filters.len() > 32 {
            return Some("it has more than 32 filters".to_owned());
        }
        let known = |id: u16| {
            matches!(id, DEFLATE | SHUFFLE | FLETCHER32 | LZF) || BY_LIBRARY.contains(&id)
        };
        let filter = self.filters.iter().find(|filter| !known(filter.id))?;
        Some(format!("it is compressed with {}, which is not supported", name_of(filter)))
    }

    /// Undoes the filters of the chunk `stored`, except those in `mask`, into `out`.
    pub(super) fn decode(
        &self,
        stored: &[u8],
        mask: u32,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let Scratch { inflate, front, back, registry } = scratch;
        let active: Vec<usize> =
            (0..self.filters.len()).filter(|position| mask >> position & 1 == 0).collect();
        let mut in_front: Option<usize> = None; // bytes that the stage before left in `front`
        for (stage, position) in active.iter().rev().enumerate() {
            let last = stage + 1 == active.len();
            let filter = &self.filters[*position];
            let input = match in_front {
                Some(length) => &front[..length],
                None => stored,
            };
            let bound = if last {
                out.len()
            } else {
                self.size_before(active.iter().take_while(|p| *p < position), out.len())
            };
            if !last && back.len() < bound {
                back.resize(bound, 0);
            }
            let target = if last { &mut *out } else { &mut back[..bound] };
            let length = match filter.id {
                DEFLATE => inflate_into(inflate, input, target)?,
                SHUFFLE => unshuffle_into(input, filter, self.element_bytes, target)?,
                FLETCHER32 => strip_checksum(input, target)?,
                LZF => lzf::decode(input, target)?,
                _ => {
                    let decoded = guarded(|| {
                        let element_bytes = self.element_bytes;
                        registry.apply_with_limit(filter, input, element_bytes, Some(bound))
                    })?;
                    copy_into(&decoded, target)?
                }
            };
            if last {
                return exactly(length, out.len());
            }
            std::mem::swap(front, back);
            in_front = Some(length);
        }
        exactly(stored.len(), out.len())?;
        out.copy_from_slice(stored);
        Ok(())
    }

    /// The most bytes a chunk of `chunk_bytes` can have after these filters.
    fn size_before<'a>(
        &self,
        filters: impl Iterator<Item = &'a usize>,
        chunk_bytes: usize,
    ) -> usize {
        filters.fold(chunk_bytes, |bytes, position| match self.filters[*position].id {
            SHUFFLE => bytes,
            FLETCHER32 => bytes + 4,
            _ => bytes + bytes / 8 + 1024,
        })
    }
}

fn inflate_into(
    inflate: &mut libdeflater::Decompressor,
    input: &[u8],
    out: &mut [u8],
) -> Result<usize> {
    inflate.zlib_decompress(input, out).map_err(|error| {
        Error::malformed(match error {
            libdeflater::DecompressionError::InsufficientSpace => {
                "a compressed chunk inflates to more bytes than the chunk has"
            }
            libdeflater::DecompressionError::BadData => "a compressed chunk is damaged",
        })
    })
}

fn unshuffle_into(
    input: &[u8],
    filter: &FilterDescription,
    element_bytes: usize,
    out: &mut [u8],
) -> Result<usize> {
    let size = filter.client_data.first().map_or(element_bytes, |size| *size as usize);
    let target = out.get_mut(..input.len()).ok_or_else(too_long)?;
    if size < 2 {
        target.copy_from_slice(input);
    } else {
        shuffle::unshuffle(input, size, target);
    }
    Ok(input.len())
}

fn strip_checksum(input: &[u8], out: &mut [u8]) -> Result<usize> {
    let (data, stored) = input
        .split_last_chunk::<4>()
        .ok_or_else(|| Error::malformed("a chunk is shorter than its checksum"))?;
    let sum = fletcher32(data);
    // Libraries before 1.6.3 stored the halves of the sum with their bytes swapped.
    let [a, b, c, d] = sum.to_le_bytes();
    if *stored != [a, b, c, d] && *stored != [b, a, d, c] {
        return Err(Error::malformed("a chunk does not match its checksum (fletcher32)"));
    }
    copy_into(data, out)
}

fn copy_into(decoded: &[u8], out: &mut [u8]) -> Result<usize> {
    out.get_mut(..decoded.len()).ok_or_else(too_long)?.copy_from_slice(decoded);
    Ok(decoded.len())
}

fn too_long() -> Error {
    Error::malformed("a chunk decodes to more bytes than it should have")
}

fn exactly(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::malformed(format!("a chunk decodes to {found} bytes, not {expected}")))
}

/// Fletcher's checksum over big-endian 16-bit words, modulo 65,535 with 65,535 for zero, as the
/// HDF5 library computes it.
fn fletcher32(data: &[u8]) -> u32 {
    const WORDS_BEFORE_OVERFLOW: usize = 1 << 16; // of the u64 sums; far below 2^24
    let (mut low, mut high) = (0u64, 0u64);
    for block in data.chunks(2 * WORDS_BEFORE_OVERFLOW) {
        let (words, odd) = block.as_chunks::<2>();
        for word in words {
            low += u64::from(u16::from_be_bytes(*word));
            high += low;
        }
        if let [byte] = odd {
            low += u64::from(*byte) << 8;
            high += low;
        }
        (low, high) = (fold(low), fold(high));
    }
    (high as u32) << 16 | low as u32
}

/// `sum` modulo 65,535, where only zero gives zero.
fn fold(mut sum: u64) -> u64 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

/// What people call a filter (the registered filters of the HDF Group).
fn name_of(filter: &FilterDescription) -> String {
    let name = match filter.id {
        307 => "bzip2",
        32001 => "Blosc",
        32008 => "bitshuffle",
        32013 => "ZFP",
        32015 => "Zstandard",
        32026 => "Blosc2",
        id => return format!("filter {id}"),
    };
    format!("{name} (filter {})", filter.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(id: u16, client_data: Vec<u32>) -> FilterDescription {
        FilterDescription { id, name: None, client_data }
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::fastest());
        let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
        let length = compressor.zlib_compress(bytes, &mut out).unwrap();
        out.truncate(length);
        out
    }

    #[test]
    fn a_long_pipeline_is_undone_in_reverse() {
        let bytes: Vec<u8> = (0..4000u32).flat_map(|i| (i / 3).to_le_bytes()).collect();
        let mut planes = vec![0; bytes.len()];
        shuffle::shuffle(&bytes, 4, &mut planes);
        let mut stored = zlib(&zlib(&planes));
        stored.extend(fletcher32(&stored).to_le_bytes());
        let filters = vec![
            filter(SHUFFLE, vec![4]),
            filter(DEFLATE, vec![4]),
            filter(DEFLATE, vec![4]),
            filter(FLETCHER32, vec![]),
        ];
        let pipeline = Pipeline::new(filters, 4);
        let (mut out, mut scratch) = (vec![0; bytes.len()], Scratch::new());
        pipeline.decode(&stored, 0, &mut out, &mut scratch).unwrap();
        assert_eq!(out, bytes);
        stored[10] ^= 1;
        assert!(pipeline.decode(&stored, 0, &mut out, &mut scratch).is_err());
        pipeline.decode(&bytes, 0xf, &mut out, &mut scratch).unwrap();
        assert_eq!(out, bytes, "all filters masked");
        assert!(pipeline.decode(&bytes[1..], 0xf, &mut out, &mut scratch).is_err());
    }

    #[test]
    fn checksums_are_those_of_the_library() {
        for length in [0, 1, 2, 3, 720, 721, 200_001] {
            let data: Vec<u8> = (0..length).map(|i| (i * 31 % 256) as u8).collect();
            assert_eq!(fletcher32(&data), hdf5_reader_fletcher(&data), "{length} bytes");
        }
    }

    /// The checksum from its definition.
    fn hdf5_reader_fletcher(data: &[u8]) -> u32 {
        let (mut low, mut high) = (0u32, 0u32);
        for word in data.chunks(2) {
            low += u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0));
            low = (low & 0xffff) + (low >> 16);
            high += low;
            high = (high & 0xffff) + (high >> 16);
        }
        high << 16 | low
    }
}
