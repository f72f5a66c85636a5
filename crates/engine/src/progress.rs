//! How long work tells a face how far it is.

/// Hears of the progress of long work. All calls come from one thread.
pub trait Progress {
    /// Work named `what` begins and will go over `rows` rows.
    fn begin(&mut self, what: &str, rows: u64);
    /// `rows` more rows are done.
    fn advance(&mut self, rows: u64);
    /// The work begun last is over.
    fn end(&mut self);
    /// Whether the work should stop, with an [`Interrupted`](crate::ErrorKind::Interrupted)
    /// error; asked between blocks of rows.
    fn interrupted(&mut self) -> bool {
        false
    }
}

/// Progress that nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str, _: u64) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
}
