//! Making searches faster in the background: after a search that had to look at many rows of which
//! nothing was known, a thread learns about them while searches go on.

use super::picture::Shared;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Fewer rows are looked at sooner than learned about.
const LEAST_ROWS: u64 = 4096;

/// The thread that learns, if one does.
#[derive(Debug, Default)]
pub(super) struct Learning {
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Set when it is to stop.
    stop: Arc<AtomicBool>,
}

impl Learning {
    /// Begins to learn, if there is much to learn and nobody does.
    pub(super) fn begin(&self, shared: &Arc<Shared>) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        let (shared, stop) = (Arc::clone(shared), Arc::clone(&self.stop));
        *thread = Some(std::thread::spawn(move || learn(&shared, &stop)));
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

fn learn(shared: &Shared, stop: &AtomicBool) {
    let stopped = || stop.load(Ordering::Relaxed);
    loop {
        let lesson = shared.change(|picture| {
            pays(&*picture.structure).then(|| picture.structure.lesson()).flatten()
        });
        let Some(Some(lesson)) = lesson else { return };
        let Ok(learned) = lesson.learn(1, Some(&stopped)) else { return };
        shared.change(|picture| picture.structure.accept(learned));
    }
}
