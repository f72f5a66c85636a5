//! Handing out rows to threads.

use super::Piece;
use crate::Interrupt;
use anear_types::{Error, Result};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Pairs of components for which a thread is worth its start ..
const PAIRS_PER_THREAD: usize = 1 << 19;
/// .. and for which the interrupt may have to wait.
const PAIRS_PER_CHUNK: usize = 1 << 31;
/// Fewer rows are not worth the way to them.
const LEAST_CHUNK_ROWS: usize = 256;

/// Scans pieces in one thread.
pub(super) trait Worker {
    /// What it finds.
    type Findings: Send;

    fn scan(&mut self, piece: Piece<'_>) -> Result<()>;
    fn findings(self: Box<Self>) -> Self::Findings;
}

/// How many threads are worth it for so many pairs of components.
pub(super) fn useful_threads(threads: usize, rows: usize, row_pairs: usize) -> usize {
    threads.min(rows.saturating_mul(row_pairs) / PAIRS_PER_THREAD).max(1)
}

/// Hands out chunks of the rows, in order, to as many threads as are worth it, and returns what
/// each found. A row takes `row_pairs` pairs of components. An error is that of the smallest row:
/// chunks before the one it is in were handed out before.
pub(super) fn scan<'a, F: Send>(
    piece: Piece<'_>,
    row_pairs: usize,
    threads: usize,
    interrupt: Option<Interrupt<'_>>,
    worker: impl Fn() -> Box<dyn Worker<Findings = F> + 'a> + Sync,
) -> Result<Vec<F>> {
    // Other threads may take all there is before this one gets to run.
    if interrupt.is_some_and(|interrupt| interrupt()) {
        return Err(Error::interrupted());
    }
    let rows = piece.rows();
    let threads = useful_threads(threads, rows, row_pairs);
    // Several chunks a thread, so that a slow one does not hold up the rest.
    let chunk_rows = if threads == 1 { rows } else { rows / (8 * threads) + 1 };
    let chunk_rows = chunk_rows.min(PAIRS_PER_CHUNK / row_pairs.max(1)).max(LEAST_CHUNK_ROWS);
    let next_chunk = AtomicUsize::new(0);
    let first_error = Mutex::new(None::<Error>);
    let fail = |error: Error| {
        next_chunk.store(rows, Ordering::Relaxed);
        let mut first = first_error.lock().expect("no thread panics with it");
        if first.as_ref().is_none_or(|other| error.row() < other.row()) {
            *first = Some(error);
        }
    };
    let work = |interrupt: Option<Interrupt<'_>>| {
        let mut worker = worker();
        loop {
            let start = next_chunk.fetch_add(1, Ordering::Relaxed).saturating_mul(chunk_rows);
            if start >= rows {
                return worker.findings();
            }
            let scanned = match interrupt.is_some_and(|interrupt| interrupt()) {
                true => Err(Error::interrupted()),
                false => worker.scan(piece.part(start, rows.min(start + chunk_rows))),
            };
            scanned.unwrap_or_else(fail);
        }
    };
    // The interrupt is asked on the caller's own thread, as signal handlers of Python want it.
    let work = &work;
    let found =
        side_by_side((0..threads).map(|thread| move || work(interrupt.filter(|_| thread == 0))));
    match first_error.into_inner().expect("no thread panics with it") {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// Runs each of some tasks on a thread of its own, the first on this one.
pub(crate) fn side_by_side<T: Send>(
    mut tasks: impl Iterator<Item = impl FnOnce() -> T + Send>,
) -> Vec<T> {
    let Some(first) = tasks.next() else { return Vec::new() };
    std::thread::scope(|scope| {
        let others: Vec<_> = tasks.map(|task| scope.spawn(task)).collect();
        let mut all = vec![first()];
        all.extend(others.into_iter().map(|other| match other.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }));
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flat::Which;
    use anear_types::{Element, ErrorKind, MatrixRef};
    use std::thread;

    const ROWS: usize = 16 * LEAST_CHUNK_ROWS;

    /// On threads that are not asked whether to stop, waits until the other was.
    struct Waiting<'a> {
        asked: &'a AtomicUsize,
        caller: thread::ThreadId,
        scanned: usize,
    }

    impl Worker for Waiting<'_> {
        type Findings = usize;

        fn scan(&mut self, piece: Piece<'_>) -> Result<()> {
            while thread::current().id() != self.caller && self.asked.load(Ordering::SeqCst) < 2 {
                thread::yield_now();
            }
            self.scanned += piece.rows();
            Ok(())
        }

        fn findings(self: Box<Self>) -> usize {
            self.scanned
        }
    }

    /// Scans with two threads, and stops when asked for the time given; returns how many rows
    /// were scanned.
    fn scanned(stops_at: usize) -> Result<usize> {
        let rows = MatrixRef::new(&[7; ROWS], Element::U8, ROWS, 1);
        let piece = Piece::new(0, rows, Which::All);
        let (asked, caller) = (AtomicUsize::new(0), thread::current().id());
        let interrupt = || {
            assert_eq!(thread::current().id(), caller);
            asked.fetch_add(1, Ordering::SeqCst) + 1 == stops_at
        };
        let worker = || -> Box<dyn Worker<Findings = usize> + '_> {
            Box::new(Waiting { asked: &asked, caller, scanned: 0 })
        };
        let found = scan(piece, PAIRS_PER_THREAD, 2, Some(&interrupt), worker)?;
        assert_eq!(found.len(), 2, "two threads");
        Ok(found.into_iter().sum())
    }

    #[test]
    fn work_stops_at_once_or_between_chunks_or_goes_over_all_rows() {
        for stops_at in [1, 2] {
            let error = scanned(stops_at).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Interrupted, "when asked for the {stops_at}. time");
        }
        assert_eq!(scanned(usize::MAX).unwrap(), ROWS);
    }
}
