//! Forests of trees over items, as Annoy makes them: the same files, the same answers, the same
//! trees for the same seed, to the last bit.
//!
//! A [`Forest`] begins empty, takes items under numbers of the caller's choice, is built, and can
//! be searched then; or it is a file that is mapped and searched where it lies. A search goes
//! down all trees at once and ranks the items it meets.
//!
//! * `life` is what can be done with a forest, `file` how it lies in a file, `on_disk` how it is built in one;
//! * `layout` says where a node has what, `nodes` looks at nodes without trusting them;
//! * `walk` goes down the trees, `search` begins and ends that, `score` ranks what was met, `batch` does so for many queries, in the order of `likeness` and with what they have in common `shared`;
//! * `amended` is a file with changes beside it;
//! * `grow` builds trees, with the random numbers of `random`;
//! * [`Arithmetic`] is how Annoy was compiled, which decides how its sums are rounded.

mod amended;
mod ask;
mod batch;
mod file;
mod grow;
mod layout;
mod life;
mod likeness;
mod nodes;
mod on_disk;
mod order;
mod random;
mod score;
mod search;
mod shared;
mod walk;

pub use amended::Amended;
pub use anear_kernels::annoy::Arithmetic;
pub use ask::{Ask, Hit, Scratch};
pub use grow::Growth;
pub use life::Forest;

use anear_types::Metric;

/// Whether items lie in a file the same way for both metrics, and there are forests for them. Trees
/// do not: which metric a file was built for has to be known.
pub fn same_items(one: Metric, other: Metric) -> bool {
    let start =
        |metric| layout::Layout::new(metric, 64).map(|layout| (layout.vector, layout.words));
    matches!((start(one), start(other)), (Ok(one), Ok(other)) if one == other)
}
