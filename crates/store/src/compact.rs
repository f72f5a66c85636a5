//! Writing a store anew without what was deleted.

use crate::Store;
use crate::error::sql;
use crate::read::{Moment, StoredVectors};
use crate::sql::numbers::MOST_ROWS;
use crate::sql::schema::{self, ROW};
use crate::write::Turn;
use anear_types::{Block, ColumnKind, Error, Result};

/// Bytes of vectors copied at a time.
const BLOCK_BYTES: usize = 8 << 20;

/// What compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Rows there are.
    pub rows: u64,
    /// Deleted rows that are gone for good.
    pub removed: u64,
    /// Bytes of all files before and after.
    pub bytes: (u64, u64),
}

impl Store {
    /// Writes vectors and metadata anew without the rows that were deleted, and numbers the rows
    /// anew. Those who read meanwhile go on with the old files. `report` is told of rows copied and
    /// returns whether to stop.
    ///
    /// # Errors
    /// If the disk is full or fails, or the work is to stop; the store is as before.
    pub fn compact(&self, report: &mut dyn FnMut(u64) -> bool) -> Result<Compacted> {
        let before = self.info()?;
        self.0.locked(|writer| {
            let done = writer.transact(&self.0, |turn| {
                // Nobody else writes, so this is the state that the transaction began with.
                let moment = Moment::begin(&self.0)?;
                match moment.marks().deleted {
                    0 => turn.flush(),
                    _ => turn.compact(&moment, report),
                }
            });
            self.0.maps.clear();
            writer.remove_leftovers(&self.0.folder)?;
            done?;
            // The space is used again if it cannot be given back now.
            let _ = writer.shrink();
            Ok(())
        })?;
        let after = self.info()?;
        // The log comes and goes.
        let lasting = |(name, bytes): &(String, u64)| (!name.ends_with("-wal")).then_some(*bytes);
        let bytes = |files: &[(String, u64)]| files.iter().filter_map(lasting).sum();
        Ok(Compacted {
            rows: after.rows,
            removed: before.deleted.saturating_sub(after.deleted),
            bytes: (bytes(&before.files), bytes(&after.files)),
        })
    }
}

impl Turn<'_> {
    fn compact(&mut self, moment: &Moment, report: &mut dyn FnMut(u64) -> bool) -> Result<()> {
        let (vectors, rows) = (moment.vectors()?, moment.live_rows()?);
        check_same(moment, &rows)?;
        self.forget_files()?;
        let ids = match moment.ids_kind()? {
            Some(ColumnKind::Text) => "TEXT",
            _ => "INTEGER",
        };
        self.remake_table(ids, &format!("row_number() OVER (ORDER BY {ROW}) - 1"))?;
        self.copy(&vectors, &rows, report)?;
        let epoch = schema::integer(self.connection, "epoch")?;
        schema::set(self.connection, "epoch", epoch.wrapping_add(1))
    }

    /// Begins with no files and no vectors. The files stay until others do not need them.
    fn forget_files(&mut self) -> Result<()> {
        self.connection
            .execute_batch(
                "DELETE FROM files; DELETE FROM extents; DELETE FROM pending; DELETE FROM deleted",
            )
            .map_err(sql)?;
        self.tail.forget();
        Ok(())
    }

    fn copy(
        &mut self,
        vectors: &StoredVectors,
        rows: &[u64],
        report: &mut dyn FnMut(u64) -> bool,
    ) -> Result<()> {
        let mut block = Block::with_bytes(self.spec.element, self.spec.dim, BLOCK_BYTES);
        for batch in rows.chunks(block.capacity()) {
            block.clear();
            for row in batch {
                let vector = vectors.row(*row);
                let missing = || Error::malformed(format!("row {row} has no vector"));
                block.push_row(vector.ok_or_else(missing)?);
            }
            self.append(block.matrix())?;
            if report(batch.len() as u64) {
                return Err(Error::interrupted());
            }
        }
        Ok(())
    }
}

/// Checks that the metadata are of these rows, with which they are numbered anew.
fn check_same(moment: &Moment, rows: &[u64]) -> Result<()> {
    let mut expected = rows.iter();
    let mut same = true;
    moment.each_row(0..MOST_ROWS, &[], |row, _, _| same &= expected.next() == Some(&row))?;
    match same && expected.next().is_none() {
        true => Ok(()),
        false => Err(moment.locate(
            Error::malformed("the metadata are of other rows than the vectors")
                .help("anear verify says what is wrong"),
        )),
    }
}
