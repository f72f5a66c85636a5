//! `anear search` in a collection.

use super::{condition, ids, no_such_flag, shown};
use crate::args::{Common, Search};
use crate::commands::answer::Answer;
use crate::commands::{self, open_options, query, search};
use anear::{
    Access, Collection, CollectionHit, CollectionSearch, Error, Expected, Hit, Queries, Result,
    Sought,
};

pub(crate) fn run(arguments: &Search, common: &Common) -> Result<()> {
    refuse_flags_of_files(arguments)?;
    let collection = Collection::open(&arguments.path, Access::Read)?;
    collection.check(&Expected { metric: arguments.metric, ..Expected::default() })?;
    let show = commands::shown(&arguments.show);
    let options = open_options(common, &arguments.ids);
    let goal = search::goal(arguments);
    let request = CollectionSearch {
        goal,
        condition: condition(&arguments.condition),
        show: show.as_deref(),
        exact: arguments.exact,
        threads: options.threads,
        interrupt: None,
    };
    let text = arguments.text.as_deref();
    let queries = query::queries(&arguments.query)?;
    let (metric, reply) = match (&queries, text) {
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
            let ids = ids::parse(&collection, given)?;
            (collection.metric().name(), collection.search(&Sought::Ids(&ids), &request)?)
        }
        (given, text) => {
            let vectors = given.vectors(&options)?.expect("these are no rows of the collection");
            let vector = vectors.matrix();
            let (metric, sought) = match text {
                Some(text) => ("rrf", Sought::Hybrid { vector, text }),
                None => (collection.metric().name(), Sought::Vectors(vector)),
            };
            (metric, collection.search(&sought, &request)?)
        }
    };
    let hits = |hits: Vec<CollectionHit>| hits.into_iter().map(hit).collect();
    let (exact, columns) = (reply.exact, shown(&reply.columns));
    let results = reply.results.into_iter().map(hits).collect();
    Answer { metric, exact, goal, columns, with_rows: false, results }.print(common)
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
    if arguments.effort.is_some() {
        return Err(no_such_flag("--effort", "a collection is searched exactly"));
    }
    Ok(())
}
