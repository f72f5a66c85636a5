//! What a group contains: its links by name, in either of the two ways groups are stored.
//!
//! Old groups have a B-tree of symbol table nodes and a heap of names; new ones have link
//! messages in their header, moved to a fractal heap when there are many (HDF5 File Format
//! Specification 3.0, sections III.A to III.G). The library parses each structure; walking them
//! here instead of through its `Group` keeps the links it would follow or drop without a word.

use super::file::{File, guarded};
use anear_types::{Error, Result};
use hdf5_reader::btree_v1::collect_btree_v1_leaves_storage;
use hdf5_reader::btree_v2::{BTreeV2Header, BTreeV2Record, collect_btree_v2_records_storage};
use hdf5_reader::fractal_heap::{FractalHeap, FractalHeapDirectBlockCache};
use hdf5_reader::io::Cursor;
use hdf5_reader::local_heap::LocalHeap;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{self, LinkMessage, LinkTarget};
use hdf5_reader::messages::symbol_table_msg::SymbolTableMessage;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::symbol_table::{SymbolTableEntry, SymbolTableNode};

/// A name in a group and what it stands for.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) target: Target,
}

/// What a link stands for.
#[derive(Debug)]
pub(super) enum Target {
    /// The object whose header is at this address.
    Object(u64),
    /// A path in this file.
    Path(String),
    /// An object in another file.
    OtherFile(String),
}

/// Whether this header is that of a group.
pub(super) fn is_group(header: &ObjectHeader) -> bool {
    header.messages.iter().any(|message| {
        matches!(
            message,
            HdfMessage::SymbolTable(_)
                | HdfMessage::LinkInfo(_)
                | HdfMessage::Link(_)
                | HdfMessage::GroupInfo(_)
        )
    })
}

/// All links of a group: by name, or as they were created where the group keeps that order.
pub(super) fn links(file: &File, header: &ObjectHeader) -> Result<Vec<Link>> {
    let mut found = Vec::new();
    let mut budget = Budget { entries: file.limits.entries, bytes: file.limits.header_bytes };
    for message in &header.messages {
        match message {
            HdfMessage::SymbolTable(table) => {
                return symbol_table_links(file, table, &mut budget);
            }
            HdfMessage::Link(link) => found.push(link.clone()),
            HdfMessage::LinkInfo(info) if !file.is_nowhere(info.fractal_heap_address) => {
                let heap_and_index = (info.fractal_heap_address, info.btree_name_index_address);
                dense_objects(file, heap_and_index, &mut budget, |bytes| {
                    let mut cursor = Cursor::new(bytes);
                    let sizes = (file.offset_size, file.length_size);
                    found.push(link::parse(&mut cursor, sizes.0, sizes.1, bytes.len())?);
                    Ok(())
                })?;
            }
            _ => {}
        }
    }
    if found.iter().all(|link| link.creation_order.is_some()) {
        found.sort_by_key(|link| link.creation_order);
    } else {
        found.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(found.into_iter().map(Link::from).collect())
}

impl From<LinkMessage> for Link {
    fn from(message: LinkMessage) -> Link {
        let target = match message.target {
            LinkTarget::Hard { address } => Target::Object(address),
            LinkTarget::Soft { path } => Target::Path(path),
            LinkTarget::External { filename, .. } => Target::OtherFile(filename),
        };
        Link { name: message.name, target }
    }
}

/// How much one group may still list: many entries can share one long name.
struct Budget {
    entries: usize,
    bytes: u64,
}

impl Budget {
    fn take(&mut self, bytes: usize) -> Result<()> {
        match (self.entries.checked_sub(1), self.bytes.checked_sub(bytes as u64)) {
            (Some(entries), Some(bytes)) => {
                *self = Budget { entries, bytes };
                Ok(())
            }
            _ => Err(Error::limit("a group or a list of attributes has too many entries")),
        }
    }
}

/// Calls `each` with every object of a fractal heap that the B-tree beside it indexes.
fn dense_objects(
    file: &File,
    (heap, index): (u64, u64),
    budget: &mut Budget,
    mut each: impl FnMut(&[u8]) -> Result<(), hdf5_reader::error::Error>,
) -> Result<()> {
    let (storage, offset, length) = (file.storage(), file.offset_size, file.length_size);
    let heap = guarded(|| FractalHeap::parse_at_storage(storage, heap, offset, length))?;
    let records = guarded(|| {
        let header = BTreeV2Header::parse_at_storage(storage, index, offset, length)?;
        collect_btree_v2_records_storage(storage, &header, offset, length, None, &[], None)
    })?;
    let mut cache = FractalHeapDirectBlockCache::default();
    for record in &records {
        let (BTreeV2Record::LinkNameHash { heap_id, .. }
        | BTreeV2Record::CreationOrder { heap_id, .. }
        | BTreeV2Record::AttributeNameHash { heap_id, .. }
        | BTreeV2Record::AttributeCreationOrder { heap_id, .. }) = record
        else {
            continue;
        };
        let bytes = guarded(|| {
            heap.get_object_storage_cached(heap_id, storage, offset, length, &mut cache)
        })?;
        budget.take(bytes.len())?;
        guarded(|| each(&bytes))?;
    }
    Ok(())
}

/// Attributes kept in a heap because there are many or they are large; see
/// [`attributes`](super::attributes).
pub(super) fn dense_attributes(
    file: &File,
    heap_and_index: (u64, u64),
    each: impl FnMut(&[u8]) -> Result<(), hdf5_reader::error::Error>,
) -> Result<()> {
    let mut budget = Budget { entries: file.limits.entries, bytes: file.limits.header_bytes };
    dense_objects(file, heap_and_index, &mut budget, each)
}

fn symbol_table_links(
    file: &File,
    table: &SymbolTableMessage,
    budget: &mut Budget,
) -> Result<Vec<Link>> {
    let (storage, offset, length) = (file.storage(), file.offset_size, file.length_size);
    let heap =
        guarded(|| LocalHeap::parse_at_storage(storage, table.heap_address, offset, length))?;
    let names = file.bytes(heap.data_segment_address, heap.data_segment_size, "a heap of names")?;
    let tree = table.btree_address;
    let leaves = guarded(|| {
        collect_btree_v1_leaves_storage(storage, tree, offset, length, None, &[], None)
    })?;
    let mut found = Vec::new();
    for (_, node) in leaves {
        for entry in symbol_table_node(file, node)? {
            let name = text_at(names, entry.link_name_offset)?;
            budget.take(name.len())?;
            let target = if entry.cache_type == 2 {
                let [a, b, c, d, ..] = entry.scratch;
                let path = text_at(names, u64::from(u32::from_le_bytes([a, b, c, d])))?;
                budget.take(path.len())?;
                Target::Path(path)
            } else {
                Target::Object(entry.object_header_address)
            };
            found.push(Link { name, target });
        }
    }
    Ok(found)
}

fn symbol_table_node(file: &File, address: u64) -> Result<Vec<SymbolTableEntry>> {
    const PREFIX: u64 = 8;
    let prefix = file.bytes(address, PREFIX, "a symbol table node")?;
    let entries = u64::from(u16::from_le_bytes([prefix[6], prefix[7]]));
    let entry_bytes = 2 * u64::from(file.offset_size) + 24;
    let bytes = file.bytes(address, PREFIX + entries * entry_bytes, "a symbol table node")?;
    let mut cursor = Cursor::new(bytes);
    let node = guarded(|| SymbolTableNode::parse(&mut cursor, file.offset_size, file.length_size))?;
    Ok(node.entries)
}

/// The text at `offset` of a heap of names, up to its zero byte.
fn text_at(heap: &[u8], offset: u64) -> Result<String> {
    let rest = usize::try_from(offset).ok().and_then(|offset| heap.get(offset..));
    let text = rest.and_then(|rest| rest.split(|byte| *byte == 0).next());
    match text {
        Some(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        None => Err(Error::malformed("a name lies beyond the heap of names")),
    }
}
