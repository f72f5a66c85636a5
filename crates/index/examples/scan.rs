//! How fast exact search is on this machine.
//!
//! `cargo run --release -p anear-index --example scan -- ROWS DIM QUERIES METRIC ELEMENT THREADS`
//!
//! Random rows in memory, the 10 nearest of each query, the best of several runs. Shown are the
//! bytes read, and the multiplications and additions of a matrix product of this size, a second.

use anear_index::flat::{FlatOptions, FlatSearch, Goal, NonFinite};
use anear_kernels::{Rounding, cast};
use anear_types::{Block, Element, MatrixRef, Metric};
use std::time::Instant;

/// On a busy machine only a short run is ever undisturbed, so there are many.
const SECONDS: u64 = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |at: usize, usual: &str| arguments.get(at).map_or(usual, |text| text).to_owned();
    let (rows, dim) = (text(0, "200000").parse()?, text(1, "768").parse()?);
    let query_count: usize = text(2, "1").parse()?;
    let metric = Metric::from_name(&text(3, "l2")).ok_or("no such metric")?;
    let element = Element::from_name(&text(4, "f32")).ok_or("no such element")?;
    let threads = text(5, "1").parse()?;

    let base = random(1, rows, dim, element);
    let queries = random(2, query_count, dim, element);
    let goal = Goal::Nearest { k: 10 };
    let options = FlatOptions { metric, goal, nonfinite: NonFinite::Refuse, threads };
    let mut best = f64::INFINITY;
    let mut sum = 0.0;
    let begin = Instant::now();
    while begin.elapsed().as_secs() < SECONDS {
        let start = Instant::now();
        let mut search = FlatSearch::new(queries.matrix(), options)?;
        search.scan(0, base.matrix(), None)?;
        let found = search.finish();
        best = best.min(start.elapsed().as_secs_f64());
        sum = found.iter().flatten().map(|neighbor| neighbor.distance).sum();
    }
    let bytes = base.matrix().bytes().len() as f64;
    let products = 2.0 * (rows * dim * query_count) as f64;
    println!(
        "{rows} x {dim} {element}, {query_count} queries, {metric}, {threads} threads: \
         {:.2} ms, {:.1} GB/s, {:.1} GFLOP/s (sum of distances {sum:.6})",
        best * 1e3,
        bytes / best / 1e9,
        products / best / 1e9
    );
    Ok(())
}

fn random(seed: u64, rows: usize, dim: usize, element: Element) -> Block {
    let mut state = seed;
    let mut out = Block::new(element, dim, rows);
    for first_row in 0..rows {
        let scale = if element.is_float() { 1.0 } else { 100.0 };
        let row: Vec<u8> = (0..dim)
            .flat_map(|_| {
                // A multiplicative generator (Steele and Vigna 2021); its upper bits will do.
                state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
                (scale * ((state >> 40) as f64 / (1 << 24) as f64)).to_ne_bytes()
            })
            .collect();
        let row = MatrixRef::new(&row, Element::F64, 1, dim);
        cast(row, first_row as u64, Rounding::Lossy, &mut out).expect("finite numbers");
    }
    out
}
