//! The vectors that a search is for.

use crate::args::Query;
use anear::{Error, Location, Queries, Result};
use std::io::BufRead;

/// What `--query`, `--vector`, `--row` or `--id` stand for.
pub(super) fn queries(query: &Query) -> Result<Queries> {
    Ok(match (&query.query, &query.vector) {
        (Some(dash), _) if dash == "-" => Queries::Given(stdin_vectors()?),
        (Some(file), _) => Queries::At(Location::parse(file)),
        (_, Some(text)) => Queries::Given(vec![parse_vector(text, "--vector")?]),
        _ if query.id.is_empty() => Queries::Rows(query.row.clone()),
        _ => Queries::Ids(query.id.clone()),
    })
}

/// One JSON array a line.
fn stdin_vectors() -> Result<Vec<Vec<f64>>> {
    let mut vectors = Vec::new();
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|source| Error::io("cannot read standard input", source))?;
        if !line.trim().is_empty() {
            vectors.push(parse_vector(&line, &format!("line {} of standard input", number + 1))?);
        }
    }
    Ok(vectors)
}

fn parse_vector(text: &str, place: &str) -> Result<Vec<f64>> {
    serde_json::from_str(text)
        .map_err(|error| Error::bad_data(format!("{place} is no JSON array of numbers: {error}")))
}
