//! Memory that searches use one after the other.

use anear::forest::Scratch;
use std::sync::{Mutex, PoisonError};

/// What one search works in.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) query: Vec<f32>,
    pub(super) scratch: Scratch,
}

/// Desks nobody uses: as many as there were searches at the same time.
#[derive(Default)]
pub(super) struct Spare(Mutex<Vec<Desk>>);

impl Spare {
    pub(super) fn take(&self) -> Desk {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, desk: Desk) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
    }
}
