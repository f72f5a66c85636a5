//! Ctrl-C while the engine works.

use crate::error::Failure;
use anear::ErrorKind;
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Asks Python whether a signal has come, and keeps the exception that its handler raised.
#[derive(Default)]
pub(crate) struct Signals(Mutex<Option<PyErr>>);

impl Signals {
    /// Whether the work should stop. Called by the engine in the thread that called it.
    pub(crate) fn came(&self) -> bool {
        match Python::attach(|py| py.check_signals()) {
            Ok(()) => false,
            Err(raised) => {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
                true
            }
        }
    }

    /// The exception to raise for an error of the engine: that of the signal if it stopped the work.
    pub(crate) fn explain(self, error: anear::Error) -> Failure {
        let raised = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        match raised {
            Some(raised) if error.kind() == ErrorKind::Interrupted => Failure::Python(raised),
            _ => Failure::Engine(error),
        }
    }
}
