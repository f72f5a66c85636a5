//! `anear search`.

use crate::args::{Common, Query, Search};
use crate::output;
use crate::progress::Bar;
use anear::{
    Error, Goal, Hit, Location, NonFinite, Queries, Result, SearchReply, SearchRequest, Vectors,
};
use serde_json::{Value as Json, json};
use std::io::{BufRead, IsTerminal};

/// Characters of a metadata value shown in a table on a terminal.
const SHOWN_CHARACTERS: usize = 120;

pub(crate) fn run(arguments: &Search, common: &Common) -> Result<()> {
    let options = super::open_options(common);
    let vectors = Vectors::open(&arguments.path, &options)?;
    let request = SearchRequest {
        metric: arguments.metric,
        goal: match arguments.radius {
            Some(radius) => Goal::Within { radius },
            None => Goal::Nearest { k: arguments.k },
        },
        condition: arguments.condition.clone(),
        meta: arguments.meta.clone(),
        show: shown(&arguments.show),
        nonfinite: match arguments.skip_nonfinite {
            true => NonFinite::Skip,
            false => NonFinite::Refuse,
        },
        memory_bytes: arguments.memory,
        ..SearchRequest::nearest(queries(&arguments.query)?, arguments.k)
    };
    let reply = anear::search(&vectors, &request, &options, &mut Bar::new(common.quiet))?;
    match common.json {
        true => output::json(&as_json(&request, &reply)),
        false => show(&reply),
    }
}

fn queries(query: &Query) -> Result<Queries> {
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

/// The columns named by `--show`: `None` for all, which is also what is shown when none is named.
fn shown(show: &[String]) -> Option<Vec<String>> {
    match show {
        [] => None,
        [all] if all == "all" => None,
        names => Some(names.iter().filter(|name| !name.is_empty()).cloned().collect()),
    }
}

fn as_json(request: &SearchRequest, reply: &SearchReply) -> Json {
    let hit_json = |hit: &Hit| {
        let metadata = reply.columns.iter().map(String::as_str).zip(&hit.metadata);
        json!({
            "row": hit.row,
            "id": output::value_json(&hit.id),
            "distance": hit.distance,
            "metadata": output::object(metadata),
        })
    };
    let result_json = |(query, hits): (usize, &Vec<Hit>)| json!({"query": query, "hits": hits.iter().map(hit_json).collect::<Vec<Json>>()});
    let mut document = json!({"metric": reply.metric.name(), "exact": true});
    match request.goal {
        Goal::Nearest { k } => document["k"] = Json::from(k),
        Goal::Within { radius } => document["radius"] = Json::from(radius),
    }
    let results = reply.results.iter().enumerate().map(result_json);
    document["results"] = results.collect::<Vec<Json>>().into();
    document
}

fn show(reply: &SearchReply) -> Result<()> {
    let several = reply.results.len() > 1;
    let on_terminal = std::io::stdout().is_terminal();
    let columns = reply.columns.iter().map(String::as_str);
    let first = if several { vec!["query", "distance", "row"] } else { vec!["distance", "row"] };
    let with_ids =
        reply.results.iter().flatten().any(|hit| hit.id != anear::Value::Int(hit.row as i64));
    let with_ids = with_ids && !reply.columns.iter().any(|name| name == "id");
    let id = with_ids.then_some("id");
    let mut table = output::table(first.into_iter().chain(id).chain(columns));
    for (query, hits) in reply.results.iter().enumerate() {
        for hit in hits {
            let mut cells = Vec::new();
            if several {
                cells.push(query.to_string());
            }
            cells.push(format!("{:.6}", hit.distance));
            cells.push(hit.row.to_string());
            if with_ids {
                cells.push(output::cell(&hit.id));
            }
            cells.extend(
                hit.metadata.iter().map(|value| shortened(output::cell(value), on_terminal)),
            );
            table.add_row(cells);
        }
    }
    output::print(&table)
}

fn shortened(text: String, on_terminal: bool) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) if on_terminal => format!("{}..", &text[..end]),
        _ => text,
    }
}
