//! How long a query may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// How many steps of SQLite's machine pass between two looks at the clock.
const STEPS_PER_LOOK: i32 = 10_000;

/// When the query under way has to end.
pub struct Clock {
    start: Instant,
    end_ms: AtomicU64,
}

impl Clock {
    /// A clock that ends the queries of this connection; none until it is first set.
    pub fn install(connection: &mut rusqlite::Connection) -> rusqlite::Result<Arc<Clock>> {
        let clock = Arc::new(Clock { start: Instant::now(), end_ms: AtomicU64::new(u64::MAX) });
        let looked_at = Arc::clone(&clock);
        connection.progress_handler(STEPS_PER_LOOK, Some(move || looked_at.is_over()))?;
        Ok(clock)
    }

    /// Gives the next query so much time from now.
    pub fn set(&self, query_ms: u64) {
        let now = self.start.elapsed().as_millis() as u64;
        self.end_ms.store(now.saturating_add(query_ms), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.start.elapsed().as_millis() as u64 > self.end_ms.load(Ordering::Relaxed)
    }
}
