//! `PATH::ENTRY`: how a matrix inside a file is named.

use std::path::PathBuf;

/// A file, and possibly one entry in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file; `-` is standard input.
    pub path: PathBuf,
    /// The entry; `None` for the only or the plainly main one.
    pub entry: Option<String>,
}

impl Location {
    /// Splits at the first `::`, unless a file has the whole text as its name.
    ///
    /// ```
    /// use anear::Location;
    /// let location = Location::parse("papers.h5::doc1/section2");
    /// assert_eq!(location.path.to_str(), Some("papers.h5"));
    /// assert_eq!(location.entry.as_deref(), Some("doc1/section2"));
    /// assert_eq!(Location::parse("x.npy").entry, None);
    /// ```
    pub fn parse(text: &str) -> Location {
        match text.split_once("::") {
            Some((path, entry)) if !path.is_empty() && !PathBuf::from(text).exists() => {
                Location { path: path.into(), entry: Some(entry.to_owned()) }
            }
            _ => Location { path: text.into(), entry: None },
        }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.entry {
            Some(entry) => write!(f, "::{entry}"),
            None => Ok(()),
        }
    }
}
