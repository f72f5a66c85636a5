//! Sharing trees out to threads.

use super::tree::{Ground, Grower};
use super::{Grown, Growth};
use crate::Interrupt;
use crate::flat::side_by_side;
use anear_types::{Error, Result};

/// Grows trees on as many threads as asked for.
pub(super) fn grow(
    ground: &Ground<'_>,
    seed: u64,
    growth: &Growth,
    interrupt: Option<Interrupt<'_>>,
) -> Result<Vec<Grown>> {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = usize::try_from(growth.threads).ok().filter(|threads| *threads > 0);
    let threads = threads.unwrap_or_else(all);
    let mut growers: Vec<Grower<'_>> =
        (0..threads).map(|thread| Grower::new(ground, seed.wrapping_add(thread as u64))).collect();
    match usize::try_from(growth.trees) {
        Ok(trees) => {
            let shares = (0..threads).map(|thread| (trees + thread) / threads);
            each(growers.iter_mut().zip(shares), interrupt)?;
        }
        Err(_) => {
            let items = ground.nodes.items;
            while growers.iter().map(Grower::nodes).sum::<usize>() < items {
                each(growers.iter_mut().map(|grower| (grower, 1)), interrupt)?;
            }
        }
    }
    Ok(growers.into_iter().map(Grower::finish).collect())
}

/// Lets each of some growers grow some trees, on a thread of its own.
fn each<'a, 'g: 'a>(
    growers: impl Iterator<Item = (&'a mut Grower<'g>, usize)>,
    interrupt: Option<Interrupt<'_>>,
) -> Result<()> {
    let growers = growers.filter(|(_, trees)| *trees > 0).enumerate();
    let tasks = growers.map(|(thread, (grower, trees))| {
        // The interrupt is asked on the caller's own thread, as Python's signal handlers want it.
        let interrupt = interrupt.filter(|_| thread == 0);
        move || (0..trees).try_for_each(|_| grower.grow(interrupt))
    });
    side_by_side(tasks).into_iter().collect::<Result<(), Error>>()
}
