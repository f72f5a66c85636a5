//! Making searches faster in the background: after a search that had to look at many rows of which
//! nothing was known, or to ask SQLite for columns that could be in memory, a thread reads those
//! columns and learns about the rows while searches go on. What was learned about very
//! many rows is kept in the folder, for those who open the collection later; about fewer it is
//! sooner learned again than read.

use super::picture::Shared;
use crate::{Access, Progress, Result};
use anear_index::save_learned;
use anear_store::Store;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Fewer rows are looked at sooner than learned about.
const LEAST_ROWS: u64 = 4096;

/// Vectors of so many bytes are not learned about again each time.
const KEPT_BYTES: u64 = 1 << 30;

/// The thread that learns, if one does.
#[derive(Debug, Default)]
pub(super) struct Learning {
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Set when it is to stop.
    stop: Arc<AtomicBool>,
}

impl Learning {
    /// Begins to learn, if there is much to learn and nobody does.
    pub(super) fn begin(&self, store: &Store, shared: &Arc<Shared>) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        let (shared, stop) = (Arc::clone(shared), Arc::clone(&self.stop));
        let store = store.clone();
        *thread = Some(std::thread::spawn(move || learn(&store, &shared, &stop)));
    }

    /// Stops the thread and waits for its end.
    pub(super) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            self.stop.store(true, Ordering::Relaxed);
            // A panic in it was told on standard error; searches are right without it.
            let _ = thread.join();
            self.stop.store(false, Ordering::Relaxed);
        }
    }
}

impl Drop for Learning {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether there is so much to learn that it pays.
pub(super) fn pays(structure: &dyn anear_index::Index) -> bool {
    let lacking = structure.lacking();
    lacking.end - lacking.start >= LEAST_ROWS
}

fn learn(store: &Store, shared: &Shared, stop: &AtomicBool) {
    let stopped = || stop.load(Ordering::Relaxed);
    // Without them conditions are as true, and SQLite tells of errors.
    while !stopped() && shared.hold_wanted(store).unwrap_or(false) {}
    let mut has_learned = false;
    loop {
        let lesson = shared.change(|picture| {
            pays(&*picture.structure).then(|| picture.structure.lesson()).flatten()
        });
        let Some(Some(lesson)) = lesson else { break };
        let Ok(learned) = lesson.learn(1, Some(&stopped)) else { return };
        shared.change(|picture| picture.structure.accept(learned));
        has_learned = true;
    }
    let many = |rows: u64| rows.saturating_mul(store.spec().row_bytes() as u64) >= KEPT_BYTES;
    if has_learned && store.access() == Access::Write {
        // Searches are as fast without the file; whoever opens the collection next tries again.
        let _ = keep(store, shared, many);
    }
}

/// Keeps what was learned in the folder, if it is about so many rows that it pays. Returns whether
/// it was kept.
fn keep(store: &Store, shared: &Shared, many: impl Fn(u64) -> bool) -> Result<bool> {
    let (moment, picture) = shared.now(store)?;
    let epoch = moment.marks().epoch;
    drop(moment);
    if !many(picture.structure.lacking().start) {
        return Ok(false);
    }
    store.keep_index(epoch, |output| save_learned(&*picture.structure, output).map(drop))
}

impl super::Collection {
    /// Learns all there is to learn about the vectors now, and keeps it in the folder, in a file
    /// `index-*.anx`. Very large collections do so by themselves.
    ///
    /// # Errors
    /// If the disk is full or fails, or the work is to stop.
    pub fn index(&self, threads: usize, progress: &mut dyn Progress) -> Result<()> {
        self.learning.stop();
        let (moment, picture) = self.shared.now(&self.store)?;
        progress.begin("indexing", moment.marks().next_row);
        let mut lesson = picture.structure.lesson();
        drop((moment, picture));
        while let Some(next) = lesson {
            progress.advance(next.rows().end - next.rows().start);
            let learned = next.learn(threads, None)?;
            lesson = self
                .shared
                .change(|picture| {
                    picture.structure.accept(learned);
                    picture.structure.lesson()
                })
                .flatten();
            if progress.interrupted() {
                return Err(crate::Error::interrupted());
            }
        }
        progress.end();
        keep(&self.store, &self.shared, |_| true).map(drop)
    }
}
