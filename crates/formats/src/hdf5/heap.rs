//! Text and bytes of varying length, which HDF5 keeps in global heaps.
//!
//! A value is a reference: length, address of a heap collection, number of the object in it
//! (File Format Specification 3.0, section III.E and the end of IV.B). Collections are indexed
//! once and their objects used where they lie in the file.

use super::file::File;
use anear_io::Cursor;
use anear_types::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The collections seen so far.
#[derive(Default)]
pub(super) struct Heaps {
    collections: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    by_address: HashMap<u64, Arc<Collection>>,
    bytes: u64,
}

/// Where the objects of a collection lie in the file, by number.
type Collection = HashMap<u16, (u64, u64)>;

impl Heaps {
    /// Bytes of a reference.
    pub(super) fn reference_bytes(file: &File) -> usize {
        8 + usize::from(file.offset_size)
    }

    /// The bytes that a reference stands for; `element_bytes` for each of its elements.
    pub(super) fn get<'a>(&self, file: &'a File, reference: &[u8]) -> Result<&'a [u8]> {
        let mut cursor = Cursor::new(reference);
        let length = u64::from(cursor.u32("a length")?);
        let address = sized_number(&mut cursor, file.offset_size)?;
        let number = cursor.u32("an object number")?;
        if length == 0 || file.is_nowhere(address) || number == 0 {
            return Ok(&[]);
        }
        let collection = self.collection(file, address)?;
        let object = u16::try_from(number).ok().and_then(|number| collection.get(&number));
        let (start, bytes) = *object.ok_or_else(|| {
            Error::malformed(format!("there is no object {number} in the heap it refers to"))
                .at_offset(address)
        })?;
        if bytes < length {
            return Err(Error::malformed(format!(
                "a text of {length} bytes refers to a heap object of {bytes}"
            ))
            .at_offset(start));
        }
        file.bytes(start, length, "a heap object")
    }

    fn collection(&self, file: &File, address: u64) -> Result<Arc<Collection>> {
        let mut seen = self.collections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(collection) = seen.by_address.get(&address) {
            return Ok(collection.clone());
        }
        let (collection, bytes) = index_collection(file, address)?;
        seen.bytes = seen.bytes.saturating_add(bytes);
        if seen.bytes > file.len() {
            return Err(Error::malformed("the heaps of text overlap").at_offset(address));
        }
        let collection = Arc::new(collection);
        seen.by_address.insert(address, collection.clone());
        Ok(collection)
    }
}

/// The objects of the collection at `address`, and its size.
fn index_collection(file: &File, address: u64) -> Result<(Collection, u64)> {
    let prefix_bytes = 8 + u64::from(file.length_size);
    let mut prefix = Cursor::new(file.bytes(address, prefix_bytes, "a heap of text")?);
    if prefix.take(4, "a signature")? != b"GCOL" || prefix.u8("a version")? != 1 {
        return Err(Error::malformed("no heap of text where one should be").at_offset(address));
    }
    prefix.take(3, "padding")?;
    let bytes = sized_number(&mut prefix, file.length_size)?;
    if bytes < prefix_bytes {
        return Err(Error::malformed("a heap of text is smaller than its own header"));
    }
    let content = file.bytes(address, bytes, "a heap of text")?;
    let mut cursor = Cursor::new(content);
    cursor.take(prefix_bytes, "the header of a heap")?;
    let mut objects = Collection::new();
    while cursor.remaining() as u64 >= prefix_bytes {
        let number = cursor.u16("an object number")?;
        cursor.take(6, "a reference count")?;
        let length = sized_number(&mut cursor, file.length_size)?;
        if number == 0 {
            break; // the rest is free
        }
        objects.insert(number, (address + cursor.position() as u64, length));
        cursor.take(length, "a heap object")?;
        let padding = length.next_multiple_of(8) - length;
        cursor.take(padding.min(cursor.remaining() as u64), "padding")?;
    }
    Ok((objects, bytes))
}

/// A number of as many bytes as addresses or lengths have in this file.
fn sized_number(cursor: &mut Cursor<'_>, bytes: u8) -> Result<u64> {
    let taken = cursor.take(u64::from(bytes), "an address or a length")?;
    let mut number = [0; 8];
    number
        .get_mut(..taken.len())
        .ok_or_else(|| Error::malformed("an address of over 8 bytes"))?
        .copy_from_slice(taken);
    Ok(u64::from_le_bytes(number))
}
