//! Indexing ahead of searches, and choosing the kind of index.
//!
//! A kind is chosen in one transaction with the file of what was learned for it: before that the
//! collection has the old kind, after it the new one, whole. Whoever has a picture of the old kind
//! makes a new one ([`Marks::choices`](anear_store::Marks::choices)).

use super::learning::keep;
use super::picture::{index_spec, kind_of, rows_of};
use crate::{Error, Progress, Result};
use anear_index::{IndexKind, Learned, Lesson, kind_named, save_learned};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often a caller is asked whether to stop.
const ASKED_EVERY: Duration = Duration::from_millis(50);

impl super::Collection {
    /// Learns all there is to learn about the vectors now, and keeps it in the folder, in a file
    /// `index-*.anx`. Very large collections do so by themselves.
    ///
    /// `kind` chooses another kind of index, which the collection has from then on: `flat`, which
    /// finds the nearest exactly, or `forest`, trees that find most of the nearest. Conditions,
    /// rows added and rows deleted count at once with either.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if there is no such kind,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if it is not for the metric; if the disk is
    /// full or fails, or the work is to stop. The kind is as before then.
    pub fn index(
        &self,
        kind: Option<&str>,
        threads: usize,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        self.learning.stop();
        let indexed = match kind.map(kind_named).transpose()? {
            Some(kind) if !self.is_of_kind(kind)? => self.choose(kind, threads, progress),
            _ => self.learn_all(threads, progress),
        };
        indexed.map_err(|error| error.at_path(self.path()))
    }

    /// Whether the index is of this kind. One of a kind that is not known is of another.
    fn is_of_kind(&self, kind: &dyn IndexKind) -> Result<bool> {
        let now = kind_of(&self.store, &self.store.read()?);
        Ok(now.is_ok_and(|now| now.info().name == kind.info().name))
    }

    /// Learns for the index there is.
    fn learn_all(&self, threads: usize, progress: &mut dyn Progress) -> Result<()> {
        let (moment, picture) = self.shared.now(&self.store)?;
        progress.begin("indexing", moment.marks().next_row);
        let mut lesson = picture.structure.lesson();
        drop((moment, picture));
        while let Some(next) = lesson {
            let learned = learn(next, threads, progress)?;
            lesson = self
                .shared
                .change(|picture| {
                    picture.structure.accept(learned);
                    picture.structure.lesson()
                })
                .flatten();
        }
        progress.end();
        keep(&self.store, &self.shared, |_| true)
    }

    /// Builds an index of another kind and puts it in the place of the one there is. That is done
    /// again if rows get other numbers meanwhile.
    fn choose(
        &self,
        kind: &dyn IndexKind,
        threads: usize,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        loop {
            let (marks, rows) = self.reading(|moment| {
                Ok((moment.marks(), rows_of(&self.store, moment, moment.marks())?))
            })?;
            let mut structure = kind.build(rows, &index_spec(&self.store))?;
            progress.begin("indexing", marks.next_row);
            while let Some(lesson) = structure.lesson() {
                structure.accept(learn(lesson, threads, progress)?);
            }
            progress.end();
            let write = |output| save_learned(&*structure, output).map(drop);
            if self.store.keep_index(marks, Some(kind.info().name), write)? {
                return Ok(());
            }
        }
    }
}

/// Learns on other threads, while this one asks whether to stop.
fn learn(lesson: Box<dyn Lesson>, threads: usize, progress: &mut dyn Progress) -> Result<Learned> {
    let count = lesson.rows().end - lesson.rows().start;
    let stop = AtomicBool::new(false);
    let stopped = || stop.load(Ordering::Relaxed);
    let (at_work, end) = channel::<()>();
    let learned = std::thread::scope(|scope| {
        let learning = scope.spawn(|| {
            let _at_work = at_work; // its drop is the end, also after a panic
            lesson.learn(threads, Some(&stopped))
        });
        while end.recv_timeout(ASKED_EVERY) == Err(RecvTimeoutError::Timeout) {
            stop.fetch_or(progress.interrupted(), Ordering::Relaxed);
        }
        learning.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    progress.advance(count);
    match progress.interrupted() {
        true => Err(Error::interrupted()),
        false => Ok(learned),
    }
}
