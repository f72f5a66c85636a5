//! The files below a folder, as values.

use super::{FileId, Operation};
use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files and folders, and the names by which they are found. A file may have no name any more, or
/// not yet, or two of them.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// The bytes of files. Clones share them until one of the clones writes.
    files: BTreeMap<FileId, Arc<Vec<u8>>>,
    /// What is found under a name in a folder.
    names: BTreeMap<(FileId, String), FileId>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Folder,
    /// A file with these bytes.
    File(Arc<Vec<u8>>),
}

impl Disk {
    /// The folder that the others lie in.
    pub(super) const ROOT: FileId = FileId(0);

    /// What is in a folder now.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn read(folder: &Path) -> Disk {
        Disk::read_with_inodes(folder).0
    }

    /// The same, and which file has which inode number.
    pub(super) fn read_with_inodes(folder: &Path) -> (Disk, HashMap<u64, FileId>) {
        let mut disk = Disk::default();
        let mut inodes = HashMap::from([(folder.metadata().unwrap().ino(), Disk::ROOT)]);
        disk.read_below(folder, Disk::ROOT, &mut inodes);
        (disk, inodes)
    }

    fn read_below(&mut self, path: &Path, folder: FileId, inodes: &mut HashMap<u64, FileId>) {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            let next = FileId(inodes.len() as u64);
            let id = *inodes.entry(about.ino()).or_insert(next);
            let name = entry.file_name().into_string().expect("names are UTF-8");
            self.names.insert((folder, name), id);
            if about.is_dir() {
                self.read_below(&entry.path(), id, inodes);
            } else {
                self.files.insert(id, Arc::new(std::fs::read(entry.path()).unwrap()));
            }
        }
    }

    /// Does what an operation does.
    pub(super) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Write { file, offset, data } => self.write(*file, *offset, data),
            Operation::Truncate { file, length } => self.bytes(*file).resize(*length, 0),
            Operation::Sync { .. } => {}
            Operation::Create { folder, name, file } => {
                self.names.insert((*folder, name.clone()), *file);
                self.bytes(*file);
            }
            Operation::MakeFolder { folder, name, file }
            | Operation::Link { folder, name, file } => {
                self.names.insert((*folder, name.clone()), *file);
            }
            Operation::Rename { folder, name, to_folder, to_name, file } => {
                let old = (*folder, name.clone());
                if self.names.get(&old) == Some(file) {
                    self.names.remove(&old);
                }
                self.names.insert((*to_folder, to_name.clone()), *file);
            }
            Operation::Remove { folder, name, file } => {
                let old = (*folder, name.clone());
                if self.names.get(&old) == Some(file) {
                    self.names.remove(&old);
                }
            }
        }
    }

    /// Writes bytes of a file, which grows as needed.
    pub(super) fn write(&mut self, file: FileId, offset: usize, data: &[u8]) {
        let bytes = self.bytes(file);
        if bytes.len() < offset + data.len() {
            bytes.resize(offset + data.len(), 0);
        }
        bytes[offset..offset + data.len()].copy_from_slice(data);
    }

    /// The bytes of a file, to change.
    pub(super) fn bytes(&mut self, file: FileId) -> &mut Vec<u8> {
        Arc::make_mut(self.files.entry(file).or_default())
    }

    /// What is found below the folder, by its path.
    pub fn tree(&self) -> BTreeMap<PathBuf, Node> {
        let mut tree = BTreeMap::new();
        self.walk(Disk::ROOT, Path::new(""), &mut tree);
        tree
    }

    fn walk(&self, folder: FileId, path: &Path, tree: &mut BTreeMap<PathBuf, Node>) {
        let names = self.names.range((folder, String::new())..);
        for ((_, name), id) in names.take_while(|((parent, _), _)| *parent == folder) {
            let path = path.join(name);
            match self.files.get(id) {
                Some(bytes) => tree.insert(path, Node::File(bytes.clone())),
                None => {
                    self.walk(*id, &path, tree);
                    tree.insert(path, Node::Folder)
                }
            };
        }
    }

    /// Makes all of it in an empty folder.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_to(&self, folder: &Path) {
        for (path, node) in self.tree() {
            match node {
                Node::Folder => std::fs::create_dir_all(folder.join(path)).unwrap(),
                Node::File(bytes) => std::fs::write(folder.join(path), &*bytes).unwrap(),
            }
        }
    }
}
