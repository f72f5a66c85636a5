//! What a search found, as JSON or as a table.

use crate::args::Common;
use crate::output::{self, Shown};
use anear::{Goal, Hit, Result, Value};
use serde_json::{Value as Json, json};
use std::io::IsTerminal;

/// Characters of a metadata value shown in a table on a terminal.
const SHOWN_CHARACTERS: usize = 120;

/// What a search found.
pub(super) struct Answer {
    /// How nearness was measured.
    pub(super) metric: &'static str,
    /// Whether each hit is surely among the nearest.
    pub(super) exact: bool,
    /// How many hits, or how near.
    pub(super) goal: Goal,
    /// The metadata columns of the hits.
    pub(super) columns: Vec<Shown>,
    /// Whether a table tells the rows too, where ids are not the rows' only names.
    pub(super) with_rows: bool,
    /// Hits for each query, nearest first.
    pub(super) results: Vec<Vec<Hit>>,
}

impl Answer {
    /// Prints it.
    pub(super) fn print(&self, common: &Common) -> Result<()> {
        match common.json {
            true => output::json(&self.as_json()),
            false => self.show(),
        }
    }

    fn as_json(&self) -> Json {
        let hit_json = |hit: &Hit| {
            json!({
                "row": hit.row,
                "id": output::value_json(&hit.id),
                "distance": hit.distance,
                "metadata": output::object(self.columns.iter().zip(&hit.metadata)),
            })
        };
        let result_json = |(query, hits): (usize, &Vec<Hit>)| json!({"query": query, "hits": hits.iter().map(hit_json).collect::<Vec<Json>>()});
        let mut document = json!({"metric": self.metric, "exact": self.exact});
        match self.goal {
            Goal::Nearest { k } => document["k"] = Json::from(k),
            Goal::Within { radius } => document["radius"] = Json::from(radius),
        }
        let results = self.results.iter().enumerate().map(result_json);
        document["results"] = results.collect::<Vec<Json>>().into();
        document
    }

    fn show(&self) -> Result<()> {
        let several = self.results.len() > 1;
        let on_terminal = std::io::stdout().is_terminal();
        let with_ids = !self.with_rows || self.has_ids();
        let header = [
            several.then_some("query"),
            Some("distance"),
            self.with_rows.then_some("row"),
            with_ids.then_some("id"),
        ];
        let columns = self.columns.iter().map(|column| column.name.as_str());
        let mut table = output::table(header.into_iter().flatten().chain(columns));
        for (query, hits) in self.results.iter().enumerate() {
            for hit in hits {
                let first = [
                    several.then(|| query.to_string()),
                    Some(format!("{:.6}", hit.distance)),
                    self.with_rows.then(|| hit.row.to_string()),
                    with_ids.then(|| output::cell(&hit.id)),
                ];
                let metadata = hit.metadata.iter().map(output::cell);
                let metadata = metadata.map(|text| shortened(text, on_terminal));
                table.add_row(first.into_iter().flatten().chain(metadata));
            }
        }
        output::print(&table)
    }

    /// Whether ids tell something that neither rows nor columns do.
    fn has_ids(&self) -> bool {
        let are_rows =
            |hits: &Vec<Hit>| hits.iter().all(|hit| hit.id == Value::Int(hit.row as i64));
        !self.results.iter().all(are_rows) && !self.columns.iter().any(|column| column.name == "id")
    }
}

fn shortened(text: String, on_terminal: bool) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) if on_terminal => format!("{}..", &text[..end]),
        _ => text,
    }
}
