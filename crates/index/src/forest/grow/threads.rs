//! Sharing trees out to threads.

use super::tree::{Ground, Grower};
use super::{Growth, grown::Grown};
use crate::Interrupt;
use crate::flat::side_by_side;
use anear_types::{Error, Result};
use std::sync::Mutex;

/// Trees with random numbers of their own that are grown before it is asked whether there are
/// enough.
const ROUND: usize = 8;

/// Grows trees on as many threads as asked for. `place` says where each grower puts its nodes.
pub(super) fn grow(
    ground: &Ground<'_>,
    seed: u64,
    growth: &Growth,
    place: &dyn Fn(usize) -> Result<Grown>,
    interrupt: Option<Interrupt<'_>>,
) -> Result<Vec<Grown>> {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = usize::try_from(growth.threads).ok().filter(|threads| *threads > 0);
    let threads = threads.unwrap_or_else(all);
    let trees = usize::try_from(growth.trees).ok();
    let grower = |number: usize| {
        place(number).map(|grown| Grower::new(ground, seed.wrapping_add(number as u64), grown))
    };
    let begun = match (growth.each_alone, trees) {
        (false, _) => threads,
        (true, trees) => trees.unwrap_or(0),
    };
    let mut growers: Vec<Grower<'_>> = (0..begun).map(grower).collect::<Result<_>>()?;
    let is_enough = |growers: &[Grower<'_>]| {
        growers.iter().map(Grower::nodes).sum::<usize>() >= ground.nodes.items
    };
    match (growth.each_alone, trees) {
        (true, Some(_)) => each(growers.iter_mut().map(|grower| (grower, 1)), threads, interrupt)?,
        (true, None) => {
            while !is_enough(&growers) {
                let first = growers.len();
                for number in first..first + ROUND {
                    growers.push(grower(number)?);
                }
                let new = growers[first..].iter_mut().map(|grower| (grower, 1));
                each(new, threads, interrupt)?;
            }
        }
        (false, Some(trees)) => {
            let shares = (0..threads).map(|thread| (trees + thread) / threads);
            each(growers.iter_mut().zip(shares), threads, interrupt)?;
        }
        (false, None) => {
            while !is_enough(&growers) {
                each(growers.iter_mut().map(|grower| (grower, 1)), threads, interrupt)?;
            }
        }
    }
    Ok(growers.into_iter().map(Grower::finish).collect())
}

/// Lets each of some growers grow some trees, on some threads.
fn each<'a, 'g: 'a>(
    growers: impl Iterator<Item = (&'a mut Grower<'g>, usize)>,
    threads: usize,
    interrupt: Option<Interrupt<'_>>,
) -> Result<()> {
    let mut waiting: Vec<_> = growers.filter(|(_, trees)| *trees > 0).collect();
    waiting.reverse();
    let threads = threads.min(waiting.len()).max(1);
    let waiting = Mutex::new(waiting);
    let work = |interrupt: Option<Interrupt<'_>>| -> Result<()> {
        loop {
            let next = waiting.lock().expect("no thread panics with it").pop();
            let Some((grower, trees)) = next else { return Ok(()) };
            if let Err(error) = (0..trees).try_for_each(|_| grower.grow(interrupt)) {
                waiting.lock().expect("no thread panics with it").clear();
                return Err(error);
            }
        }
    };
    let work = &work;
    // The interrupt is asked on the caller's own thread, as signal handlers of Python want it.
    let tasks = (0..threads).map(|thread| move || work(interrupt.filter(|_| thread == 0)));
    side_by_side(tasks).into_iter().collect::<Result<(), Error>>()
}
