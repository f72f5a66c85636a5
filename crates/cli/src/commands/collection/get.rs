//! `anear get`.

use super::{ids, shown};
use crate::args::{Common, Get};
use crate::commands::{self, rows};
use crate::output;
use anear::{Access, Collection, Error, Fetched, Result};
use serde_json::{Value as Json, json};

pub(crate) fn run(arguments: &Get, common: &Common) -> Result<()> {
    let collection = Collection::open(&arguments.path, Access::Read)?;
    let ids = ids::parse(&collection, &arguments.ids)?;
    let show = commands::shown(&arguments.show);
    let fetched = collection.get(&ids, show.as_deref())?;
    if common.json {
        output::json(&as_json(&fetched))?;
    } else if !fetched.ids.is_empty() {
        let ids = (0..fetched.ids.len()).map(|row| output::cell(&fetched.ids.get(row)));
        rows::show("id", ids, &fetched.metadata, fetched.vectors.matrix())?;
    }
    match fetched.missing.first() {
        None => Ok(()),
        Some(first) => {
            let what = match fetched.missing.len() {
                1 => format!("there is no row with id {first}"),
                count => format!("there are no rows with {count} of the ids, the first is {first}"),
            };
            Err(Error::usage(what).at_path(&arguments.path))
        }
    }
}

fn as_json(fetched: &Fetched) -> Json {
    let shown = shown(&fetched.columns);
    let row_json = |row: usize| {
        json!({
            "id": output::value_json(&fetched.ids.get(row)),
            "vector": rows::components(fetched.vectors.matrix(), row),
            "metadata": rows::metadata_json(&shown, &fetched.metadata, row),
        })
    };
    json!({
        "rows": (0..fetched.ids.len()).map(row_json).collect::<Vec<Json>>(),
        "missing": fetched.missing.iter().map(output::value_json).collect::<Vec<Json>>(),
    })
}
