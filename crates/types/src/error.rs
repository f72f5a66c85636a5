//! What went wrong, where, and what to do about it.
//!
//! One error type serves all crates: the layer that notices a problem says what it is, and the
//! layers above add where it happened (file, entry, row) as the error passes through them.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of trouble an [`Error`] tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The file contradicts its own format: damaged, truncated or hostile.
    Malformed,
    /// The file is what it says, but holds something anear does not read.
    Unsupported,
    /// Reading on would take more memory or time than is allowed.
    Limit,
    /// The values are read, but make no sense as vectors: not finite, ragged, another dimension.
    BadData,
    /// The caller asked for something that is not there or does not go together.
    Usage,
    /// The operating system refused.
    Io,
    /// The caller asked for the work to stop.
    Interrupted,
}

/// An error with the place where it happened. Shown as `WHAT (WHERE)` on one line.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    what: String,
    path: Option<PathBuf>,
    entry: Option<String>,
    row: Option<u64>,
    offset: Option<u64>,
    help: Option<String>,
    source: Option<std::io::Error>,
}

impl Error {
    /// An error of `kind`; `what` says what was found and what was expected.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            what: what.into(),
            path: None,
            entry: None,
            row: None,
            offset: None,
            help: None,
            source: None,
        }))
    }

    /// A [`Malformed`](ErrorKind::Malformed) error.
    pub fn malformed(what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Malformed, what)
    }

    /// An [`Unsupported`](ErrorKind::Unsupported) error.
    pub fn unsupported(what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Unsupported, what)
    }

    /// A [`Limit`](ErrorKind::Limit) error.
    pub fn limit(what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Limit, what)
    }

    /// A [`BadData`](ErrorKind::BadData) error.
    pub fn bad_data(what: impl Into<String>) -> Error {
        Error::new(ErrorKind::BadData, what)
    }

    /// A [`Usage`](ErrorKind::Usage) error.
    pub fn usage(what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, what)
    }

    /// An [`Io`](ErrorKind::Io) error while doing `what`.
    pub fn io(what: impl fmt::Display, source: std::io::Error) -> Error {
        let mut error = Error::new(ErrorKind::Io, format!("{what}: {source}"));
        error.0.source = Some(source);
        error
    }

    /// The [`Interrupted`](ErrorKind::Interrupted) error.
    pub fn interrupted() -> Error {
        Error::new(ErrorKind::Interrupted, "interrupted")
    }

    /// Adds the file, unless a lower layer named one.
    #[must_use]
    pub fn at_path(mut self, path: impl AsRef<Path>) -> Error {
        self.0.path.get_or_insert_with(|| path.as_ref().to_owned());
        self
    }

    /// Adds the entry within the file, unless a lower layer named one.
    #[must_use]
    pub fn at_entry(mut self, entry: impl Into<String>) -> Error {
        let entry = entry.into();
        if !entry.is_empty() {
            self.0.entry.get_or_insert(entry);
        }
        self
    }

    /// Adds the row, counted from 0, unless a lower layer named one.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Error {
        self.0.row.get_or_insert(row);
        self
    }

    /// Names another row, for a layer that numbers rows differently from the one that noticed.
    #[must_use]
    pub fn move_to_row(mut self, row: u64) -> Error {
        self.0.row = Some(row);
        self
    }

    /// Adds the offset in bytes from the start of the file, unless a lower layer named one.
    #[must_use]
    pub fn at_offset(mut self, offset: u64) -> Error {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Adds the next step to take; shown on a line of its own.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.0.help.get_or_insert(help.into());
        self
    }

    /// What kind of trouble this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether a file was not there.
    pub fn is_not_found(&self) -> bool {
        let source = self.0.source.as_ref();
        source.is_some_and(|source| source.kind() == std::io::ErrorKind::NotFound)
    }

    /// What was found and what was expected, without the place.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The file, where known.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The row, where known.
    pub fn row(&self) -> Option<u64> {
        self.0.row
    }

    /// The next step to take, where there is one.
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        // One line whatever a hostile file put into a name.
        for part in inner.what.chars() {
            if part.is_control() {
                write!(f, "{}", part.escape_default())?;
            } else {
                write!(f, "{part}")?;
            }
        }
        let mut place = String::new();
        if let Some(path) = &inner.path {
            place.push_str(&path.to_string_lossy());
        }
        if let Some(entry) = &inner.entry {
            place.push_str("::");
            place.push_str(entry);
        }
        if let Some(row) = inner.row {
            let comma = if place.is_empty() { "" } else { ", " };
            place.push_str(&format!("{comma}row {row}"));
        }
        if let Some(offset) = inner.offset {
            let comma = if place.is_empty() { "" } else { ", " };
            place.push_str(&format!("{comma}byte {offset}"));
        }
        if !place.is_empty() {
            let place: String = place
                .chars()
                .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
                .collect();
            write!(f, " ({place})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_reads_like_a_location() {
        let error = Error::malformed("found 3 bytes, expected 4")
            .at_row(7)
            .at_entry("doc1")
            .at_path("x.h5")
            .at_path("not this one");
        assert_eq!(error.to_string(), "found 3 bytes, expected 4 (x.h5::doc1, row 7)");
        assert_eq!(Error::usage("k is 0").to_string(), "k is 0");
    }

    #[test]
    fn a_message_never_breaks_the_line() {
        let error = Error::malformed("name \"a\nb\"").at_entry("x\ny");
        assert!(!error.to_string().contains('\n'));
    }
}
