//! `anear search` in a collection.

use super::{condition, ids, no_such_flag, shown_columns};
use crate::args::{Common, Search};
use crate::commands::answer::Answer;
use crate::commands::{query, search, threads};
use anear::{
    Access, Collection, CollectionHit, CollectionSearch, Error, Expected, Hit, Location,
    OpenOptions, Queries, Result, Sought, Vectors,
};

pub(crate) fn run(arguments: &Search, common: &Common) -> Result<()> {
    refuse_flags_of_files(arguments)?;
    let collection = Collection::open(&arguments.path, Access::Read)?;
    collection.check(&Expected { metric: arguments.metric, ..Expected::default() })?;
    let columns = shown_columns(&collection, &arguments.show)?;
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let goal = search::goal(arguments);
    let request = CollectionSearch {
        goal,
        condition: condition(&arguments.condition),
        show: Some(&names),
        threads: threads(common),
        interrupt: None,
    };
    let text = arguments.text.as_deref();
    let (metric, found) = match (query::queries(&arguments.query)?, text) {
        (Queries::Rows(rows), Some(text)) if rows.is_empty() => {
            ("bm25", collection.search(&Sought::Text(text), &request)?)
        }
        (Queries::Rows(_), _) => {
            return Err(no_such_flag("--row", "rows of a collection are called by --id"));
        }
        (Queries::Ids(_), Some(_)) => {
            return Err(Error::usage("--text goes with --vector or --query, not with --id"));
        }
        (Queries::Ids(given), None) => {
            let ids = ids::parse(&collection, &given)?;
            (collection.metric().name(), collection.search(&Sought::Ids(&ids), &request)?)
        }
        (queries, text) => {
            let vectors = query_rows(queries, threads(common))?;
            let vector = vectors.matrix();
            match text {
                Some(text) => {
                    ("rrf", collection.search(&Sought::Hybrid { vector, text }, &request)?)
                }
                None => {
                    let sought = Sought::Vectors(vector);
                    (collection.metric().name(), collection.search(&sought, &request)?)
                }
            }
        }
    };
    let hits = |hits: Vec<CollectionHit>| hits.into_iter().map(hit).collect();
    let results = found.into_iter().map(hits).collect();
    Answer { metric, goal, columns, with_rows: false, results }.print(common)
}

fn hit(hit: CollectionHit) -> Hit {
    let CollectionHit { row, id, distance, metadata } = hit;
    Hit { row, id, distance, metadata }
}

fn refuse_flags_of_files(arguments: &Search) -> Result<()> {
    if arguments.meta.is_some() {
        return Err(no_such_flag("--meta", "it has metadata of its own; anear add takes --meta"));
    }
    if arguments.ids.ids.is_some() {
        return Err(no_such_flag("--ids", "it has ids of its own; anear add takes --ids"));
    }
    Ok(())
}
