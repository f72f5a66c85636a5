//! Files from before torch 1.6, and tensors pickled on their own: five pickles, then the storages.
//!
//! The pickles are a magic number, the version 1001, facts about the machine, the object, and the
//! keys of the storages; behind them each storage in that order, an `int64` count and its
//! elements.

use crate::pickle::{Arena, Global, Loaded, Node, NodeId, Pickle, load};
use anear_io::{ByteOrder, Cursor};
use anear_types::{Error, Limits, Result};
use std::collections::HashMap;
use std::ops::Range;

const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const VERSION: i64 = 1001;

/// A file that was taken apart, without its bytes.
pub(super) struct Legacy {
    /// The nodes of the object.
    pub(super) arena: Arena,
    /// The object.
    pub(super) root: NodeId,
    /// Where its pickle is.
    pub(super) program: Range<usize>,
    /// The byte order of the storages.
    pub(super) order: ByteOrder,
    /// Where the storages are.
    pub(super) storages: HashMap<Box<str>, Range<usize>>,
}

/// Whether the first bytes are the magic number, in any pickle protocol.
pub(super) fn begins(head: &[u8]) -> bool {
    let limits = Limits::default();
    let head = &head[..head.len().min(64)];
    let plausible = matches!(head, [0x80, ..] | [b'L', ..]);
    plausible && load(head, 64, &limits).is_ok_and(|magic| is_magic(&magic, head))
}

fn is_magic(loaded: &Loaded, bytes: &[u8]) -> bool {
    Pickle::new(&loaded.arena, bytes).big_int(loaded.root) == Some(MAGIC)
}

impl Legacy {
    /// Takes a file apart.
    ///
    /// # Errors
    /// If it is damaged or names something that is not allowed.
    pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Legacy> {
        let mut at = 0;
        let mut next = || -> Result<(Loaded, Range<usize>)> {
            let loaded = load(&bytes[at..], bytes.len() as u64, limits)?;
            let range = at..at + loaded.length;
            at = range.end;
            Ok((loaded, range))
        };
        let (magic, range) = next()?;
        if !is_magic(&magic, &bytes[range]) {
            return Err(Error::malformed("not a PyTorch file: another magic number"));
        }
        let (version, range) = next()?;
        if Pickle::new(&version.arena, &bytes[range]).int(version.root) != Some(VERSION) {
            return Err(Error::unsupported("a PyTorch file of another version than 1001"));
        }
        let (machine, range) = next()?;
        let order = byte_order(&Pickle::new(&machine.arena, &bytes[range]), machine.root);
        let (object, program) = next()?;
        let (keys, range) = next()?;
        let keys_pickle = Pickle::new(&keys.arena, &bytes[range]);
        let keys = keys_pickle.sequence(keys.root);
        let keys = keys.ok_or_else(|| Error::malformed("the keys of the storages are no list"))?;
        let keys: Option<Vec<&str>> = keys.iter().map(|key| keys_pickle.text(*key)).collect();
        let keys = keys.ok_or_else(|| Error::malformed("the key of a storage is no text"))?;
        let pickle = Pickle::new(&object.arena, &bytes[program.clone()]);
        let storages = find_storages(bytes, at, &keys, &element_sizes(&pickle))?;
        Ok(Legacy { root: object.root, arena: object.arena, program, order, storages })
    }
}

fn byte_order(pickle: &Pickle<'_>, facts: NodeId) -> ByteOrder {
    let pairs = pickle.pairs(facts).unwrap_or_default();
    let big = pairs.into_iter().any(|(key, value)| {
        pickle.text(key) == Some("little_endian") && pickle.node(value) == Node::Bool(false)
    });
    if big { ByteOrder::Big } else { ByteOrder::Little }
}

/// The size of an element of each storage that the object refers to.
fn element_sizes<'a>(pickle: &Pickle<'a>) -> HashMap<&'a str, usize> {
    let sizes = pickle.persistent_ids().filter_map(|id| {
        let id = pickle.sequence(id)?;
        let size = match pickle.global(*id.get(1)?)? {
            Global::Storage(element) => element?.bytes(),
            Global::UntypedStorage => 1,
            _ => return None,
        };
        Some((pickle.text(*id.get(2)?)?, size))
    });
    sizes.collect()
}

fn find_storages(
    bytes: &[u8],
    start: usize,
    keys: &[&str],
    sizes: &HashMap<&str, usize>,
) -> Result<HashMap<Box<str>, Range<usize>>> {
    let mut cursor = Cursor::new(&bytes[start..]);
    let mut storages = HashMap::new();
    for key in keys {
        let size = sizes.get(key).ok_or_else(|| {
            Error::unsupported(format!("the storage {key} has a type that is not supported"))
        })?;
        let count = cursor.i64("the size of a storage")?;
        let length = u64::try_from(count).ok().and_then(|count| count.checked_mul(*size as u64));
        let length =
            length.ok_or_else(|| Error::malformed(format!("a storage claims {count} elements")))?;
        let from = start + cursor.position();
        cursor.take(length, "a storage")?;
        storages.insert((*key).into(), from..start + cursor.position());
    }
    Ok(storages)
}
