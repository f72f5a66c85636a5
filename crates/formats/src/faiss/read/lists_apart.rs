//! Lists in a file of their own, which FAISS maps (`OnDiskInvertedLists`).
//!
//! In the index (`ilod`): number of lists u64, code bytes u64, a vector of the size, the capacity and the offset of
//! each list (u64 each), a vector of places that are free (offset and capacity, u64 each), the name of the
//! file as a vector of letters, and its size u64. At the offset of a list are codes, as many as it has
//! room for, then as many i64 ids. The offset of a list that has no room is 2^64 - 1.

use super::Fields;
use super::codecs::check_code_bytes;
use anear_io::Input;
use anear_types::parts::{Bytes, Integers, List, SharedBytes};
use anear_types::{Error, Result};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of what is told of a list, and of a free place.
const LIST_BYTES: usize = 3 * size_of::<u64>();
const FREE_BYTES: usize = 2 * size_of::<u64>();

/// Which files an index may name that its lists are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListFiles {
    /// One beside the index, of the name that the index tells.
    #[default]
    Beside,
    /// The one that the index tells, wherever it is; or else one of its name beside the index.
    Anywhere,
    /// None: the index is read without its lists, wherever they are.
    Left,
}

/// Reads where the lists are, and opens the file that they are in, unless it is to be left.
pub(super) fn read(
    fields: &mut Fields<'_>,
    list_count: usize,
    code_bytes: usize,
) -> Result<Option<Vec<List>>> {
    let what = "the places of the lists";
    let found = fields.cursor.u64("the number of lists")?;
    check_code_bytes(fields, code_bytes)?;
    let places = fields.elements(LIST_BYTES as u64, what)?;
    if found != list_count as u64 || places.len() != list_count.saturating_mul(LIST_BYTES) {
        let places = places.len() / LIST_BYTES;
        let what = format!("an index of {list_count} lists tells {places} places of {found} lists");
        return Err(Error::malformed(what));
    }
    fields.elements(FREE_BYTES as u64, what)?;
    let name = fields.elements(1, "the name of the file of lists")?;
    let size = fields.cursor.u64("the size of the file of lists")?;
    if fields.list_files == ListFiles::Left {
        return Ok(None);
    }
    let file = open(fields, &name)?;
    if file.len() < size {
        let found = file.len();
        let what = format!("the file of lists has {found} bytes, {size} are expected");
        return Err(Error::malformed(what).at_path(file.path()));
    }
    let (bytes, memory): (u64, SharedBytes) = (file.len(), Arc::new(file));
    let mut lists = Vec::new();
    for (number, place) in places.chunks_exact(LIST_BYTES).enumerate() {
        let ranges = ranges(place, code_bytes as u64, bytes)
            .map_err(|what| Error::malformed(format!("list {number} of {what}")))?;
        let [codes, ids] = ranges.map(|range| Bytes::new(Arc::clone(&memory), range));
        if !ids.is_empty() {
            lists.push(List { number, ids: Integers::new(ids), codes });
        }
    }
    Ok(Some(lists))
}

/// Where the codes and the ids of a list are in a file of so many bytes.
fn ranges(place: &[u8], code_bytes: u64, file_bytes: u64) -> Result<[Range<usize>; 2], String> {
    let number = |at: usize| u64::from_le_bytes(place[at..at + 8].try_into().expect("eight"));
    let (size, capacity, offset) = (number(0), number(8), number(16));
    if size == 0 {
        return Ok([0..0, 0..0]); // it may have no place
    }
    let end = capacity
        .checked_mul(code_bytes.saturating_add(size_of::<i64>() as u64))
        .and_then(|bytes| bytes.checked_add(offset));
    if size > capacity || end.is_none_or(|end| end > file_bytes) {
        return Err(format!(
            "{size} rows with room for {capacity} at {offset} is beyond the {file_bytes} bytes of its file"
        ));
    }
    // All of this is less than the end, which is in the file.
    let first_id = offset + capacity * code_bytes;
    let range = |start: u64, bytes: u64| start as usize..(start + bytes) as usize;
    let id_bytes = size * size_of::<i64>() as u64;
    Ok([range(offset, size * code_bytes), range(first_id, id_bytes)])
}

/// Opens the file of lists.
fn open(fields: &Fields<'_>, name: &[u8]) -> Result<Input> {
    let name = String::from_utf8_lossy(name).into_owned();
    let index = &fields.input;
    if !index.is_on_disk() {
        let what = format!("the lists are in the file {name:?}, and the index is not in one");
        return Err(Error::unsupported(what).help("open the file of the index"));
    }
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let beside = index.path().with_file_name(if last.is_empty() { ".." } else { last });
    let told = (fields.list_files == ListFiles::Anywhere).then(|| PathBuf::from(&name));
    // Nothing but a file: a pipe might never end.
    match told.into_iter().chain([beside]).find(|path| path.is_file()) {
        Some(path) => Input::open(path),
        None => {
            let what = format!("the lists are in the file {name:?}, which is not there");
            Err(Error::unsupported(what).help("put that file beside the index"))
        }
    }
}
