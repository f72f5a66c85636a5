//! What changed about an index file that itself stays as it is, in a file beside it.
//!
//! `x.ann.delta` lies beside `x.ann` and is a file of sections ([`Segment`](crate::Segment)), written
//! whole or not at all. All numbers are little-endian:
//!
//! | section | what is in it |
//! | --- | --- |
//! | `about` | kind `delta`, the metric, and element, count and components of the vectors |
//! | `delta.base` | which file it belongs to: its size (u64), the CRC-32 of its last 64 KiB (u32) |
//! | `delta.numbers` | the numbers of items that were added or replaced (u32), ascending |
//! | `rows` | their vectors |
//! | `delta.deleted` | the numbers of items that were deleted (u32), ascending |

use crate::{About, Input, Output, Segment, SegmentWriter, sync_folder};
use anear_types::{Element, Error, Metric, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The kind that a delta says it is.
const KIND: &str = "delta";
const BASE: &str = "delta.base";
const NUMBERS: &str = "delta.numbers";
const DELETED: &str = "delta.deleted";
/// Bytes at the end of a file by which it is known again.
const END_BYTES: usize = 64 << 10;
/// The largest number of an item.
pub const MOST_ITEM: u32 = i32::MAX as u32 - 1;

/// Items that were added to a file, replaced or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// How nearness is measured, which the file itself need not say.
    pub metric: Metric,
    /// The type of a component.
    pub element: Element,
    /// Components in a vector.
    pub dim: usize,
    /// The vector of each item that is no longer as in the file; `None` for one that is gone.
    changes: BTreeMap<u32, Option<Box<[u8]>>>,
}

impl Delta {
    /// No changes.
    pub fn new(metric: Metric, element: Element, dim: usize) -> Delta {
        Delta { metric, element, dim, changes: BTreeMap::new() }
    }

    /// Where the changes of a file are kept: its name with `.delta` behind.
    pub fn path_for(file: &Path) -> PathBuf {
        let mut name = file.as_os_str().to_owned();
        name.push(".delta");
        name.into()
    }

    /// The changes beside a file, if there are any.
    ///
    /// # Errors
    /// As for [`read`](Delta::read), or if there is a file that cannot be opened.
    pub fn beside(base: &Input) -> Result<Option<Delta>> {
        let path = Delta::path_for(base.path());
        if !base.is_on_disk() || !path.exists() {
            return Ok(None);
        }
        Delta::read(Input::open(path)?, base).map(Some)
    }

    /// Reads the changes of a file, and all checksums.
    ///
    /// # Errors
    /// [`Malformed`](anear_types::ErrorKind::Malformed) if they are damaged or belong to another
    /// file.
    pub fn read(input: Input, base: &Input) -> Result<Delta> {
        let segment = Segment::open(input)?;
        segment.verify()?;
        parse(&segment, base).map_err(|error| error.at_path(segment.input().path()))
    }

    /// Writes the changes beside their file, or removes what is there if there are none.
    ///
    /// # Errors
    /// If writing fails; what was there before stays then.
    pub fn save(&self, base: &Input) -> Result<()> {
        if self.changes.is_empty() {
            return Delta::remove(base.path());
        }
        self.write(Output::create(Delta::path_for(base.path()), true)?, base)
    }

    /// Removes the changes beside a file for good, if there are any.
    ///
    /// # Errors
    /// If they cannot be removed, or the disk fails.
    pub fn remove(file: &Path) -> Result<()> {
        let path = Delta::path_for(file);
        let removed = match std::fs::remove_file(&path) {
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync_folder(&path)),
        };
        removed.map_err(|source| Error::io("cannot remove", source).at_path(path))
    }

    /// Writes the changes of a file to an output.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write(&self, output: Output, base: &Input) -> Result<()> {
        let mut writer = SegmentWriter::create(output)?;
        let about = About {
            kind: KIND.to_owned(),
            metric: self.metric,
            element: self.element,
            rows: self.added().count() as u64,
            dim: self.dim,
        };
        about.write(&mut writer)?;
        writer.begin(BASE)?;
        writer.write(&base_bytes(base))?;
        writer.begin(NUMBERS)?;
        self.added().try_for_each(|(item, _)| writer.write(&item.to_le_bytes()))?;
        About::begin_rows(&mut writer)?;
        self.added().try_for_each(|(_, vector)| writer.write(vector))?;
        writer.begin(DELETED)?;
        self.deleted().try_for_each(|item| writer.write(&item.to_le_bytes()))?;
        writer.finish().map(drop)
    }

    /// Bytes of a vector.
    pub fn row_bytes(&self) -> usize {
        self.dim * self.element.bytes()
    }

    /// Gives an item a vector, be it in the file or not.
    ///
    /// # Panics
    /// If the vector has not [`row_bytes`](Delta::row_bytes), or the number is above [`MOST_ITEM`].
    pub fn put(&mut self, item: u32, vector: &[u8]) {
        assert!(vector.len() == self.row_bytes() && item <= MOST_ITEM);
        self.changes.insert(item, Some(vector.into()));
    }

    /// Deletes an item; one that is not in the file is only forgotten.
    pub fn delete(&mut self, item: u32, is_in_file: bool) {
        match is_in_file {
            true => self.changes.insert(item, None),
            false => self.changes.remove(&item),
        };
    }

    /// What became of an item: `None` if it is as in the file, `Some(None)` if it is gone.
    pub fn change(&self, item: u32) -> Option<Option<&[u8]>> {
        self.changes.get(&item).map(Option::as_deref)
    }

    /// Items that were added or replaced, with their vectors, ascending.
    pub fn added(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.changes.iter().filter_map(|(item, vector)| Some((*item, vector.as_deref()?)))
    }

    /// Items that were deleted, ascending.
    pub fn deleted(&self) -> impl Iterator<Item = u32> {
        self.changes.iter().filter(|(_, vector)| vector.is_none()).map(|(item, _)| *item)
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// By what a file is known again.
fn base_bytes(base: &Input) -> Vec<u8> {
    let bytes = base.bytes();
    let end = &bytes[bytes.len().saturating_sub(END_BYTES)..];
    [&base.len().to_le_bytes()[..], &crc32fast::hash(end).to_le_bytes()].concat()
}

fn parse(segment: &Segment, base: &Input) -> Result<Delta> {
    let about = About::read(segment)?;
    if about.kind != KIND {
        let what = format!("this is an index of kind {:?}, not the changes of one", about.kind);
        return Err(Error::malformed(what));
    }
    if segment.require(BASE)? != base_bytes(base) {
        let what = format!("these are changes of another {}", base.path().display());
        let help = "the file was replaced; delete the changes, or put the former file back";
        return Err(Error::malformed(what).help(help));
    }
    let (numbers, deleted) = (items(segment, NUMBERS)?, items(segment, DELETED)?);
    if numbers.len() as u64 != about.rows {
        let what = format!("{} numbers for {} vectors", numbers.len(), about.rows);
        return Err(Error::malformed(what));
    }
    let rows = &segment.input().bytes()[about.rows_in(segment)?];
    let mut delta = Delta::new(about.metric, about.element, about.dim);
    for (item, vector) in numbers.into_iter().zip(rows.chunks_exact(delta.row_bytes())) {
        delta.put(item, vector);
    }
    for item in deleted {
        if delta.changes.insert(item, None).is_some() {
            return Err(Error::malformed(format!("item {item} is both added and deleted")));
        }
    }
    Ok(delta)
}

/// A section of numbers of items.
fn items(segment: &Segment, name: &str) -> Result<Vec<u32>> {
    let (numbers, rest) = segment.require(name)?.as_chunks();
    let numbers: Vec<u32> = numbers.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let ascend = numbers.is_sorted_by(|before, after| before < after);
    if !rest.is_empty() || !ascend || numbers.last().is_some_and(|last| *last > MOST_ITEM) {
        let what = format!("section {name} is no ascending list of numbers up to {MOST_ITEM}");
        return Err(Error::malformed(what));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed() -> Delta {
        let mut delta = Delta::new(Metric::Euclidean, Element::F32, 2);
        delta.put(9, &[1; 8]);
        delta.put(2, &[2; 8]);
        delta.put(4, &[3; 8]);
        delta.delete(5, true);
        delta.delete(4, false);
        delta
    }

    #[test]
    fn changes_are_kept_beside_their_file_until_there_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.ann");
        std::fs::write(&path, [7; 100]).unwrap();
        let base = Input::open(&path).unwrap();
        assert_eq!(Delta::beside(&base).unwrap(), None);
        let delta = changed();
        delta.save(&base).unwrap();
        let again = Delta::beside(&base).unwrap().unwrap();
        assert_eq!(again, delta);
        assert_eq!(again.added().map(|(item, _)| item).collect::<Vec<_>>(), [2, 9]);
        assert_eq!(again.deleted().collect::<Vec<_>>(), [5]);
        assert_eq!((again.change(5), again.change(6)), (Some(None), None));

        std::fs::write(&path, [8; 100]).unwrap();
        let error = Delta::beside(&Input::open(&path).unwrap()).unwrap_err();
        assert!(error.to_string().contains("another") && error.help_text().is_some(), "{error}");
        Delta::new(Metric::Euclidean, Element::F32, 2).save(&base).unwrap();
        assert!(!Delta::path_for(&path).exists());
    }

    #[test]
    fn a_change_of_any_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.delta");
        let base = Input::from_bytes("x", vec![1, 2, 3]);
        changed().write(Output::create(&path, false).unwrap(), &base).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let read = |bytes: Vec<u8>| Delta::read(Input::from_bytes("x.delta", bytes), &base);
        assert_eq!(read(bytes.clone()).unwrap(), changed());
        for position in 0..bytes.len() {
            let mut other = bytes.clone();
            other[position] ^= 0x41;
            // Between sections nothing is kept.
            assert!(read(other).is_err() || bytes[position] == 0, "{position}");
            assert!(read(bytes[..position].to_vec()).is_err(), "{position}");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let base = Input::from_bytes("x", vec![1, 2, 3]);
        let about = |kind: &str, rows| About {
            kind: kind.to_owned(),
            metric: Metric::Euclidean,
            element: Element::U8,
            rows,
            dim: 1,
        };
        let read = |about: About, numbers: &[u32], deleted: &[u32], more: &[u8]| {
            let path = folder.path().join("x.delta");
            let mut writer = SegmentWriter::create(Output::create(&path, true)?)?;
            about.write(&mut writer)?;
            writer.begin(BASE)?;
            writer.write(&base_bytes(&base))?;
            for (name, numbers) in [(NUMBERS, numbers), (DELETED, deleted)] {
                writer.begin(name)?;
                numbers.iter().try_for_each(|number| writer.write(&number.to_le_bytes()))?;
            }
            writer.write(more)?;
            About::begin_rows(&mut writer)?;
            writer.write(&vec![5; about.rows as usize])?;
            writer.finish()?;
            Delta::read(Input::open(&path)?, &base)
        };
        assert!(read(about(KIND, 2), &[1, 7], &[3], &[]).is_ok());
        for (about, numbers, deleted, more, what) in [
            (about("flat", 2), &[1, 7][..], &[3][..], &[][..], "kind"),
            (about(KIND, 3), &[1, 7], &[3], &[], "2 numbers for 3"),
            (about(KIND, 2), &[7, 1], &[3], &[], "ascending"),
            (about(KIND, 2), &[1, 1], &[3], &[], "ascending"),
            (about(KIND, 2), &[1, u32::MAX], &[3], &[], "ascending"),
            (about(KIND, 2), &[1, 7], &[3], &[1], "ascending"),
            (about(KIND, 2), &[1, 7], &[7], &[], "both"),
        ] {
            let error = read(about, numbers, deleted, more).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}
