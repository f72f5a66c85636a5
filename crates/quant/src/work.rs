//! How long work is done: on how many threads, until someone wants it to stop.

use anear_types::{Error, Result};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// How long work is done. Results do not depend on it.
#[derive(Clone, Copy, Default)]
pub struct Work<'a> {
    /// Threads to use; 0 counts as 1.
    pub threads: usize,
    /// What can stop it: `true` ends it with an
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted) error. It is asked now and then, on the
    /// calling thread only.
    pub interrupt: Option<&'a dyn Fn() -> bool>,
    /// What is told how far it is: what is being done, how much of it is, and how much there is to do.
    /// It is told on the calling thread only.
    pub report: Option<&'a dyn Fn(&'static str, u64, u64)>,
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Work {{ threads: {} }}", self.threads)
    }
}

impl Work<'_> {
    /// Tells how far it is.
    pub fn report(&self, what: &'static str, done: u64, all: u64) {
        if let Some(report) = self.report {
            report(what, done, all);
        }
    }

    /// Stops if someone wants that.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted) then.
    pub fn check(&self) -> Result<()> {
        match self.interrupt {
            Some(interrupt) if interrupt() => Err(Error::interrupted()),
            _ => Ok(()),
        }
    }

    /// Does a job for each of some items, side by side.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted); some items are done then.
    ///
    /// # Panics
    /// If the job does.
    pub fn for_each<T: Send>(&self, items: Vec<T>, job: impl Fn(T) + Sync) -> Result<()> {
        let threads = self.threads.clamp(1, items.len().max(1));
        let items = Mutex::new(items.into_iter());
        let stopped = AtomicBool::new(false);
        let next = || items.lock().unwrap_or_else(|lock| lock.into_inner()).next();
        let help = || {
            while !stopped.load(Ordering::Relaxed)
                && let Some(item) = next()
            {
                job(item);
            }
        };
        thread::scope(|scope| {
            let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(help)).collect();
            let done = loop {
                if let Err(interrupted) = self.check() {
                    stopped.store(true, Ordering::Relaxed);
                    break Err(interrupted);
                }
                match next() {
                    Some(item) => job(item),
                    None => break Ok(()),
                }
            };
            for helper in helpers {
                helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
            done
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_types::ErrorKind;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn every_item_is_done_once_unless_the_work_is_stopped() {
        for threads in [0, 1, 3] {
            let mut done = vec![0; 100];
            let work = Work { threads, ..Work::default() };
            let items = done.iter_mut().enumerate().collect();
            work.for_each(items, |(at, place): (usize, &mut usize)| *place += at + 1).unwrap();
            assert!(done.iter().enumerate().all(|(at, place)| *place == at + 1));
        }
        let asked = AtomicUsize::new(0);
        let interrupt = || asked.fetch_add(1, Ordering::Relaxed) == 3;
        let work = Work { threads: 1, interrupt: Some(&interrupt), report: None };
        let done = AtomicUsize::new(0);
        let error = work.for_each(vec![(); 10], |()| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(done.into_inner(), 3);
    }
}
