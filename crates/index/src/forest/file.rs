//! Forests in files. A file is nothing but nodes: its metric and dimension have to be known.

use super::Forest;
use super::nodes::{Store, find_roots};
use anear_io::{Input, Output};
use anear_types::{Error, Metric, Result};
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// What a system may map at a time, at least.
const PAGE_BYTES: usize = 4096;
/// Bytes written at a time.
const CHUNK_WORDS: usize = 1 << 20;

impl Forest {
    /// Opens a file for a metric and dimension. It is mapped and must stay as it is; no more of it
    /// is read than the roots at its end, or all of it with `prefault`.
    ///
    /// # Errors
    /// If the file cannot be opened; [`Malformed`](anear_types::ErrorKind::Malformed) if it is no
    /// forest of such nodes, as far as its end shows. A search finds the damage behind that.
    pub fn load(path: &Path, metric: Metric, dim: usize, prefault: bool) -> Result<Forest> {
        let mut forest = Forest::new(metric, dim)?;
        forest.load_into(path, prefault)?;
        Ok(forest)
    }

    /// The forest in the bytes of a file, as [`load`](Forest::load) opens it.
    ///
    /// # Errors
    /// As for [`load`](Forest::load).
    pub fn from_input(input: &Input, metric: Metric, dim: usize) -> Result<Forest> {
        Forest::from_part(input, 0..input.bytes().len(), metric, dim)
    }

    /// The forest in a part of a file.
    pub(crate) fn from_part(
        input: &Input,
        part: Range<usize>,
        metric: Metric,
        dim: usize,
    ) -> Result<Forest> {
        let mut forest = Forest::new(metric, dim)?;
        forest.adopt(input, part)?;
        Ok(forest)
    }

    /// Opens a file as [`load`](Forest::load) does, in place of what there was.
    ///
    /// # Errors
    /// As for [`load`](Forest::load); the forest stays as it was then.
    pub fn load_into(&mut self, path: &Path, prefault: bool) -> Result<()> {
        let input = Input::open(path)?;
        self.adopt(&input, 0..input.bytes().len())?;
        if prefault {
            let pages = input.bytes().iter().step_by(PAGE_BYTES);
            std::hint::black_box(pages.fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
        }
        Ok(())
    }

    fn adopt(&mut self, input: &Input, part: Range<usize>) -> Result<()> {
        if cfg!(target_endian = "big") {
            return Err(Error::unsupported("forests are searched on little-endian machines only"));
        }
        let node_bytes = 4 * self.layout.words;
        if part.is_empty() {
            return Err(Error::malformed("Size of file is zero").at_path(input.path()));
        }
        if !part.len().is_multiple_of(node_bytes) {
            let what = "Index size is not a multiple of vector size. Ensure you are opening using \
                        the same metric you used to create the index.";
            return Err(Error::malformed(what).at_path(input.path()));
        }
        let store = Store::new(input, part);
        let found = find_roots(self.layout, store.words());
        let (items, roots) = found.map_err(|error| error.at_path(input.path()))?;
        let (arithmetic, seed) = (self.arithmetic, self.seed);
        let empty = Forest::new(self.layout.metric, self.layout.dim)?;
        let (is_built, is_loaded) = (true, true);
        *self = Forest { arithmetic, store, items, roots, seed, is_built, is_loaded, ..empty };
        Ok(())
    }

    /// Writes the forest to a file, which appears whole or not at all and replaces one that is
    /// there, and goes on with the file as [`load`](Forest::load) opens it. Nothing happens if the
    /// forest was [built on disk](Forest::on_disk_build).
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if no trees were built; or if writing fails.
    pub fn save(&mut self, path: &Path, prefault: bool) -> Result<()> {
        if !self.is_built {
            return Err(Error::usage("You can't save an index that hasn't been built"));
        }
        if self.is_on_disk() {
            return Ok(());
        }
        self.write(Output::create(path, true)?)?;
        self.unload();
        self.load_into(path, prefault)
    }

    /// Writes the forest to an output and returns its size in bytes.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write(&self, mut output: Output) -> Result<u64> {
        self.each_part(|bytes| output.write_all(bytes).map_err(|source| output.failed(source)))?;
        output.commit()
    }

    /// Hands out the bytes of the nodes, some at a time.
    pub(crate) fn each_part(&self, write: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.store.words().chunks(CHUNK_WORDS).map(bytemuck::cast_slice).try_for_each(write)
    }

    /// The file that the forest lies in.
    pub fn path(&self) -> Option<&Path> {
        self.input().map(Input::path)
    }
}
