//! Checking everything that can be checked, and setting right what can be.
//!
//! | what | set right by |
//! | --- | --- |
//! | the pages of the database, its indexes | |
//! | the columns of metadata are those of the table | |
//! | each row is there, deleted, or was never | |
//! | ids are of one kind | |
//! | the vectors in files: all there, their checksums, finite | |
//! | pending vectors: all there | |
//! | the count in the header of `.npy` files | writing it |
//! | bytes behind the last row, files nobody names | removing them |
//! | the text index | making it anew |
//! | the file of the index: its checksums | forgetting it, so that it is made anew |

mod metadata;
mod vectors;

use crate::Store;
use crate::error::sql;
use crate::index_file;
use crate::read::Moment;
use crate::sql::text;
use crate::write::Turn;
use anear_io::Segment;
use anear_types::{Error, ErrorKind, Result};

/// What was found by checking.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Rows there are.
    pub rows: u64,
    /// What is wrong; empty when all is well.
    pub problems: Vec<Problem>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What, and where.
    pub what: String,
    /// Whether it was set right.
    pub repaired: bool,
}

impl Verified {
    fn broken(&mut self, what: impl Into<String>) {
        self.problems.push(Problem { what: what.into(), repaired: false });
    }

    fn repaired(&mut self, what: impl Into<String>) {
        self.problems.push(Problem { what: what.into(), repaired: true });
    }

    /// Notes an error as a problem.
    fn note(&mut self, checked: Result<()>) {
        if let Err(error) = checked {
            self.broken(error.to_string());
        }
    }
}

impl Store {
    /// Checks everything; with `repair`, sets right what can be, while nobody else writes.
    /// `report` is told of bytes of vectors checked, and returns whether to stop.
    ///
    /// # Errors
    /// If the folder cannot be read or, to repair, not be written; or the work is to stop.
    pub fn verify(&self, repair: bool, report: &mut dyn FnMut(u64) -> bool) -> Result<Verified> {
        let mut verified = Verified::default();
        self.0.maps.clear(); // what is on the disk counts, not what was decoded before
        if !repair {
            let moment = self.read()?;
            self.check_all(&moment, &mut verified, report)?;
            verified.note(check_index(&moment));
            return Ok(verified);
        }
        self.0.locked(|writer| {
            for name in writer.remove_leftovers(&self.0.folder)? {
                verified.repaired(format!("{name} belongs to nothing"));
            }
            let moment = Moment::begin(&self.0)?;
            let is_sound = self.check_all(&moment, &mut verified, report)?;
            if let Err(error) = check_index(&moment) {
                writer.transact(&self.0, |turn| index_file::forget(turn.connection))?;
                writer.remove_leftovers(&self.0.folder)?;
                verified.repaired(format!("the index is made anew: {error}"));
            }
            drop(moment);
            let told = verified.problems.len();
            let repaired = writer.transact(&self.0, |turn| {
                turn.repair_text(&mut verified)?;
                // Where metadata are damaged, they do not tell which bytes count.
                if is_sound { turn.repair_tail(&mut verified) } else { Ok(()) }
            });
            match repaired {
                Err(error) if error.kind() == ErrorKind::Malformed => {
                    verified.problems.truncate(told); // what was set right is undone
                    verified.broken(error.to_string());
                    Ok(())
                }
                done => done,
            }
        })?;
        Ok(verified)
    }

    /// Returns whether the metadata are sound.
    fn check_all(
        &self,
        moment: &Moment,
        verified: &mut Verified,
        report: &mut dyn FnMut(u64) -> bool,
    ) -> Result<bool> {
        verified.rows = moment.marks().rows();
        let is_sound = metadata::check(moment, verified)?;
        vectors::check(moment, self.spec(), verified, report)?;
        Ok(is_sound)
    }
}

impl Turn<'_> {
    fn repair_text(&mut self, verified: &mut Verified) -> Result<()> {
        let columns = crate::sql::columns::read(self.connection)?;
        if !columns.iter().any(|column| column.text) {
            return Ok(());
        }
        let table = text::TEXT_TABLE;
        let check = format!("INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)");
        if let Err(error) = self.connection.execute(&check, []) {
            text::drop_index(self.connection)?;
            text::create_index(self.connection)?;
            verified.repaired(format!("the text index did not match the metadata: {error}"));
        }
        Ok(())
    }

    /// The header of the last file is written when the transaction ends.
    fn repair_tail(&mut self, verified: &mut Verified) -> Result<()> {
        for what in self.repair_last_file()? {
            verified.repaired(what);
        }
        Ok(())
    }
}

/// Compares the file of the index with its checksums.
fn check_index(moment: &Moment) -> Result<()> {
    match moment.index_file()? {
        Some(input) => Segment::open(input)?.verify(),
        None => Ok(()),
    }
}

/// A problem with a table that cannot be read at all.
fn unreadable(error: rusqlite::Error) -> Error {
    sql(error)
}
