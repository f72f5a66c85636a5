//! Small stores of rows, two of them right and each of the others wrong in one way.

use anear_testkit::faults::Workload;
use std::fs::{File, OpenOptions};
use std::io::Result;
use std::os::unix::fs::FileExt;
use std::path::Path;

const ROWS: u8 = 4;
/// More than a sector, so that rows can be torn.
const ROW_BYTES: usize = 1500;
/// The number of rows, ahead of them.
const COUNT_BYTES: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Toy {
    /// Writes a row behind the others and syncs it, then counts it and syncs that.
    Appends,
    /// Writes all rows to a new file, syncs it, gives it the old one's name, syncs the folder.
    Replaces,
    CountsFirst,
    IgnoresErrors,
    AppendsWithoutSync,
    /// Syncs row and count together.
    AppendsWithOneSync,
    SyncsAgain,
    ReplacesInPlace,
    ReplacesWithoutSync,
    ReplacesWithoutFolderSync,
}

impl Toy {
    const ALL: [Toy; 10] = [
        Toy::Appends,
        Toy::Replaces,
        Toy::CountsFirst,
        Toy::IgnoresErrors,
        Toy::AppendsWithoutSync,
        Toy::AppendsWithOneSync,
        Toy::SyncsAgain,
        Toy::ReplacesInPlace,
        Toy::ReplacesWithoutSync,
        Toy::ReplacesWithoutFolderSync,
    ];

    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn from_name(name: &str) -> Toy {
        Toy::ALL.into_iter().find(|toy| toy.name() == name).expect("a toy has this name")
    }

    fn replaces(self) -> bool {
        self.name().starts_with("Replaces")
    }
}

/// Adds rows until one fails, and notes each that is in.
pub(crate) fn fill(workload: &Workload, toy: Toy) {
    for row in 0..ROWS {
        let added = match toy.replaces() {
            true => replace(workload.folder(), row, toy),
            false => append(workload.folder(), row, toy),
        };
        match added {
            Ok(()) => workload.note("added"),
            Err(_) if toy == Toy::IgnoresErrors => workload.note("added"),
            Err(_) => return,
        }
    }
}

/// All rows that were noted are there, and none in part; one more may be there.
pub(crate) fn judge(folder: &Path, notes: &[String]) -> std::result::Result<(), String> {
    let bytes = std::fs::read(folder.join("rows")).unwrap_or_default();
    let (count, rows) = match bytes.split_at_checked(COUNT_BYTES) {
        Some((count, rows)) => (u64::from_le_bytes(count.try_into().unwrap()) as usize, rows),
        None => (0, &[][..]),
    };
    if count < notes.len() || count > notes.len() + 1 {
        return Err(format!("{count} rows are there"));
    }
    let expected: Vec<u8> = (0..count).flat_map(|row| [row as u8 + 1; ROW_BYTES]).collect();
    match rows.starts_with(&expected) {
        true => Ok(()),
        false => Err(format!("one of {count} rows is not what was added")),
    }
}

fn append(folder: &Path, row: u8, toy: Toy) -> Result<()> {
    let path = folder.join("rows");
    let is_new = !path.exists();
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    if is_new {
        File::open(folder)?.sync_all()?;
    }
    let write_row = || {
        let offset = COUNT_BYTES + usize::from(row) * ROW_BYTES;
        file.write_all_at(&[row + 1; ROW_BYTES], offset as u64)
    };
    let write_count = || file.write_all_at(&u64::from(row + 1).to_le_bytes(), 0);
    let sync = || match toy {
        Toy::AppendsWithoutSync => Ok(()),
        Toy::SyncsAgain => file.sync_data().or_else(|_| file.sync_data()),
        _ => file.sync_data(),
    };
    match toy {
        Toy::CountsFirst => {
            write_count()?;
            sync()?;
            write_row()?;
        }
        Toy::IgnoresErrors => {
            let _lost = write_row().and_then(|()| sync());
            write_count()?;
        }
        Toy::AppendsWithOneSync => {
            write_row()?;
            write_count()?;
        }
        _ => {
            write_row()?;
            sync()?;
            write_count()?;
        }
    }
    sync()
}

fn replace(folder: &Path, row: u8, toy: Toy) -> Result<()> {
    let mut bytes = u64::from(row + 1).to_le_bytes().to_vec();
    bytes.extend((0..=row).flat_map(|row| [row + 1; ROW_BYTES]));
    let name = if toy == Toy::ReplacesInPlace { "rows" } else { "rows.new" };
    let file = File::create(folder.join(name))?;
    file.write_all_at(&bytes, 0)?;
    if toy != Toy::ReplacesWithoutSync {
        file.sync_all()?;
    }
    if toy != Toy::ReplacesInPlace {
        std::fs::rename(folder.join(name), folder.join("rows"))?;
    }
    if toy != Toy::ReplacesWithoutFolderSync {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
