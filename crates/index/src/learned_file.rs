//! Index files without the rows: for rows that lie in other files, such as those of a collection.

use crate::{INDEX_KINDS, Index, IndexKind, Rows};
use anear_io::{About, Input, Output, Segment, SegmentWriter};
use anear_types::{Error, Result};

/// The kind of the index that a file holds.
///
/// # Errors
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if it is not known.
pub fn kind_of(about: &About) -> Result<&'static dyn IndexKind> {
    INDEX_KINDS.iter().copied().find(|kind| kind.info().name == about.kind).ok_or_else(|| {
        let what = format!("an index of kind {:?} is not known", about.kind);
        Error::unsupported(what).help("a newer anear may read it")
    })
}

/// Writes what an index has learned to a file of its own, and returns the size of that in bytes.
/// The file tells of the rows that are not [lacking](Index::lacking), removed ones too, and goes
/// with [`load_learned`] for as long as these rows keep their numbers.
///
/// # Errors
/// If writing fails.
pub fn save_learned(index: &dyn Index, output: Output) -> Result<u64> {
    let mut writer = SegmentWriter::create(output)?;
    let count = index.save_learned(&mut writer)?;
    let rows = index.rows();
    About::write_rows_elsewhere(&mut writer, rows.checksum(count))?;
    let about = About {
        kind: index.info().name.to_owned(),
        metric: index.metric(),
        element: rows.element(),
        rows: count,
        dim: rows.dim(),
    };
    about.write(&mut writer)?;
    writer.finish()
}

/// Opens a file that [`save_learned`] wrote, over its rows and any that came behind them, of
/// which the index is [lacking](Index::lacking) what it could know. None are removed.
///
/// # Errors
/// [`Malformed`](anear_types::ErrorKind::Malformed) if the file is damaged, or tells of other rows
/// as far as a look at a few of them shows; [`Unsupported`](anear_types::ErrorKind::Unsupported) if
/// it is of a newer version or a kind that is not known. The index can be built anew then.
pub fn load_learned(input: Input, rows: Rows) -> Result<Box<dyn Index>> {
    let segment = Segment::open(input)?;
    let about = About::read(&segment)?;
    let at_path = |error: Error| error.at_path(segment.input().path());
    let checksum = About::rows_elsewhere(&segment)?
        .ok_or_else(|| at_path(Error::malformed("this index has its own rows")))?;
    let (found, expected) = ((about.element, about.dim), (rows.element(), rows.dim()));
    if found != expected || about.rows > rows.len() {
        let (count, (element, dim)) = (rows.len(), expected);
        let what = format!("there are {count} rows of {dim} {element}, but the index is about ");
        let what = format!("{what}{} of {} {}", about.rows, about.dim, about.element);
        return Err(at_path(Error::malformed(what)));
    }
    if rows.checksum(about.rows) != checksum {
        return Err(at_path(Error::malformed(
            "the index is about other rows: their checksum differs",
        )));
    }
    kind_of(&about).map_err(at_path)?.load(&segment, &about, rows).map_err(at_path)
}
