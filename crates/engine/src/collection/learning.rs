//! Making searches faster in the background: after a search that had to look at many rows of which
//! nothing was known, or to ask SQLite for columns that could be in memory, a thread reads those
//! columns and learns about the rows while searches go on. What was learned for exact
//! searches of very many rows is kept in the folder, for those who open the collection later; about
//! fewer it is sooner learned again than read. What takes long to learn, such as trees, is kept always.

use super::picture::Shared;
use crate::{Access, Result};
use anear_index::{Index, save_learned};
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
pub(super) fn pays(structure: &dyn Index) -> bool {
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
    let pays_to_keep = |structure: &dyn Index| {
        let bytes = structure.lacking().start.saturating_mul(store.spec().row_bytes() as u64);
        !structure.info().is_exact || bytes >= KEPT_BYTES
    };
    if has_learned && store.access() == Access::Write {
        // Searches are as fast without the file; whoever opens the collection next tries again.
        let _ = keep(store, shared, pays_to_keep);
    }
}

/// Keeps what was learned in the folder, if that pays.
pub(super) fn keep(
    store: &Store,
    shared: &Shared,
    pays: impl Fn(&dyn Index) -> bool,
) -> Result<()> {
    let (moment, picture) = shared.now(store)?;
    drop(moment);
    if pays(&*picture.structure) {
        let write = |output| save_learned(&*picture.structure, output).map(drop);
        store.keep_index(picture.marks, None, write)?;
    }
    Ok(())
}
