//! A data set as its header describes it: shape, type, and where the bytes are.

use super::datatype::{Kind, kind_of};
use super::file::File;
use super::filters::Pipeline;
use anear_types::{Error, Result};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::dataspace::DataspaceType;
use hdf5_reader::messages::layout::{ChunkIndexing, DataLayout};
use hdf5_reader::object_header::ObjectHeader;

/// A data set.
#[derive(Debug)]
pub(super) struct Dataset {
    /// The address of its header.
    pub(super) address: u64,
    /// Its axes, those of an array type included.
    pub(super) shape: Vec<u64>,
    pub(super) kind: Kind,
    /// Bytes of one value.
    pub(super) value_bytes: usize,
    pub(super) storage: Storage,
    /// One value's bytes, for what was never written; zeros when empty.
    pub(super) fill: Vec<u8>,
}

/// Where the values are.
#[derive(Debug)]
pub(super) enum Storage {
    /// In the header itself.
    Header(Vec<u8>),
    /// In one piece at this address.
    Contiguous(u64),
    /// Nowhere: all values are the fill value.
    Unwritten,
    /// In chunks.
    Chunked(Chunked),
    /// Not in this file, or in a way not read; a clause says which.
    Elsewhere(&'static str),
}

/// How a data set is cut into chunks.
#[derive(Debug)]
pub(super) struct Chunked {
    /// Values in a chunk along each axis.
    pub(super) dims: Vec<u64>,
    /// The address of the index of chunks.
    pub(super) index_address: u64,
    /// The kind of index; `None` for the B-tree of old files.
    pub(super) indexing: Option<ChunkIndexing>,
    /// Axes as stored, and how far they may grow; the index of chunks counts by them.
    pub(super) stored_shape: Vec<u64>,
    pub(super) max_shape: Option<Vec<u64>>,
    pub(super) pipeline: Pipeline,
}

impl Chunked {
    /// Bytes of one chunk.
    pub(super) fn chunk_bytes(&self, value_bytes: usize) -> u64 {
        let values = self.dims.iter().fold(1u64, |values, dim| values.saturating_mul(*dim));
        values.saturating_mul(value_bytes as u64)
    }
}

impl Dataset {
    /// The data set whose header this is; `None` if it is that of something else.
    pub(super) fn new(file: &File, address: u64, header: &ObjectHeader) -> Result<Option<Dataset>> {
        let mut parts = Parts::default();
        for message in &header.messages {
            parts.take(message);
        }
        let (Some(space), Some(datatype), Some(layout)) =
            (parts.space, parts.datatype, parts.layout)
        else {
            return Ok(None);
        };
        let (mut kind, inner_axes) = kind_of(&datatype.datatype);
        if space.dataspace_type == DataspaceType::Null {
            kind = Kind::Other("it is empty");
        }
        let element_bytes = datatype.size as usize;
        let repeats: u64 = inner_axes.iter().fold(1, |all, axis| all.saturating_mul(*axis));
        let value_bytes = match &kind {
            Kind::Number(element, _) => element.bytes(),
            _ => element_bytes / usize::try_from(repeats).unwrap_or(usize::MAX).max(1),
        };
        if !matches!(kind, Kind::Other(_)) && value_bytes as u64 * repeats != element_bytes as u64 {
            return Err(Error::malformed(format!(
                "a value takes {value_bytes} bytes times {repeats}, but its size is given as {element_bytes}"
            )));
        }
        let mut shape = space.dims.clone();
        shape.extend(&inner_axes);
        let storage = match layout {
            _ if parts.external => Storage::Elsewhere("its values are in another file"),
            DataLayout::Compact { data } => Storage::Header(data.clone()),
            DataLayout::Contiguous { address, .. } if file.is_nowhere(*address) => {
                Storage::Unwritten
            }
            DataLayout::Contiguous { address, .. } => Storage::Contiguous(*address),
            DataLayout::Chunked { address, .. } if file.is_nowhere(*address) => Storage::Unwritten,
            DataLayout::Chunked { address, dims, chunk_indexing, .. } => {
                let mut dims: Vec<u64> = dims.iter().map(|dim| u64::from(*dim)).collect();
                dims.truncate(space.dims.len()); // older layouts list the element's size as well
                if dims.is_empty() || dims.len() != space.dims.len() || dims.contains(&0) {
                    return Err(Error::malformed(format!(
                        "chunks of {dims:?} do not divide a shape of {:?}",
                        space.dims
                    )));
                }
                dims.extend(&inner_axes);
                let filters = parts.filters.unwrap_or_default();
                Storage::Chunked(Chunked {
                    dims,
                    index_address: *address,
                    indexing: chunk_indexing.clone(),
                    stored_shape: space.dims.clone(),
                    max_shape: space.max_dims.clone(),
                    pipeline: Pipeline::new(filters, element_bytes),
                })
            }
        };
        let fill = parts.fill.filter(|fill| fill.len() == element_bytes && repeats == 1);
        let fill = fill.unwrap_or_default();
        Ok(Some(Dataset { address, shape, kind, value_bytes, storage, fill }))
    }

    /// Number of values.
    pub(super) fn values(&self) -> u64 {
        self.shape.iter().fold(1, |values, axis| values.saturating_mul(*axis))
    }

    /// Why its values cannot be read, as a clause.
    pub(super) fn obstacle(&self) -> Option<String> {
        match (&self.kind, &self.storage) {
            (Kind::Other(reason), _) | (_, Storage::Elsewhere(reason)) => {
                Some((*reason).to_owned())
            }
            (_, Storage::Chunked(chunked)) => chunked.pipeline.obstacle(),
            _ => None,
        }
    }
}

/// The messages of a header that make a data set.
#[derive(Default)]
struct Parts<'a> {
    space: Option<&'a hdf5_reader::messages::DataspaceMessage>,
    datatype: Option<&'a hdf5_reader::messages::datatype::DatatypeMessage>,
    layout: Option<&'a DataLayout>,
    filters: Option<Vec<hdf5_reader::messages::filter_pipeline::FilterDescription>>,
    fill: Option<Vec<u8>>,
    external: bool,
}

impl<'a> Parts<'a> {
    fn take(&mut self, message: &'a HdfMessage) {
        match message {
            HdfMessage::Dataspace(space) => self.space = Some(space),
            HdfMessage::Datatype(datatype) => self.datatype = Some(datatype),
            HdfMessage::DataLayout(layout) => self.layout = Some(&layout.layout),
            HdfMessage::FilterPipeline(pipeline) => self.filters = Some(pipeline.filters.clone()),
            HdfMessage::ExternalFiles(_) => self.external = true,
            HdfMessage::FillValue(fill) if fill.value.is_some() => {
                self.fill = fill.value.clone();
            }
            _ => {}
        }
    }
}
