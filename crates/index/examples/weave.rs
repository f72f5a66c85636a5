//! How fast indexes of FAISS's kinds are made on this machine.
//!
//! `cargo run --release -p anear-index --example weave -- FILE DIM ROWS KIND THREADS`
//!
//! The file holds rows of so many little-endian f32, of which the first are taken; the kind is described
//! as FAISS does, as `HNSW32`. Shown is how long training and adding rows take.

use anear_index::making::{Training, Vectors, Work, add, from_factory, train};
use anear_types::Measure;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, dim, rows, kind, threads] = &arguments[..] else {
        return Err("a file, its dimension, rows, a kind and threads are needed".into());
    };
    let (dim, rows): (usize, usize) = (dim.parse()?, rows.parse()?);
    let work = Work { threads: threads.parse()?, ..Work::default() };
    let bytes = std::fs::read(file)?;
    let floats = bytes.as_chunks().0.iter().take(rows * dim);
    let values: Vec<f32> = floats.map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let vectors = Vectors::Floats { values: &values, dim };
    let mut parts = from_factory(kind, dim, Measure::L2)?;
    let start = Instant::now();
    train(&mut parts, vectors, &Training::default(), &work)?;
    let trained = start.elapsed().as_secs_f64();
    add(&mut parts, vectors, None, &work)?;
    let all = start.elapsed().as_secs_f64();
    println!("{rows} x {dim} {kind}, {threads} threads: {trained:.3} s + {:.3} s", all - trained);
    Ok(())
}
