//! The node layouts of Annoy and how well a file fits them.
//!
//! An Annoy file is an array of nodes of one size without any header: first the items, then the
//! inner nodes of all trees, at the end copies of the roots. Source: annoy 1.17.3,
//! `src/annoylib.h`. A node begins with the number of items below it (1 for an item); what follows
//! depends on the metric:
//!
//! | metric | at 4 | at 8 | at 12 | vector at |
//! | --- | --- | --- | --- | --- |
//! | angular | children, or the squared norm of an item | second child | | 12 |
//! | euclidean, manhattan | plane offset | children | second child | 16 |
//! | dot | children | second child | dot factor | 16 |
//! | hamming | children | second child | nothing | 16, words of 64 bits |

use anear_types::Metric;

/// How the nodes of a metric are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Annoy's name of the metric.
    pub(super) name: &'static str,
    /// Ours.
    pub(super) metric: Metric,
    /// Where the children or the items of a leaf begin.
    children: usize,
    /// Where the vector begins.
    pub(super) vector: usize,
    /// Bytes the vector grows by.
    step: usize,
}

/// All layouts; those that cannot be told apart stand in order of use.
pub(super) const LAYOUTS: [Layout; 5] = [
    Layout { name: "angular", metric: Metric::Angular, children: 4, vector: 12, step: 4 },
    Layout { name: "euclidean", metric: Metric::Euclidean, children: 8, vector: 16, step: 4 },
    Layout { name: "manhattan", metric: Metric::Manhattan, children: 8, vector: 16, step: 4 },
    Layout { name: "dot", metric: Metric::InnerProduct, children: 4, vector: 16, step: 4 },
    Layout { name: "hamming", metric: Metric::Hamming, children: 4, vector: 16, step: 8 },
];

/// Nodes looked at of each sort.
const SAMPLES: usize = 1000;
/// Components looked at in all.
const SAMPLED_COMPONENTS: usize = 1 << 20;

/// A file seen as nodes of one size.
#[derive(Clone, Copy)]
pub(super) struct Nodes<'a> {
    bytes: &'a [u8],
    /// Bytes in a node.
    pub(super) size: usize,
    /// Number of items.
    pub(super) items: usize,
    /// Copies of roots at the end.
    roots: usize,
}

impl<'a> Nodes<'a> {
    /// Finds items and roots; `None` if there is no such structure.
    pub(super) fn new(bytes: &'a [u8], size: usize) -> Option<Nodes<'a>> {
        let count = bytes.len() / size;
        if count == 0 || !bytes.len().is_multiple_of(size) {
            return None;
        }
        let mut nodes = Nodes { bytes, size, items: 0, roots: 0 };
        nodes.items = usize::try_from(nodes.descendants(count - 1)).ok()?;
        if nodes.are_items_only() {
            return Some(Nodes { items: count, ..nodes });
        }
        if nodes.items == 0 || nodes.items >= count {
            return None;
        }
        let is_root = |node: &usize| nodes.descendants(*node) as usize == nodes.items;
        nodes.roots = (0..count).rev().take_while(is_root).count();
        Some(nodes)
    }

    /// Whether there are no trees. The last node is an item then, which a root over a single item
    /// looks like but for having no vector.
    fn are_items_only(&self) -> bool {
        let is_item = |node: usize| matches!(self.descendants(node), 0 | 1);
        let has_more = |node: usize| {
            let node = &self.bytes[node * self.size..][..self.size];
            node[4..].iter().any(|byte| *byte != 0)
        };
        let last = self.count() - 1;
        self.descendants(last) == 1
            && (0..last).all(is_item)
            && (last == 0 || (1..=last).any(has_more))
    }

    /// Number of nodes of all sorts.
    pub(super) fn count(&self) -> usize {
        self.bytes.len() / self.size
    }

    /// The most items that a node lists, instead of having two children.
    pub(super) fn listed(&self, layout: Layout) -> usize {
        (self.size - layout.children) / 4
    }

    fn i32_at(&self, node: usize, offset: usize) -> i32 {
        let start = node * self.size + offset;
        i32::from_le_bytes(self.bytes[start..start + 4].try_into().expect("four bytes"))
    }

    fn f32_at(&self, node: usize, offset: usize) -> f32 {
        f32::from_bits(self.i32_at(node, offset) as u32)
    }

    /// Items below a node; 1 for an item, 0 for the place of one that was never added.
    pub(super) fn descendants(&self, node: usize) -> i32 {
        self.i32_at(node, 0)
    }

    /// The node at a place in the list of a node's children or items.
    pub(super) fn child(&self, node: usize, position: usize, layout: Layout) -> i32 {
        self.i32_at(node, layout.children + 4 * position)
    }

    /// The number of trees, counted as Annoy does when it loads a file.
    pub(super) fn trees(&self, layout: Layout) -> usize {
        if self.roots == 0 {
            return 0;
        }
        let (first, last) = (self.count() - self.roots, self.count() - 1);
        let child = |node| self.child(node, 0, layout);
        // The root found last may be the original of a copy.
        self.roots - usize::from(self.roots > 1 && child(first) == child(last))
    }

    /// How well the nodes fit a layout, between 0 and 1; `None` if they contradict it.
    pub(super) fn fit(&self, layout: Layout) -> Option<f64> {
        let dim = layout.dim(self.size)?;
        let inner = sample(self.items, self.count(), SAMPLES);
        // An only item has as many descendants as the roots and was counted as one of them.
        let first_root = self.items.max(self.count() - self.roots);
        let roots = sample(first_root, self.count(), SAMPLES);
        if !inner.chain(roots).all(|node| self.is_inner(node, layout)) {
            return None;
        }
        let samples = (SAMPLED_COMPONENTS / dim).clamp(16, SAMPLES);
        if self.roots == 0 && !self.are_plainly_numbers(layout, samples) {
            return None;
        }
        let (mut seen, mut fits) = (0, 0.0);
        for item in sample(0, self.items, samples) {
            match self.descendants(item) {
                0 => {}
                1 => {
                    seen += 1;
                    fits += self.item_fit(item, layout);
                }
                _ => return None,
            }
        }
        let fit = if seen == 0 { 0.5 } else { fits / f64::from(seen) };
        // A few large nodes agree by chance with what many small ones cannot.
        let evidence = self.count() as f64 / (self.count() + 2) as f64;
        (fit > 0.2).then_some(fit * evidence)
    }

    /// Whether vectors are numbers throughout. Without trees nothing else tells several small items
    /// from a large one; bits never do.
    fn are_plainly_numbers(&self, layout: Layout, samples: usize) -> bool {
        let are_numbers = |item: usize| {
            let mut components = (layout.vector..self.size).step_by(4);
            components.all(|offset| is_plausible(self.f32_at(item, offset)))
        };
        !layout.is_bits() && sample(0, self.items, samples).all(are_numbers)
    }

    fn is_inner(&self, node: usize, layout: Layout) -> bool {
        let descendants = self.descendants(node);
        let listed = self.listed(layout);
        let limit = self.items.min(listed);
        let child = |position: usize| self.child(node, position, layout);
        match usize::try_from(descendants) {
            Ok(count) if count == 0 || count > self.items => false,
            Ok(count) if count <= listed => {
                (0..count.min(limit)).all(|i| (0..self.items as i32).contains(&child(i)))
            }
            Ok(_) => {
                let first_bit = self.i32_at(node, layout.vector);
                let bits = (self.size - layout.vector) * 8;
                (0..2).all(|i| (0..self.count() as i64).contains(&i64::from(child(i))))
                    && (!layout.is_bits() || (0..bits as i64).contains(&i64::from(first_bit)))
            }
            Err(_) => false,
        }
    }

    /// How well an item fits: the fields beside its vector, and the numbers in it.
    fn item_fit(&self, item: usize, layout: Layout) -> f64 {
        let zeros = |from: usize, to: usize| {
            (from..to).step_by(4).all(|offset| self.i32_at(item, offset) == 0)
        };
        let components = (layout.vector..self.size).step_by(4);
        let values: Vec<f32> = components.map(|offset| self.f32_at(item, offset)).collect();
        let plausible = values.iter().filter(|value| is_plausible(**value)).count();
        let plausible = plausible as f64 / values.len() as f64;
        match layout.name {
            "angular" => {
                let norm: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
                let stored = f64::from(self.f32_at(item, 4));
                let agrees = (norm - stored).abs() <= 1e-3 * norm.abs().max(1e-30);
                f64::from(u8::from(agrees)) * plausible
            }
            "hamming" => {
                let padding = if zeros(4, 16) { 0.95 } else { 0.0 };
                padding * (1.0 - plausible / 2.0)
            }
            "dot" => match self.f32_at(item, 12) {
                _ if !zeros(4, 12) => 0.0,
                factor if factor > 0.0 && is_plausible(factor) => plausible,
                0.0 => 0.5 * plausible, // right for the longest vector only
                _ => 0.0,
            },
            _ => f64::from(u8::from(zeros(4, 16))) * 0.9 * plausible,
        }
    }
}

impl Layout {
    /// Components in a node of this size (bits, rounded up to words, for hamming).
    pub(super) fn dim(&self, size: usize) -> Option<usize> {
        let bytes = size.checked_sub(self.vector)?;
        match (bytes, bytes % self.step) {
            (0, _) | (_, 1..) => None,
            _ if self.is_bits() => Some(bytes * 8),
            _ => Some(bytes / 4),
        }
    }

    /// Whether a vector is words of bits.
    pub(super) fn is_bits(self) -> bool {
        self.step == 8
    }
}

/// Random bits give numbers of absurd size soon.
fn is_plausible(value: f32) -> bool {
    value == 0.0 || (1e-12..1e12).contains(&value.abs())
}

/// Up to `count` numbers of `start..end`, both ends among them, in between evenly spaced.
fn sample(start: usize, end: usize, count: usize) -> impl Iterator<Item = usize> {
    let length = end - start;
    let count = count.min(length);
    (0..count).map(move |position| match count {
        1 => start,
        _ => start + (position as u128 * (length - 1) as u128 / (count - 1) as u128) as usize,
    })
}
