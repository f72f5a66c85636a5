//! The worker that `compare.py` talks to: one JSON request a line on standard input, one answer
//! with the seconds it took on standard output. It stays alive, so that starting a process is
//! never part of a time, on either side.
#![forbid(unsafe_code)]

use anear::{
    Block, ConvertRequest, Location, OpenOptions, Queries, SaveRequest, SearchRequest, Silent,
    Vectors,
};
use serde_json::{Value as Json, json};
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

fn main() {
    let stdin = std::io::stdin().lock();
    let mut stdout = std::io::stdout().lock();
    for line in stdin.lines().map_while(Result::ok) {
        let request: Json = serde_json::from_str(&line).expect("a JSON request");
        let answer = match answer(&request) {
            Ok(seconds) => json!({ "seconds": seconds }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(stdout, "{answer}").and_then(|()| stdout.flush()).expect("the driver listens");
    }
}

fn answer(request: &Json) -> anear::Result<f64> {
    let path = request["path"].as_str().unwrap_or_default();
    let threads = request["threads"].as_u64().unwrap_or(1) as usize;
    let options = OpenOptions { threads, ..OpenOptions::default() };
    let begin = Instant::now();
    match request["do"].as_str().unwrap_or_default() {
        "open" => drop(black_box(Vectors::open(path, &options)?)),
        "read" => {
            black_box(read_all(&Vectors::open(path, &options)?)?);
        }
        "search" => search(request, path, &options)?,
        "write" => write(request, path, &options)?,
        other => return Err(anear::Error::usage(format!("unknown request {other:?}"))),
    }
    Ok(begin.elapsed().as_secs_f64())
}

/// All rows in one block of memory, as `np.load` or `dataset[:]` give them.
fn read_all(vectors: &Vectors) -> anear::Result<Block> {
    vectors.read(0..vectors.schema().rows)
}

fn search(request: &Json, path: &str, options: &OpenOptions) -> anear::Result<()> {
    let queries = Queries::At(Location::parse(request["queries"].as_str().unwrap_or_default()));
    let mut search = SearchRequest::nearest(queries, 10);
    search.metric = request["metric"].as_str().and_then(anear::Metric::from_name);
    let reply = anear::search(&Vectors::open(path, options)?, &search, options, &mut Silent)?;
    black_box(reply);
    Ok(())
}

fn write(request: &Json, path: &str, options: &OpenOptions) -> anear::Result<()> {
    let output = Location::parse(request["output"].as_str().unwrap_or_default());
    let save = SaveRequest {
        pickle: request["pickle"] == true,
        replace: true,
        threads: options.threads,
        ..SaveRequest::new(output)
    };
    anear::convert(&ConvertRequest::new(Location::parse(path), save), options, &mut Silent)?;
    Ok(())
}
