//! What this machine can do at best, as the benchmarks need it: bytes a second read from memory
//! and floating-point operations a second, on one thread and on two. Prints one JSON object.
//!
//! Compile it for the processor at hand (`-C target-cpu=native`), so that the vectors are the
//! widest there are: `bench/search.py` does. An argument gives the mebibytes to read; fewer than
//! the caches hold would measure the caches.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::thread;
use std::time::Instant;

/// Floats in one vector register.
const LANES: usize = if cfg!(target_feature = "avx512f") {
    16
} else if cfg!(target_feature = "avx") {
    8
} else {
    4
};
/// Chains that do not wait for each other: above two pipes times four cycles, and few enough for
/// sixteen registers with two to spare for the factors.
const CHAINS: usize = 12;
const ROUNDS: usize = 4_000_000;
const RUNS: usize = 7;
const DEFAULT_MEBIBYTES: usize = 512;

fn main() {
    let mebibytes = std::env::args().nth(1).map_or(DEFAULT_MEBIBYTES, |text| {
        text.parse().ok().filter(|&size| size > 0).expect("an argument is a number of mebibytes")
    });
    let numbers = vec![1.0f32; mebibytes << 18];
    let bytes = [1, 2].map(|threads| bytes_per_second(&numbers, threads));
    let flops = [1, 2].map(flops_per_second);
    println!(
        "{{\"lanes\": {LANES}, \"mebibytes\": {mebibytes}, \
         \"read_bytes_per_second\": {{\"1\": {:.0}, \"2\": {:.0}}}, \
         \"flops_per_second\": {{\"1\": {:.0}, \"2\": {:.0}}}}}",
        bytes[0], bytes[1], flops[0], flops[1]
    );
}

/// Each thread adds up its part of the numbers; the best of the runs.
fn bytes_per_second(numbers: &[f32], threads: usize) -> f64 {
    let seconds = best_seconds(|| {
        thread::scope(|scope| {
            for part in numbers.chunks(numbers.len().div_ceil(threads)) {
                scope.spawn(|| black_box(sum(black_box(part))));
            }
        });
    });
    size_of_val(numbers) as f64 / seconds
}

/// As many partial sums as eight vectors hold, so that adding never waits for an addition.
fn sum(numbers: &[f32]) -> f32 {
    const WIDTH: usize = LANES * 8;
    let mut sums = [0.0f32; WIDTH];
    let (blocks, rest) = numbers.as_chunks::<WIDTH>();
    for block in blocks {
        for (sum, number) in sums.iter_mut().zip(block) {
            *sum += number;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Each thread runs all chains; a fused multiply-add counts as two operations.
fn flops_per_second(threads: usize) -> f64 {
    let seconds = best_seconds(|| {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| black_box(multiply_add()));
            }
        });
    });
    (2 * LANES * CHAINS * ROUNDS * threads) as f64 / seconds
}

fn multiply_add() -> [f32; LANES * CHAINS] {
    let mut chains = black_box([1.0f32; LANES * CHAINS]);
    let (factor, summand) = black_box((0.999f32, 0.001f32));
    for _ in 0..ROUNDS {
        for number in &mut chains {
            *number = number.mul_add(factor, summand);
        }
    }
    chains
}

fn best_seconds(run: impl Fn()) -> f64 {
    let time = |_| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_secs_f64()
    };
    (0..RUNS).map(time).fold(f64::INFINITY, f64::min)
}
