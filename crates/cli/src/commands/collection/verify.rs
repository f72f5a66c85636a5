//! `anear verify`.

use crate::args::{Common, Verify};
use crate::output;
use crate::progress::Bar;
use anear::{Access, Collection, Error, Problem, Result, Verified};
use serde_json::{Value as Json, json};
use std::path::Path;

pub(crate) fn run(arguments: &Verify, common: &Common) -> Result<()> {
    let access = if arguments.check_only { Access::Read } else { Access::Write };
    let collection = Collection::open(&arguments.path, access)?;
    let verified = collection.verify(!arguments.check_only, &mut Bar::new(common.quiet))?;
    match common.json {
        true => output::json(&as_json(&verified))?,
        false => show(&arguments.path, &verified, common)?,
    }
    match left(&verified) {
        0 => Ok(()),
        left => {
            let error = Error::malformed(format!("{left} problems are left"));
            let error = error.at_path(&arguments.path);
            Err(match arguments.check_only {
                true => error.help("without --check-only, what can be is repaired"),
                false => error,
            })
        }
    }
}

/// Problems that were not set right.
fn left(verified: &Verified) -> usize {
    verified.problems.iter().filter(|problem| !problem.repaired).count()
}

fn as_json(verified: &Verified) -> Json {
    let problem_json =
        |problem: &Problem| json!({"what": problem.what, "repaired": problem.repaired});
    json!({
        "rows": verified.rows,
        "problems": verified.problems.iter().map(problem_json).collect::<Vec<Json>>(),
    })
}

fn show(path: &Path, verified: &Verified, common: &Common) -> Result<()> {
    for problem in &verified.problems {
        let state = if problem.repaired { "repaired" } else { "damaged" };
        output::text(&format!("{state}: {}", problem.what))?;
    }
    if common.quiet || left(verified) > 0 {
        return Ok(());
    }
    output::text(&format!("{}: {} rows, all is well", path.display(), verified.rows))
}
