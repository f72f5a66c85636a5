//! A progress bar on a terminal, once the work has gone on for a moment.

use anear::Progress;
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Draws on standard error, if that is a terminal.
#[derive(Default)]
pub(crate) struct Bar {
    enabled: bool,
    begun: Option<Instant>,
    what: String,
    rows: u64,
    done: u64,
    bar: Option<ProgressBar>,
}

impl Bar {
    /// A bar that shows nothing when `quiet` or when nobody watches.
    pub(crate) fn new(quiet: bool) -> Bar {
        Bar { enabled: !quiet && std::io::stderr().is_terminal(), ..Bar::default() }
    }
}

impl Progress for Bar {
    fn begin(&mut self, what: &str, rows: u64) {
        self.end();
        self.begun = Some(Instant::now());
        what.clone_into(&mut self.what);
        (self.rows, self.done) = (rows, 0);
    }

    fn advance(&mut self, rows: u64) {
        self.done += rows;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        } else if self.enabled && self.begun.is_some_and(|begun| begun.elapsed() > PATIENCE) {
            let bar = ProgressBar::new(self.rows).with_message(self.what.clone());
            bar.set_style(style());
            bar.set_position(self.done);
            self.bar = Some(bar);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{} rows/s", HumanCount(state.per_sec() as u64));
    };
    ProgressStyle::with_template("{msg} {wide_bar} {percent}% {rate}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", rate)
}
