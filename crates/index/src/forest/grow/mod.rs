//! Growing trees over items.
//!
//! A tree is grown from its root: a plane is laid between two means of the items
//! ([`means`]), the items are parted by their sides ([`tree`]), and each part is grown, the smaller
//! one first, until a part fits in the list of one node. A tree written by itself counts its nodes
//! from the number of items on; where several are put behind each other, the numbers of all but
//! the first are moved.

mod disk;
mod grown;
mod means;
mod plane;
mod screen;
mod threads;
mod tree;
mod weights;

use super::layout::Layout;
use super::nodes::Nodes;
use crate::Interrupt;
use anear_kernels::annoy::Arithmetic;
use anear_types::{Error, Metric, Result};
use grown::Grown;
use screen::Screen;
use tree::Ground;
use weights::Weights;

/// How to build trees.
#[derive(Clone, Debug)]
pub struct Growth {
    /// How many trees; `-1` for as many as take no more memory than the items.
    pub trees: i32,
    /// Threads to use; 0 and less for all processors there are. Annoy's trees depend on it: those
    /// for one thread are Annoy's to the last bit, and those for more are shared out to threads
    /// as Annoy does it, each with the seed Annoy gives it.
    pub threads: i32,
    /// Whether each tree has random numbers of its own, so that threads share them evenly and what
    /// is grown does not depend on how many threads there are. These are not Annoy's trees.
    pub each_alone: bool,
}

impl Growth {
    /// Some trees, on one thread.
    pub fn trees(trees: i32) -> Growth {
        Growth { trees, threads: 1, each_alone: false }
    }

    /// On this many threads.
    #[must_use]
    pub fn on_threads(self, threads: i32) -> Growth {
        Growth { threads, ..self }
    }

    /// With random numbers of its own for each tree.
    #[must_use]
    pub fn each_alone(self) -> Growth {
        Growth { each_alone: true, ..self }
    }

    fn check(&self) -> Result<()> {
        match self.trees {
            -1.. => Ok(()),
            trees => Err(Error::usage(format!("there cannot be {trees} trees"))),
        }
    }
}

/// What trees grow from.
pub(super) struct Soil {
    pub(super) layout: Layout,
    pub(super) arithmetic: Arithmetic,
}

impl Soil {
    /// Grows trees over the items that `nodes` has, appends the nodes and copies of the roots,
    /// and returns the roots.
    pub(super) fn grow(
        &self,
        nodes: &mut Vec<u32>,
        seed: u64,
        growth: &Growth,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<u32>> {
        growth.check()?;
        let items = nodes.len() / self.layout.words;
        if self.layout.metric == Metric::InnerProduct {
            weights::extend_to_one_norm(self.arithmetic, self.layout, nodes);
        }
        let view = Nodes { layout: self.layout, words: nodes, items };
        let weights = Weights::new(self.arithmetic, view);
        let trees = usize::try_from(growth.trees).unwrap_or(usize::MAX);
        let screen = Screen::new(self.arithmetic.level(), view, trees);
        let ground = Ground {
            nodes: view,
            arithmetic: self.arithmetic,
            weights: &weights,
            screen: screen.as_ref(),
        };
        let in_memory = |_| Ok(Grown::default());
        let grown = threads::grow(&ground, seed, growth, &in_memory, interrupt)?;
        self.gather(nodes, items, grown)
    }

    /// Puts what threads have grown behind the items.
    fn gather(&self, nodes: &mut Vec<u32>, items: usize, grown: Vec<Grown>) -> Result<Vec<u32>> {
        let words = self.layout.words;
        let more = grown.iter().map(|grown| grown.words.len() + grown.roots.len() * words).sum();
        if (nodes.len() + more) / words >= i32::MAX as usize {
            return Err(Error::limit("a forest has less than 2^31 nodes"));
        }
        nodes.try_reserve(more).map_err(|_| Error::limit("no memory for the trees"))?;
        let mut roots = Vec::new();
        for mut grown in grown {
            let shift = (nodes.len() / words - items) as u32;
            self.renumber(&mut grown.words, items as u32, shift);
            nodes.extend_from_slice(&grown.words);
            roots.extend(grown.roots.iter().map(|root| root + shift));
        }
        for root in &roots {
            let start = *root as usize * words;
            nodes.extend_from_within(start..start + words);
        }
        Ok(roots)
    }

    /// Moves the numbers of nodes that are no items.
    fn renumber(&self, nodes: &mut [u32], items: u32, shift: u32) {
        if shift == 0 {
            return;
        }
        let children = self.layout.children;
        for node in nodes.chunks_exact_mut(self.layout.words) {
            if node[0] as usize > self.layout.listed() {
                for child in &mut node[children..children + 2] {
                    *child += if *child >= items { shift } else { 0 };
                }
            }
        }
    }
}
