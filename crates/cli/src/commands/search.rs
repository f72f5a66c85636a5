//! `anear search`.

use super::answer::Answer;
use super::{collection, query, shown};
use crate::args::{Common, Search};
use crate::output::Shown;
use crate::progress::Bar;
use anear::{Collection, Error, Goal, NonFinite, Result, SearchRequest, Vectors};

pub(crate) fn run(arguments: &Search, common: &Common) -> Result<()> {
    if Collection::is_at(&arguments.path) {
        return collection::search::run(arguments, common);
    }
    if arguments.text.is_some() {
        let error = Error::usage("text is searched in collections only, and this is none");
        return Err(error.at_path(&arguments.path));
    }
    let options = super::open_options(common, &arguments.ids);
    let vectors = Vectors::open(&arguments.path, &options)?;
    let goal = goal(arguments);
    let request = SearchRequest {
        metric: arguments.metric,
        goal,
        condition: arguments.condition.condition.clone(),
        params: arguments.condition.params.clone(),
        meta: arguments.meta.clone(),
        show: shown(&arguments.show),
        nonfinite: match arguments.skip_nonfinite {
            true => NonFinite::Skip,
            false => NonFinite::Refuse,
        },
        memory_bytes: arguments.memory,
        exact: arguments.exact,
        ..SearchRequest::nearest(query::queries(&arguments.query)?, arguments.k)
    };
    let reply = anear::search(&vectors, &request, &options, &mut Bar::new(common.quiet))?;
    let answer = Answer {
        metric: reply.metric.name(),
        exact: reply.exact,
        goal,
        columns: reply.columns.into_iter().map(Shown::plain).collect(),
        with_rows: true,
        results: reply.results,
    };
    answer.print(common)
}

/// How many hits, or how near.
pub(super) fn goal(arguments: &Search) -> Goal {
    match arguments.radius {
        Some(radius) => Goal::Within { radius },
        None => Goal::Nearest { k: arguments.k },
    }
}
