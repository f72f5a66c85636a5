//! The index in the folder: what was learned about the vectors, in a file beside them.

use crate::Store;
use crate::error::sql;
use crate::folder::{self, check_name};
use crate::read::{Marks, Moment};
use crate::sql::schema;
use anear_io::{Input, Output};
use anear_types::Result;
use rusqlite::OptionalExtension;

/// What the table of files says such a file holds.
const INDEX: &str = "index";

impl Store {
    /// Keeps an index that was made of the rows there were at some marks, in place of the one there
    /// was. With `kind`, that is the kind of index from now on. `write` writes its file, which
    /// appears whole or not at all. Nothing is done if the rows have other numbers now, or another
    /// kind was chosen since; the answer says whether it was.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn keep_index(
        &self,
        made_at: Marks,
        kind: Option<&str>,
        write: impl FnOnce(Output) -> Result<()>,
    ) -> Result<bool> {
        self.0.locked(|writer| {
            let kept = writer.transact(&self.0, |turn| {
                let now = Moment::begin(&self.0)?.marks(); // nobody else writes
                if (now.epoch, now.choices) != (made_at.epoch, made_at.choices) {
                    return Ok(false);
                }
                if let Some(kind) = kind {
                    schema::choose_index(turn.connection, kind)?;
                }
                forget(turn.connection)?;
                let (_, name) = turn.name_file(INDEX, 0)?;
                write(Output::create(turn.folder.join(name), true)?)?;
                Ok(true)
            });
            writer.remove_leftovers(&self.0.folder)?;
            kept
        })
    }
}

/// Lets go of the index: its file is removed by the next who cleans up.
pub(crate) fn forget(connection: &rusqlite::Connection) -> Result<()> {
    connection.execute("DELETE FROM files WHERE holds = ?", [INDEX]).map_err(sql)?;
    Ok(())
}

impl Moment {
    /// The kind of index that was chosen, if one was.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn index_kind(&self) -> Result<Option<String>> {
        schema::index_kind(self.connection()).map_err(|error| self.locate(error))
    }

    /// The file of the index, if one is kept. It is about some of the first rows.
    ///
    /// # Errors
    /// If the file is missing.
    pub fn index_file(&self) -> Result<Option<Input>> {
        let query = "SELECT name FROM files WHERE holds = ?";
        let name = self.connection().prepare_cached(query).and_then(|mut statement| {
            statement.query_row([INDEX], |row| row.get::<_, String>(0)).optional()
        });
        let name = name.map_err(|error| self.locate(sql(error)))?;
        let Some(name) = name else { return Ok(None) };
        check_name(&name).map_err(|error| self.locate(error))?;
        folder::open(&self.inner().folder.join(name)).map(Some)
    }
}
