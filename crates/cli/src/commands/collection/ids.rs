//! Ids on the command line, which are text there.

use anear::{Collection, ColumnKind, Error, Ids, Result};
use std::borrow::Cow;
use std::io::BufRead;

/// Ids as the collection has them: integers or text. A single `-` stands for the lines of standard
/// input.
pub(super) fn parse(collection: &Collection, given: &[String]) -> Result<Ids> {
    let given = match given {
        [dash] if dash == "-" => Cow::Owned(lines()?),
        given => Cow::Borrowed(given),
    };
    if collection.info()?.ids != Some(ColumnKind::Int) {
        return Ok(Ids::from(given.into_owned()));
    }
    let int = |id: &String| {
        id.trim().parse::<i64>().map_err(|_| {
            let error = Error::usage(format!("there is no id {id:?}: the ids are integers"));
            error.at_path(collection.path())
        })
    };
    Ok(Ids::from(given.iter().map(int).collect::<Result<Vec<i64>>>()?))
}

fn lines() -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|source| Error::io("cannot read standard input", source))?;
        if !line.is_empty() {
            ids.push(line);
        }
    }
    Ok(ids)
}
