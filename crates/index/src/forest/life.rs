//! A forest while it takes items, when it is built, and when it lies in a file.

use super::grow::{self, Growth};
use super::layout::{Layout, NORM};
use super::nodes::{Nodes, Store};
use super::random::DEFAULT_SEED;
use super::score;
use crate::Interrupt;
use anear_io::Input;
use anear_kernels::annoy::{Arithmetic, Norm};
use anear_types::{Error, Metric, Result};
use std::path::PathBuf;

/// Items, and trees over them.
///
/// ```
/// use anear_index::forest::{Ask, Forest, Growth, Scratch};
/// use anear_types::Metric;
///
/// let mut forest = Forest::new(Metric::Euclidean, 2)?;
/// forest.add_item(0, &[0.0, 0.0])?;
/// forest.add_item(3, &[3.0, 4.0])?;
/// forest.build(&Growth::trees(10), None)?;
/// let found = forest.nearest(&[3.0, 3.0], &Ask::nearest(1), &mut Scratch::default())?;
/// assert_eq!((found[0].item, found[0].distance), (3, 1.0));
/// # Ok::<(), anear_types::Error>(())
/// ```
pub struct Forest {
    pub(super) layout: Layout,
    pub(super) arithmetic: Arithmetic,
    pub(super) store: Store,
    pub(super) items: usize,
    pub(super) roots: Vec<u32>,
    pub(super) seed: u64,
    pub(super) is_built: bool,
    pub(super) is_loaded: bool,
    /// The file that the forest is built in.
    pub(super) on_disk: Option<PathBuf>,
}

impl Forest {
    /// One without items. `dim` is the number of components; for `hamming` that of bits.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if the metric is none of angular,
    /// euclidean, manhattan, ip and hamming; [`Usage`](anear_types::ErrorKind::Usage) if there are
    /// no components, or more than 2^28.
    pub fn new(metric: Metric, dim: usize) -> Result<Forest> {
        Ok(Forest {
            layout: Layout::new(metric, dim)?,
            arithmetic: Arithmetic::native(),
            store: Store::Own(Vec::new()),
            items: 0,
            roots: Vec::new(),
            seed: DEFAULT_SEED,
            is_built: false,
            is_loaded: false,
            on_disk: None,
        })
    }

    /// How nearness is measured.
    pub fn metric(&self) -> Metric {
        self.layout.metric
    }

    /// Components of a vector; bits, for `hamming`.
    pub fn dim(&self) -> usize {
        self.layout.dim
    }

    /// One more than the largest number of an item.
    pub fn len(&self) -> usize {
        self.items
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// The number of trees. In a file it is what Annoy counts, which is more than were built
    /// where a tree is one node.
    pub fn trees(&self) -> usize {
        self.roots.len()
    }

    /// Whether trees were built; stays so when the forest is [unloaded](Forest::unload), as in
    /// Annoy.
    pub fn is_built(&self) -> bool {
        self.is_built
    }

    /// Whether the forest lies in a file, and cannot be changed.
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Whether the forest is built in a file.
    pub fn is_on_disk(&self) -> bool {
        self.on_disk.is_some()
    }

    /// How sums are rounded: as by the Annoy of this processor, unless set otherwise.
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// Rounds sums as an Annoy that was compiled for another processor.
    pub fn set_arithmetic(&mut self, arithmetic: Arithmetic) {
        self.arithmetic = arithmetic;
    }

    /// Sets the seed of the random numbers that builds use from now on.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Puts a vector in the place of an item, new or not. Numbers that are left out take as much
    /// memory as items.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the forest lies in a file, the number is above
    /// 2^31 - 2, the vector has another dimension, or the item is new and trees were built;
    /// [`Limit`](anear_types::ErrorKind::Limit) if there is no memory for so many; or if the file
    /// it is built in cannot be written to.
    pub fn add_item(&mut self, item: u32, vector: &[f32]) -> Result<()> {
        self.check_dim(vector)?;
        let (words, items, item) = (self.layout.words, self.items, item as usize);
        if self.is_loaded {
            return Err(Error::usage("You can't add an item to a loaded index"));
        }
        if item >= i32::MAX as usize {
            return Err(Error::usage(format!("item {item} is above {}", i32::MAX - 1)));
        }
        if item >= self.items && !self.roots.is_empty() {
            let what = "a new item cannot be added to built trees";
            return Err(Error::usage(what).help("unbuild the index first"));
        }
        if self.is_on_disk() {
            let mut node = vec![0; words];
            self.fill_node(vector, &mut node);
            return self.put_on_disk(item, &node);
        }
        if item >= self.items {
            let nodes = self.own_nodes();
            let no_memory = |_| Error::limit(format!("no memory for {item} items"));
            nodes.truncate(items * words);
            nodes.try_reserve((item + 1 - items) * words).map_err(no_memory)?;
            nodes.resize((item + 1) * words, 0);
            self.items = item + 1;
        }
        let mut nodes = std::mem::take(self.own_nodes());
        self.fill_node(vector, &mut nodes[item * words..][..words]);
        *self.own_nodes() = nodes;
        Ok(())
    }

    /// Makes a node an item.
    fn fill_node(&self, vector: &[f32], node: &mut [u32]) {
        let (head, words) = node.split_at_mut(self.layout.vector);
        head.fill(0);
        head[0] = 1;
        self.layout.pack(vector, words);
        if self.layout.metric == Metric::Angular {
            head[NORM] = self.arithmetic.squares(vector, Norm::Item).to_bits();
        }
    }

    /// Builds trees over the items.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if trees were built before, or the forest lies in
    /// a file; [`Limit`](anear_types::ErrorKind::Limit) if there would be 2^31 nodes or there is
    /// no memory for them; [`Interrupted`](anear_types::ErrorKind::Interrupted); or if the file it
    /// is built in cannot be written to. There are no trees then.
    pub fn build(&mut self, growth: &Growth, interrupt: Option<Interrupt<'_>>) -> Result<()> {
        if self.is_loaded {
            return Err(Error::usage("You can't build a loaded index"));
        }
        if self.is_built {
            return Err(Error::usage("You can't build a built index"));
        }
        let soil = grow::Soil { layout: self.layout, arithmetic: self.arithmetic };
        if self.is_on_disk() {
            self.build_on_disk(&soil, growth, interrupt)?;
        } else {
            let (words, seed) = (self.items * self.layout.words, self.seed);
            let nodes = self.own_nodes();
            nodes.truncate(words);
            self.roots = soil.grow(nodes, seed, growth, interrupt)?;
        }
        self.is_built = true;
        Ok(())
    }

    /// Takes the trees away, so that items can be added.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the forest lies in a file.
    pub fn unbuild(&mut self) -> Result<()> {
        if self.is_loaded {
            return Err(Error::usage("You can't unbuild a loaded index"));
        }
        match self.is_on_disk() {
            true => self.go_on_on_disk()?,
            false => {
                let words = self.items * self.layout.words;
                self.own_nodes().truncate(words);
            }
        }
        self.roots.clear();
        self.is_built = false;
        Ok(())
    }

    /// Lets go of all items, and of the file they are in.
    pub fn unload(&mut self) {
        let empty = Forest::new(self.layout.metric, self.layout.dim).expect("it was one before");
        let (is_built, arithmetic) = (self.is_built, self.arithmetic);
        *self = Forest { is_built, arithmetic, ..empty };
    }

    /// Whether there is an item of this number.
    pub fn has_item(&self, item: u32) -> bool {
        (item as usize) < self.items && self.nodes().below(item as usize) == 1
    }

    /// The vector of an item; zeros where none was added.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the number is that of no item.
    pub fn item_vector(&self, item: u32) -> Result<Vec<f32>> {
        let item = self.check_item(item)?;
        Ok(self.layout.unpack(self.nodes().vector(item)))
    }

    /// The distance of two items.
    ///
    /// # Errors
    /// As for [`item_vector`](Forest::item_vector).
    pub fn distance(&self, x: u32, y: u32) -> Result<f32> {
        let (x, y) = (self.check_item(x)?, self.check_item(y)?);
        Ok(score::distance(self.nodes(), self.arithmetic, x, y))
    }

    pub(super) fn nodes(&self) -> Nodes<'_> {
        Nodes { layout: self.layout, words: self.store.words(), items: self.items }
    }

    pub(super) fn check_item(&self, item: u32) -> Result<usize> {
        if item as usize >= self.items {
            let items = self.items;
            return Err(Error::usage(format!("there is no item {item}, there are {items}")));
        }
        Ok(item as usize)
    }

    pub(super) fn check_dim(&self, vector: &[f32]) -> Result<()> {
        let (found, dim) = (vector.len(), self.layout.dim);
        if found != dim {
            let what = format!("Vector has wrong length (expected {dim}, got {found})");
            return Err(Error::usage(what));
        }
        Ok(())
    }

    /// The nodes of a forest that lies in no file.
    fn own_nodes(&mut self) -> &mut Vec<u32> {
        match &mut self.store {
            Store::Own(nodes) => nodes,
            Store::File(..) | Store::Growing(..) => unreachable!("it is in memory"),
        }
    }

    /// The input behind a forest that lies in a file.
    pub(super) fn input(&self) -> Option<&Input> {
        match &self.store {
            Store::File(input, _) => Some(input),
            Store::Own(_) | Store::Growing(..) => None,
        }
    }
}

impl std::fmt::Debug for Forest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Layout { metric, dim, .. } = self.layout;
        let (items, trees) = (self.items, self.roots.len());
        write!(f, "Forest({metric}, {items} x {dim}, {trees} trees)")
    }
}
