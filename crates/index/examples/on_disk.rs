//! How much memory a build in a file takes: `cargo run --release -p anear-index --example on_disk --
//! FILE.ann METRIC DIM ITEMS TREES THREADS` builds a forest over random items in the file, and prints
//! the size of the file and, on Linux, the most memory of its own that the process had.

use anear_index::forest::{Forest, Growth};
use anear_types::{Metric, Result};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, metric, dim, items, trees, threads] = &arguments[..] else {
        panic!("FILE.ann METRIC DIM ITEMS TREES THREADS")
    };
    let number = |text: &String| text.parse::<usize>().expect("a number");
    let metric = Metric::from_name(metric).expect("a metric");
    let mut forest = Forest::new(metric, number(dim))?;
    forest.on_disk_build(Path::new(file))?;
    let (mut state, mut row) = (1u64, vec![0.0; number(dim)]);
    for item in 0..number(items) {
        for value in &mut row {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *value = (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
        }
        forest.add_item(item as u32, &row)?;
    }
    let begin = Instant::now();
    let (asked, most) = (AtomicU64::new(0), AtomicU64::new(0));
    let watch = || {
        if asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(100) {
            most.fetch_max(own_kib(), Ordering::Relaxed);
        }
        false
    };
    let growth = Growth::trees(number(trees) as i32).on_threads(number(threads) as i32);
    forest.build(&growth, Some(&watch))?;
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let most = most.into_inner();
    let (file, own, time) = (bytes >> 20, most >> 10, begin.elapsed().as_secs_f64());
    println!("file {file} MiB, memory of its own {own} MiB, build {time:.1} s");
    Ok(())
}

/// KiB of memory that is not a file's.
fn own_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
