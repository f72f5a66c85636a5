//! What a child knows of its task.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub(super) const FOLDER: &str = "ANEAR_FAULTS_FOLDER";
pub(super) const NOTES: &str = "ANEAR_FAULTS_NOTES";
pub(super) const ARGUMENTS: &str = "ANEAR_FAULTS_ARGUMENTS";

/// The task of this process, if it is a child.
#[derive(Debug)]
pub struct Workload {
    folder: PathBuf,
    arguments: Vec<String>,
    notes: Mutex<File>,
}

impl Workload {
    /// What a [`FaultyChild`](super::FaultyChild) is to do; `None` in any other process.
    ///
    /// # Panics
    /// If the parent gave something that cannot be.
    pub fn current() -> Option<Workload> {
        let folder = PathBuf::from(std::env::var_os(FOLDER)?);
        let arguments = std::env::var(ARGUMENTS).expect("a child has arguments");
        let arguments = serde_json::from_str(&arguments).expect("arguments are a list of texts");
        let notes = std::env::var_os(NOTES).expect("a child has a file for notes");
        let notes = OpenOptions::new().append(true).open(notes).expect("notes can be written");
        Some(Workload { folder, arguments, notes: Mutex::new(notes) })
    }

    /// The folder whose files are watched.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the parent gave.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Tells the parent one line. When this returns the parent gets it, whatever happens next.
    ///
    /// # Panics
    /// If the line has a line break, or cannot be written.
    pub fn note(&self, line: &str) {
        assert!(!line.contains('\n'), "{line:?} is more than a line");
        let line = format!("{line}\n");
        self.notes.lock().unwrap().write_all(line.as_bytes()).expect("notes can be written");
    }
}
