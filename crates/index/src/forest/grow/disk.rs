//! Growing trees over items in a file, into that file.

use super::grown::Grown;
use super::tree::Ground;
use super::weights::{self, Weights};
use super::{Growth, Soil, threads};
use crate::Interrupt;
use crate::forest::layout::EXTRA;
use crate::forest::nodes::Nodes;
use anear_io::{Appender, GrowingFile};
use anear_types::{Error, Metric, Result};

/// Words read from a file at a time, about.
const CHUNK_WORDS: usize = 1 << 18;

impl Soil {
    /// Grows trees over the items that are the first words of a file, appends the nodes and copies of
    /// the roots, and returns the roots and how many words the file has then.
    pub(in crate::forest) fn grow_on_disk(
        &self,
        file: &mut GrowingFile,
        words: usize,
        seed: u64,
        growth: &Growth,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<(Vec<u32>, usize)> {
        growth.check()?;
        if self.layout.metric == Metric::InnerProduct {
            self.extend_on_disk(file, words)?;
        }
        let (items, start) = (words / self.layout.words, 4 * words as u64);
        let nodes = bytemuck::cast_slice(file.bytes(4 * words));
        let view = Nodes { layout: self.layout, words: nodes, items };
        let weights = Weights::new(self.arithmetic, view);
        // Codes of the items would take memory in proportion to the file.
        let (arithmetic, screen) = (self.arithmetic, None);
        let ground = Ground { nodes: view, arithmetic, weights: &weights, screen };
        let to_file = |grower: usize| {
            let appender = if grower == 0 { file.appender(start) } else { file.beside() };
            appender.map(Grown::to_file)
        };
        let grown = threads::grow(&ground, seed, growth, &to_file, interrupt)?;
        self.gather_on_disk(file.appender(start)?, items, grown)
    }

    /// Gives each vector its extra component.
    fn extend_on_disk(&self, file: &mut GrowingFile, words: usize) -> Result<()> {
        let nodes = bytemuck::cast_slice(file.bytes(4 * words));
        let extras = weights::extras_to_one_norm(self.arithmetic, self.layout, nodes);
        let chunk = (CHUNK_WORDS / self.layout.words).max(1);
        let mut start = 0;
        for extras in extras.chunks(chunk) {
            let end = start + 4 * self.layout.words * extras.len();
            let mut nodes: Vec<u32> = bytemuck::cast_slice(&file.bytes(end)[start..]).to_vec();
            for (node, extra) in nodes.chunks_exact_mut(self.layout.words).zip(extras) {
                node[EXTRA] = extra.to_bits();
            }
            file.put(start as u64, bytemuck::cast_slice(&nodes))?;
            start = end;
        }
        Ok(())
    }

    /// Puts what threads have grown behind the items, where that of the first is already.
    fn gather_on_disk(
        &self,
        behind_items: Appender,
        items: usize,
        grown: Vec<Grown>,
    ) -> Result<(Vec<u32>, usize)> {
        let words = self.layout.words;
        let more: usize =
            grown.iter().map(|grown| grown.length() / words + grown.roots.len()).sum();
        if items + more >= i32::MAX as usize {
            return Err(Error::limit("a forest has less than 2^31 nodes"));
        }
        let (mut main, mut roots, mut shift) = (behind_items, Vec::new(), 0);
        for (at, grown) in grown.into_iter().enumerate() {
            let nodes = (grown.length() / words) as u32;
            roots.extend(grown.roots.iter().map(|root| root + shift));
            let (part, start) = grown.into_file()?;
            match at {
                0 => main = part,
                _ => self.copy(part, start, &mut main, (items as u32, shift))?,
            }
            shift += nodes;
        }
        let mut node = vec![0; 4 * words];
        for root in &roots {
            main.read(u64::from(*root) * node.len() as u64, &mut node)?;
            main.append(&node)?;
        }
        Ok((roots, (main.end() / 4) as usize))
    }

    /// Copies nodes from one file to the end of another, and moves the numbers in them.
    fn copy(
        &self,
        mut from: Appender,
        start: u64,
        to: &mut Appender,
        (items, shift): (u32, u32),
    ) -> Result<()> {
        let chunk_bytes = 4 * self.layout.words * (CHUNK_WORDS / self.layout.words).max(1);
        let mut position = start;
        while position < from.end() {
            let bytes = (chunk_bytes as u64).min(from.end() - position) as usize;
            let mut nodes = vec![0u32; bytes / 4];
            from.read(position, bytemuck::cast_slice_mut(&mut nodes))?;
            self.renumber(&mut nodes, items, shift);
            to.append(bytemuck::cast_slice(&nodes))?;
            position += bytes as u64;
        }
        Ok(())
    }
}
