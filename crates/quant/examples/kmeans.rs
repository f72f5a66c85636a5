//! How fast k-means is on this machine.
//!
//! `cargo run --release -p anear-quant --example kmeans -- FILE DIM COMPONENTS CENTROIDS ITERATIONS THREADS`
//!
//! The file holds rows of so many little-endian f32, of which the first components are taken. Shown are
//! the best time of several runs, and the sum of squared distances in the last round.

use anear_quant::Work;
use anear_quant::kmeans::{KmeansSettings, kmeans};
use std::time::Instant;

/// On a busy machine only some runs are undisturbed.
const RUNS: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, rest @ ..] = &arguments[..] else { return Err("a file of rows is needed".into()) };
    let numbers = rest.iter().map(|number| number.parse()).collect::<Result<Vec<usize>, _>>()?;
    let &[dim, components, centroids, iterations, threads] = &numbers[..] else {
        return Err("the dimension, and how much of what is to be done, are needed".into());
    };
    let bytes = std::fs::read(file)?;
    let values: Vec<f32> =
        bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let rows: Vec<f32> =
        values.chunks_exact(dim).flat_map(|row| &row[..components]).copied().collect();
    let settings = KmeansSettings { iterations, ..KmeansSettings::default() };
    let work = Work { threads, ..Work::default() };
    let mut best = f64::INFINITY;
    let mut objective = 0.0;
    for _ in 0..RUNS {
        let start = Instant::now();
        objective = kmeans(&rows, components, centroids, &settings, &work)?.objective();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{} x {components}, {centroids} centroids, {threads} threads: {best:.3} s, {objective}",
        values.len() / dim
    );
    Ok(())
}
