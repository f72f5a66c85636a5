//! Streams every row of every entry of a file and prints how long it took:
//! `cargo run --release --example read_blocks -- FILE [THREADS [BLOCK_BYTES]]`.

use anear_formats::{ReadOptions, open};
use anear_io::Input;
use anear_types::{Block, Result};
use std::time::Instant;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_default();
    let mut number = |default| arguments.next().and_then(|n| n.parse().ok()).unwrap_or(default);
    let options = ReadOptions { threads: number(1), ..ReadOptions::default() };
    let block_bytes = number(8 << 20);
    let begin = Instant::now();
    let container = open(Input::open(&path)?, &options)?;
    println!("opened in {:?}", begin.elapsed());
    for (position, entry) in container.entries().iter().enumerate() {
        let begin = Instant::now();
        let schema = &entry.schema;
        let mut block = Block::with_bytes(schema.element, schema.dim, block_bytes);
        let mut source = container.rows(position)?;
        let mut rows = 0;
        while source.next_block(&mut block)? > 0 {
            rows += block.rows();
            block.clear();
        }
        let seconds = begin.elapsed().as_secs_f64();
        let megabytes = schema.total_bytes() as f64 / 1e6;
        println!(
            "{:?}: {rows} x {} {} in {seconds:.3} s, {:.0} MB/s, mapped: {}",
            entry.name,
            schema.dim,
            schema.element,
            megabytes / seconds,
            source.mapped().is_some()
        );
    }
    Ok(())
}
