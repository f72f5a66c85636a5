//! `anear add`.

use crate::args::{Add, Common};
use crate::commands::open_options;
use crate::output;
use crate::progress::Bar;
use anear::{Access, Collection, Existing, Expected, Location, Result, Vectors};
use serde_json::json;

pub(crate) fn run(arguments: &Add, common: &Common) -> Result<()> {
    let collection = Collection::open(&arguments.path, Access::Write)?;
    let model = arguments.model.as_deref();
    collection.check(&Expected { model, ..Expected::default() })?;
    let options = open_options(common, &arguments.ids);
    let vectors = Vectors::open_at(&Location::parse(&arguments.input), &options)?;
    let existing = if arguments.upsert { Existing::Replace } else { Existing::Refuse };
    let meta = arguments.meta.as_deref();
    let mut bar = Bar::new(common.quiet);
    let added = collection.import(&vectors, meta, existing, &options, &mut bar)?;
    collection.close()?;
    if common.json {
        return output::json(&json!({
            "added": added.added,
            "updated": added.updated,
            "rows": added.rows,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let path = arguments.path.display();
    let updated = match added.updated {
        0 => String::new(),
        updated => format!("replaced {updated}, "),
    };
    output::text(&format!("{path}: added {}, {updated}{} rows", added.added, added.rows))
}
