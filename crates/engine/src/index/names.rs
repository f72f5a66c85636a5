//! From rows to ids and back.
//!
//! The ids of an index in a file are read when they are first asked for, and the way from an id
//! to its row is laid out when it is first needed: for removing, adding and filters by id.

use super::Kept;
use crate::{Error, Result};
use anear_types::{Ids, Value};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::OnceLock;

/// How the rows of an index are called.
#[derive(Debug)]
pub(super) enum Names {
    /// By their numbers.
    Numbers,
    /// By ids, one a row.
    Given(Given),
}

/// Ids, and the way back from them; both may have to be read from a file first.
#[derive(Debug, Default)]
pub(super) struct Given {
    ids: OnceLock<Ids>,
    lookup: OnceLock<Lookup>,
}

impl Names {
    /// Rows called by these ids, or else by their numbers.
    ///
    /// # Errors
    /// If there are not as many ids as rows, or one of them twice.
    pub(super) fn new(ids: Option<Ids>, rows: u64) -> Result<Names> {
        let Some(ids) = ids else { return Ok(Names::Numbers) };
        check_count(&ids, rows)?;
        let mut lookup = Lookup::empty(&ids);
        lookup.add(&ids, 0)?;
        Ok(Names::Given(Given { ids: ids.into(), lookup: lookup.into() }))
    }

    /// Rows called by the ids that are kept with the metadata.
    pub(super) fn stored() -> Names {
        Names::Given(Given::default())
    }

    pub(super) fn ids(&self, kept: &Kept) -> Result<Option<&Ids>> {
        match self {
            Names::Numbers => Ok(None),
            Names::Given(given) => given.ids(kept).map(Some),
        }
    }

    /// The rows with these ids, in the order of the ids; ids that no row has are passed over.
    ///
    /// # Errors
    /// If the ids are not of the kind of those of the rows.
    pub(super) fn rows_of(&self, ids: &Ids, kept: &Kept, rows: u64) -> Result<Vec<u64>> {
        match (self, ids) {
            (Names::Given(given), ids) => given.lookup(kept)?.rows_of(ids),
            (Names::Numbers, Ids::Texts(_)) => Err(other_kind("the numbers of rows", ids)),
            (Names::Numbers, Ids::Ints(ids)) => {
                let number = |id: &i64| u64::try_from(*id).ok().filter(|row| *row < rows);
                Ok(ids.iter().filter_map(number).collect())
            }
        }
    }

    /// Names more rows: by these ids, or else as the others are named.
    ///
    /// # Errors
    /// If the ids are not of the kind of the others, or one is there already. Nothing is changed
    /// then.
    pub(super) fn append(&mut self, rows: u64, ids: Option<Ids>, kept: &Kept) -> Result<()> {
        match (self, ids) {
            (Names::Numbers, None) => Ok(()),
            (Names::Numbers, Some(_)) => Err(Error::usage("the index calls its rows by number")
                .help("give ids from the first row on, or never")),
            (Names::Given(given), ids) => given.append(rows, ids, kept),
        }
    }

    /// Takes away the way to rows that were removed.
    pub(super) fn forget(&mut self, rows: &[u64]) {
        let Names::Given(given) = self else { return };
        if let (Some(ids), Some(lookup)) = (given.ids.get(), given.lookup.get_mut()) {
            rows.iter().for_each(|row| lookup.remove(&ids.get(*row as usize)));
        }
    }
}

impl Given {
    fn ids(&self, kept: &Kept) -> Result<&Ids> {
        if let Some(ids) = self.ids.get() {
            return Ok(ids);
        }
        let ids = kept.read_ids()?;
        Ok(self.ids.get_or_init(|| ids))
    }

    /// No row was removed yet when this is first called: removing asks for it.
    fn lookup(&self, kept: &Kept) -> Result<&Lookup> {
        let ids = self.ids(kept)?;
        Ok(self.lookup.get_or_init(|| Lookup::unchecked(ids)))
    }

    fn append(&mut self, rows: u64, more: Option<Ids>, kept: &Kept) -> Result<()> {
        self.lookup(kept)?;
        let ids = self.ids.get_mut().expect("the lookup was made from them");
        let lookup = self.lookup.get_mut().expect("just made");
        let more = match more {
            Some(more) => more,
            None => next_ids(ids, rows)?,
        };
        check_count(&more, rows)?;
        lookup.add(&more, ids.len() as u64)?;
        match (ids, more) {
            (Ids::Ints(ids), Ids::Ints(more)) => ids.extend(more),
            (Ids::Texts(ids), Ids::Texts(more)) => ids.extend(more),
            _ => unreachable!("the lookup takes only ids of one kind"),
        }
        Ok(())
    }
}

/// The row of each id, of those rows that were not removed.
#[derive(Debug)]
enum Lookup {
    Ints(HashMap<i64, u64>),
    Texts(HashMap<Box<str>, u64>),
}

impl Lookup {
    fn empty(ids: &Ids) -> Lookup {
        match ids {
            Ids::Ints(ids) => Lookup::Ints(HashMap::with_capacity(ids.len())),
            Ids::Texts(ids) => Lookup::Texts(HashMap::with_capacity(ids.len())),
        }
    }

    /// For ids from a file: should one be there twice, its first row answers to it.
    fn unchecked(ids: &Ids) -> Lookup {
        let mut lookup = Lookup::empty(ids);
        match (&mut lookup, ids) {
            (Lookup::Ints(rows), Ids::Ints(ids)) => {
                (0..).zip(ids).for_each(|(row, id)| _ = rows.entry(*id).or_insert(row));
            }
            (Lookup::Texts(rows), Ids::Texts(ids)) => {
                (0..).zip(ids).for_each(|(row, id)| _ = rows.entry(id.clone()).or_insert(row));
            }
            _ => unreachable!("it was made for such ids"),
        }
        lookup
    }

    /// Adds the ids of rows from `first` on, all or none.
    fn add(&mut self, ids: &Ids, first: u64) -> Result<()> {
        match (self, ids) {
            (Lookup::Ints(rows), Ids::Ints(ids)) => add_all(rows, ids, first),
            (Lookup::Texts(rows), Ids::Texts(ids)) => add_all(rows, ids, first),
            (lookup, ids) => Err(other_kind(lookup.name(), ids)),
        }
    }

    fn rows_of(&self, ids: &Ids) -> Result<Vec<u64>> {
        match (self, ids) {
            (Lookup::Ints(rows), Ids::Ints(ids)) => {
                Ok(ids.iter().filter_map(|id| rows.get(id)).copied().collect())
            }
            (Lookup::Texts(rows), Ids::Texts(ids)) => {
                Ok(ids.iter().filter_map(|id| rows.get(id)).copied().collect())
            }
            (lookup, ids) => Err(other_kind(lookup.name(), ids)),
        }
    }

    fn remove(&mut self, id: &Value) {
        match (self, id) {
            (Lookup::Ints(rows), Value::Int(id)) => rows.remove(id),
            (Lookup::Texts(rows), Value::Text(id)) => rows.remove(id),
            _ => unreachable!("it was made from such ids"),
        };
    }

    fn name(&self) -> &'static str {
        match self {
            Lookup::Ints(_) => "integers",
            Lookup::Texts(_) => "text",
        }
    }
}

fn add_all<I: Clone + Debug + Eq + Hash>(
    rows: &mut HashMap<I, u64>,
    ids: &[I],
    first: u64,
) -> Result<()> {
    for (position, id) in ids.iter().enumerate() {
        let row = first + position as u64;
        if let Some(before) = rows.insert(id.clone(), row) {
            rows.insert(id.clone(), before);
            for id in &ids[..position] {
                rows.remove(id);
            }
            return Err(Error::bad_data(format!("the id {id:?} is that of row {before} already"))
                .at_row(row));
        }
    }
    Ok(())
}

fn check_count(ids: &Ids, rows: u64) -> Result<()> {
    match ids.len() as u64 == rows {
        true => Ok(()),
        false => Err(Error::usage(format!("{} ids for {rows} rows", ids.len()))),
    }
}

/// Integers that count on.
fn next_ids(ids: &Ids, rows: u64) -> Result<Ids> {
    let Ids::Ints(ids) = ids else {
        return Err(
            Error::usage("the rows have no ids").help("the others have text ids; give some")
        );
    };
    let first = ids.iter().max().map_or(Some(0), |largest| largest.checked_add(1));
    let end = first.and_then(|first| first.checked_add_unsigned(rows));
    match first.zip(end) {
        Some((first, end)) => Ok(Ids::Ints((first..end).collect())),
        None => Err(Error::usage("no ids are left behind the largest one").help("give some")),
    }
}

fn other_kind(expected: &str, found: &Ids) -> Error {
    let found = match found {
        Ids::Ints(_) => "integers",
        Ids::Texts(_) => "text",
    };
    Error::usage(format!("these ids are {found}, those of the index are {expected}"))
}
