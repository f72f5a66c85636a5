//! Ctrl-C while the engine works.

use crate::error::{Failure, Result};
use anear::{ErrorKind, Interrupt, Progress};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Works without the interpreter lock. The engine asks from time to time, in this thread, whether
/// to stop; then Python's signal handlers run, and what one raises ends the work.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(Interrupt<'_>) -> anear::Result<T> + Send,
) -> Result<T> {
    let raised = Mutex::new(None::<PyErr>);
    let came = || match Python::attach(|py| py.check_signals()) {
        Ok(()) => false,
        Err(error) => {
            *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            true
        }
    };
    py.detach(|| work(&came)).map_err(|error| {
        match raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(raised) if error.kind() == ErrorKind::Interrupted => Failure::Python(raised),
            _ => Failure::Engine(error),
        }
    })
}

/// Progress that nobody sees, of work that a signal can stop.
pub(crate) struct Unseen<'a>(pub(crate) Interrupt<'a>);

impl Progress for Unseen<'_> {
    fn begin(&mut self, _: &str, _: u64) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}

    fn interrupted(&mut self) -> bool {
        (self.0)()
    }
}
