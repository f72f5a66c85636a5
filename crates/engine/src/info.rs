//! What is in a file.

use crate::opened::{self, Opened};
use crate::{Error, ErrorKind, Location, OpenOptions, Result};
use anear_formats::{Container, Entry, IndexInfo, Skipped};
use anear_types::Block;

/// Rows of each entry that a look reads to find damage.
const SAMPLED_ROWS: u64 = 64;

/// What is in a file.
#[derive(Debug)]
pub struct FileInfo {
    /// The name of the format.
    pub format: &'static str,
    /// Size in bytes.
    pub bytes: u64,
    /// The matrices inside.
    pub entries: Vec<Entry>,
    /// What else is inside.
    pub skipped: Vec<Skipped>,
    /// The index, if the file is one.
    pub index: Option<IndexInfo>,
    /// The first damage found, if any.
    pub damage: Option<Error>,
}

/// Looks into a file: its entries, and whether the first rows of each can be read (all rows, with
/// `thorough`). With an entry in the location, only that one.
///
/// # Errors
/// If the file cannot be opened at all. Damage behind its description is told in the reply.
pub fn info(location: &Location, options: &OpenOptions, thorough: bool) -> Result<FileInfo> {
    let Opened { input, bytes, format, container, adopted } = opened::open(location, options)?;
    let at_path = |error: Error| error.at_path(input.path());
    let entries: Vec<usize> = match &location.entry {
        Some(name) => vec![crate::entry::choose(&*container, Some(name)).map_err(at_path)?],
        None => (0..container.entries().len()).collect(),
    };
    let rows = if thorough { u64::MAX } else { SAMPLED_ROWS };
    let damage = entries.iter().find_map(|entry| {
        let entry_info = &container.entries()[*entry];
        let checked = options
            .limits
            .check_expansion("this matrix", entry_info.schema.total_bytes(), input.len())
            .and_then(|()| check(&*container, *entry, rows));
        // Where rows are codes, that they do not tell the rows is no damage.
        let is_damage = |error: &Error| adopted.is_none() || error.kind() != ErrorKind::Unsupported;
        let damage = checked.err().filter(is_damage);
        damage.map(|error| at_path(error.at_entry(entry_info.name.as_str())))
    });
    let damage = match damage {
        None if thorough => container.verify().err().map(at_path),
        damage => damage,
    };
    Ok(FileInfo {
        format,
        bytes,
        entries: entries.iter().map(|entry| container.entries()[*entry].clone()).collect(),
        skipped: container.skipped().to_vec(),
        index: container.index().cloned(),
        damage,
    })
}

/// Reads the first `rows` rows of an entry with their metadata.
fn check(container: &dyn Container, entry: usize, rows: u64) -> Result<()> {
    const BLOCK_BYTES: usize = 4 << 20;
    let schema = &container.entries()[entry].schema;
    let rows = rows.min(schema.rows);
    let columns: Vec<usize> = (0..schema.columns.len()).collect();
    let fitting = (BLOCK_BYTES / schema.row_bytes().max(1)).max(1) as u64;
    let mut block = Block::try_new(schema.element, schema.dim, fitting.min(rows) as usize)?;
    let mut source = container.rows(entry)?;
    let mut seen = 0;
    while seen < rows {
        block.clear();
        let read = source.next_block(&mut block)? as u64;
        if read == 0 {
            return Err(Error::malformed(format!("the rows end after {seen} of {}", schema.rows)));
        }
        container.metadata(entry, &columns, seen..seen + read)?;
        seen += read;
    }
    Ok(())
}
