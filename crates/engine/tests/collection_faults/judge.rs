//! What a crash may leave of a collection.

use crate::belief::Belief;
use crate::change::Change;
use crate::model::{Model, Row};
use crate::question::difference;
use crate::setting::{Setting, path_in};
use anear::{Access, Collection, Silent};
use std::path::Path;

/// Why a folder is not as it should be.
pub(crate) type Judged = Result<(), String>;

/// All that was acknowledged is there, bit for bit, and nothing else; and one can go on.
pub(crate) fn judge(setting: &Setting, folder: &Path, notes: &[String]) -> Judged {
    let mut belief = Belief::from_notes(setting, notes);
    let path = path_in(folder);
    if !Collection::is_at(&path) {
        return match belief.created {
            true => Err("the collection is gone".to_owned()),
            false => Ok(()),
        };
    }
    let collection = open_and_verify(&path, Access::Write)?;
    let state = belief.find(&collection).map_err(|error| format!("cannot read: {error}"))??;
    belief.found(state);
    let mut model = belief.model().clone();
    must_go_on(&collection, &mut model)?;
    drop(collection);
    let collection = open_and_verify(&path, Access::Read)?;
    must_be(&collection, &model, "after going on and opening again")?;
    drop(collection);
    compact(&path, &model)
}

/// Changes can be made as if nothing had happened.
fn must_go_on(collection: &Collection, model: &mut Model) -> Judged {
    let rows = (-3..-1).map(|id| (id, Row::new(id, 0, 1))).collect();
    let more = Change::Upsert(rows);
    more.make(collection).map_err(|error| format!("cannot go on: {error}"))?;
    more.apply(model);
    must_be(collection, model, "after going on")
}

/// Compaction reads every row, so it finds what others passed over.
fn compact(path: &Path, model: &Model) -> Judged {
    let collection = open_and_verify(path, Access::Write)?;
    Change::Compact.make(&collection).map_err(|error| format!("cannot compact: {error}"))?;
    must_be(&collection, model, "after compacting")
}

fn open_and_verify(path: &Path, access: Access) -> Result<Collection, String> {
    let opened = Collection::open(path, access);
    let collection = opened.map_err(|error| format!("cannot open for {access:?}: {error}"))?;
    let verified = collection.verify(false, &mut Silent).map_err(|error| error.to_string())?;
    match &verified.problems[..] {
        [] => Ok(collection),
        problems => Err(format!("verify for {access:?} found {problems:?}")),
    }
}

fn must_be(collection: &Collection, model: &Model, when: &str) -> Judged {
    match difference(collection, model) {
        Ok(None) => Ok(()),
        Ok(Some(difference)) => Err(format!("{when}: {difference}")),
        Err(error) => Err(format!("{when}: {error}")),
    }
}
