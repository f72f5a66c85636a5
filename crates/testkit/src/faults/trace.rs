//! What a child did to the files of its folder, in order.

use super::{Disk, Fault, What};
use std::collections::HashMap;

/// A file or folder, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(super) u64);

/// One change. Names are found in a folder.
#[allow(missing_docs)] // the fields' names say what they are
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Bytes were written at an offset.
    Write { file: FileId, offset: usize, data: Vec<u8> },
    /// A file was cut or extended to a length.
    Truncate { file: FileId, length: usize },
    /// A file was synced, or the names in a folder.
    Sync { file: FileId },
    /// A file came to be.
    Create { folder: FileId, name: String, file: FileId },
    /// A folder came to be.
    MakeFolder { folder: FileId, name: String, file: FileId },
    /// A file or folder got another name, and took the place of what had it.
    Rename { folder: FileId, name: String, to_folder: FileId, to_name: String, file: FileId },
    /// A file got one more name.
    Link { folder: FileId, name: String, file: FileId },
    /// A name was removed.
    Remove { folder: FileId, name: String, file: FileId },
}

/// An operation, and whether it failed; then nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was to be done.
    pub operation: Operation,
    /// Whether it failed.
    pub failed: bool,
}

/// All that a child did.
#[derive(Debug)]
pub struct Trace {
    pub(super) start: Disk,
    pub(super) steps: Vec<Step>,
    /// For each step, the number of steps after which no loss of power undoes it.
    pub(super) durable_after: Vec<Option<usize>>,
    /// Lines the child noted, and how many steps it had done by then.
    notes: Vec<(usize, String)>,
}

impl Trace {
    /// Reads the records of `layer/layer.c`.
    ///
    /// # Panics
    /// If there is something in them that the layer does not write.
    pub(super) fn new(start: Disk, inodes: HashMap<u64, FileId>, records: &[u8]) -> Trace {
        let mut reader = Reader { records, known: inodes.len() as u64, inodes };
        let (mut steps, mut notes) = (Vec::new(), Vec::new());
        while !reader.records.is_empty() {
            match reader.next() {
                Record::Step(step) => steps.push(step),
                Record::Note(lines) => {
                    notes.extend(lines.lines().map(|line| (steps.len(), line.to_owned())));
                }
            }
        }
        let durable_after = super::power::durable_after(&steps);
        Trace { start, steps, durable_after, notes }
    }

    /// The operations, as they were counted.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What the child had noted when it had done so many steps.
    pub fn notes(&self, steps: usize) -> Vec<String> {
        let noted = self.notes.iter().take_while(|(before, _)| *before <= steps);
        noted.map(|(_, line)| line.clone()).collect()
    }

    /// What the folder held in the end.
    pub fn end(&self) -> Disk {
        let mut disk = self.start.clone();
        for step in self.steps.iter().filter(|step| !step.failed) {
            disk.apply(&step.operation);
        }
        disk
    }

    /// Everything that can befall each of the operations.
    pub fn faults(&self) -> Vec<Fault> {
        let numbered = (1..).zip(&self.steps);
        let of_step = |(at, step): (u64, &Step)| {
            let whats = match step.operation {
                Operation::Write { .. } => What::OF_WRITES,
                Operation::Sync { .. } | Operation::Truncate { .. } => What::OF_OTHERS,
                _ => What::OF_NAMES,
            };
            whats.iter().map(move |what| Fault { at, what: *what })
        };
        numbered.flat_map(of_step).collect()
    }
}

enum Record {
    Step(Step),
    Note(String),
}

/// Takes the records apart. An inode number is used again when its file is gone, so each file
/// that comes to be gets a number of its own.
struct Reader<'a> {
    records: &'a [u8],
    inodes: HashMap<u64, FileId>,
    known: u64,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Record {
        let [kind, failed] = self.take(8)[..2] else { unreachable!("two of eight bytes") };
        let [file, folder, to_folder, number] = [(); 4].map(|()| self.number(8));
        let [name_bytes, to_name_bytes] = [(); 2].map(|()| self.number(4) as usize);
        let data_bytes = self.number(8) as usize;
        let [name, to_name] = [name_bytes, to_name_bytes].map(|bytes| text(self.take(bytes)));
        let data = self.take(data_bytes);
        if kind == 9 {
            return Record::Note(text(data));
        }
        let failed = failed != 0;
        let is_new = !failed && matches!(kind, 4 | 5);
        let file = if is_new { self.new_file(file) } else { self.file(file, failed) };
        let folder = if kind >= 4 && kind != 7 { self.file(folder, failed) } else { Disk::ROOT };
        let to_folder =
            if matches!(kind, 6 | 7) { self.file(to_folder, failed) } else { Disk::ROOT };
        let number = number as usize;
        let operation = match kind {
            1 => Operation::Write { file, offset: number, data: data.to_vec() },
            2 => Operation::Truncate { file, length: number },
            3 => Operation::Sync { file },
            4 => Operation::Create { folder, name, file },
            5 => Operation::MakeFolder { folder, name, file },
            6 => Operation::Rename { folder, name, to_folder, to_name, file },
            7 => Operation::Link { folder: to_folder, name: to_name, file },
            8 => Operation::Remove { folder, name, file },
            other => panic!("the trace has an operation of kind {other}"),
        };
        Record::Step(Step { operation, failed })
    }

    /// The file with an inode number; what failed may have been about no file.
    fn file(&self, inode: u64, failed: bool) -> FileId {
        match self.inodes.get(&inode) {
            Some(file) => *file,
            None if failed => FileId(u64::MAX),
            None => panic!("the layer did not see the file with inode {inode} come to be"),
        }
    }

    fn new_file(&mut self, inode: u64) -> FileId {
        let file = FileId(self.known);
        self.known += 1;
        self.inodes.insert(inode, file);
        file
    }

    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.records.split_at(bytes);
        self.records = rest;
        taken
    }

    fn number(&mut self, bytes: usize) -> u64 {
        let mut number = [0; 8];
        number[..bytes].copy_from_slice(self.take(bytes));
        u64::from_ne_bytes(number)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("names and notes are UTF-8")
}
