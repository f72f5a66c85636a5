//! Forests that are built in a file and may be larger than memory.
//!
//! Items are written to the file as they come and read through a map. Trees are written behind
//! them as they grow, those of each thread but the first by way of a file without a name. In memory
//! are a few numbers for each item, and mapped pages as long as the system likes. The file has an
//! odd length until it is complete, which no forest has: loading one whose build was interrupted is
//! an error.

use super::Forest;
use super::grow::{Growth, Soil};
use super::nodes::Store;
use crate::Interrupt;
use anear_io::GrowingFile;
use anear_types::Result;
use std::path::Path;

impl Forest {
    /// Goes on in a file, which is emptied now: items are put there as they come, and so are trees
    /// when they are built.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn on_disk_build(&mut self, path: &Path) -> Result<()> {
        let mut file = GrowingFile::create(path)?;
        if !self.is_loaded {
            let words = self.store.words();
            if !words.is_empty() {
                file.put(0, bytemuck::cast_slice(words))?;
            }
            self.store = Store::Growing(file, words.len());
        }
        self.on_disk = Some(path.to_owned());
        Ok(())
    }

    /// Puts an item into the file; the forest has room for it then.
    pub(super) fn put_on_disk(&mut self, item: usize, node: &[u32]) -> Result<()> {
        let is_complete = !matches!(self.store, Store::Growing(..));
        let kept = self.store.words().len();
        if is_complete {
            self.reopen(kept)?;
        }
        let (file, words) = self.growing();
        file.put((4 * item * node.len()) as u64, bytemuck::cast_slice(node))?;
        *words = kept.max((item + 1) * node.len());
        self.items = self.items.max(item + 1);
        if is_complete { self.complete() } else { Ok(()) }
    }

    /// Builds trees in the file, which is complete then.
    pub(super) fn build_on_disk(
        &mut self,
        soil: &Soil,
        growth: &Growth,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<()> {
        let (items, seed) = (self.items * self.layout.words, self.seed);
        let (file, words) = self.growing();
        let grown = soil.grow_on_disk(file, items, seed, growth, interrupt);
        match grown {
            Ok((roots, length)) => {
                *words = length;
                self.roots = roots;
                self.complete()
            }
            Err(error) => {
                *words = items;
                file.truncate(4 * items as u64)?;
                Err(error)
            }
        }
    }

    /// Takes the trees out of the file.
    pub(super) fn go_on_on_disk(&mut self) -> Result<()> {
        let items = self.items * self.layout.words;
        match &mut self.store {
            Store::Growing(file, words) => {
                *words = items;
                file.truncate(4 * items as u64)
            }
            Store::File(..) | Store::Own(_) => self.reopen(items),
        }
    }

    /// Makes the file one that can be written to, with its first words.
    fn reopen(&mut self, words: usize) -> Result<()> {
        let path = self.on_disk.as_ref().expect("it is built in a file");
        self.store = Store::Growing(GrowingFile::reopen(path, 4 * words as u64)?, words);
        Ok(())
    }

    /// Makes the file one that is complete; the forest is empty if that fails.
    fn complete(&mut self) -> Result<()> {
        let none = Store::Own(Vec::new());
        let Store::Growing(file, words) = std::mem::replace(&mut self.store, none) else {
            unreachable!("it was being built in a file");
        };
        let input = file.finish(4 * words as u64).inspect_err(|_| self.unload())?;
        if !input.is_empty() {
            self.store = Store::new(&input, 0..input.bytes().len());
        }
        Ok(())
    }

    fn growing(&mut self) -> (&mut GrowingFile, &mut usize) {
        match &mut self.store {
            Store::Growing(file, words) => (file, words),
            Store::Own(_) | Store::File(..) => unreachable!("it is being built in a file"),
        }
    }
}
