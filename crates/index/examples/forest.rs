//! Times of a forest: building, opening, searching one by one and many at once.
//!
//! `cargo run --release -p anear-index --example forest -- FILE.ann METRIC DIM ITEMS TREES`
//! builds a forest over random items (the file is kept, for another library to search), and
//! prints one line for each time.

use anear_index::forest::{Ask, Forest, Growth, Scratch};
use anear_types::{Metric, Result};
use std::path::Path;
use std::time::Instant;

const QUERIES: usize = 1000;
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, metric, dim, items, trees] = &arguments[..] else {
        panic!("FILE.ann METRIC DIM ITEMS TREES")
    };
    let number = |text: &String| text.parse::<usize>().expect("a number");
    let (dim, items, trees) = (number(dim), number(items), number(trees));
    let metric = Metric::from_name(metric).expect("a metric");
    let mut state = 1;
    let rows = random(items * dim, &mut state);
    let queries = random(QUERIES * dim, &mut state);
    let path = Path::new(file);

    let mut forest = Forest::new(metric, dim)?;
    for (item, row) in rows.chunks(dim).enumerate() {
        forest.add_item(item as u32, row)?;
    }
    forest.set_seed(42);
    let build = best(|| {
        forest.unbuild()?;
        forest.build(&Growth::trees(trees as i32), None)
    })?;
    println!("build {build:.3} s");
    forest.save(path, false)?;
    println!("open {:.6} s", best(|| Forest::load(path, metric, dim, false).map(drop))?);
    let forest = Forest::load(path, metric, dim, false)?;

    let mut scratch = Scratch::default();
    for search_k in [-1, 1000, 10_000] {
        let ask = Ask { search_k, ..Ask::nearest(10) };
        let single = best(|| {
            queries.chunks(dim).try_for_each(|query| {
                let found = forest.nearest(query, &ask, &mut scratch)?;
                std::hint::black_box(found);
                Ok(())
            })
        })?;
        let many = best(|| {
            std::hint::black_box(forest.nearest_each(&queries, &ask, 1, None)?);
            Ok(())
        })?;
        let a_second = |time: f64| QUERIES as f64 / time;
        let (single, many) = (a_second(single), a_second(many));
        println!("search_k {search_k}: {single:.0} queries/s one by one, {many:.0} at once");
    }
    Ok(())
}

/// The shortest time that a task takes, in seconds.
fn best(mut task: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut shortest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        task()?;
        shortest = shortest.min(begin.elapsed().as_secs_f64());
    }
    Ok(shortest)
}

/// Sums of uniform numbers, which are about normal, from a plain generator.
fn random(count: usize, state: &mut u64) -> Vec<f32> {
    let mut next = || {
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..count).map(|_| (0..4).map(|_| next()).sum()).collect()
}
