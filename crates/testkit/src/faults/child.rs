//! Runs a workload in a child process, with the layer of faults below it.

use super::workload::{ARGUMENTS, FOLDER, NOTES};
use super::{Disk, Fault, Trace, layer};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A child to run: this test program, for one of its ignored tests.
#[derive(Clone, Debug)]
pub struct FaultyChild {
    folder: PathBuf,
    fault: Option<Fault>,
}

/// What came of a child.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The lines it noted.
    pub notes: Vec<String>,
    /// How it ended.
    pub end: End,
    /// What it printed.
    pub said: String,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with success.
    Finished,
    /// The fault killed it.
    Killed,
    /// Neither: it panicked, hung, or could not be run.
    Failed,
}

impl FaultyChild {
    /// A child that works in a folder.
    ///
    /// # Panics
    /// If there is no such folder.
    pub fn new(folder: impl AsRef<Path>) -> FaultyChild {
        FaultyChild { folder: folder.as_ref().canonicalize().unwrap(), fault: None }
    }

    /// What is to befall it.
    #[must_use]
    pub fn fault(self, fault: Fault) -> FaultyChild {
        FaultyChild { fault: Some(fault), ..self }
    }

    /// Runs the ignored test `workload` of this program to its end.
    ///
    /// # Panics
    /// If this program cannot be started.
    pub fn run(&self, workload: &str, arguments: &[String]) -> Outcome {
        let beside = scratch();
        self.run_beside(beside.path(), workload, arguments, None)
    }

    /// Runs it likewise and writes down all it does.
    ///
    /// # Panics
    /// As [`run`](FaultyChild::run).
    pub fn trace(&self, workload: &str, arguments: &[String]) -> (Outcome, Trace) {
        let beside = scratch();
        let path = beside.path().join("trace");
        let (start, inodes) = Disk::read_with_inodes(&self.folder);
        let outcome = self.run_beside(beside.path(), workload, arguments, Some(&path));
        let records = std::fs::read(&path).expect("the layer writes a trace");
        (outcome, Trace::new(start, inodes, &records))
    }

    fn run_beside(
        &self,
        beside: &Path,
        workload: &str,
        arguments: &[String],
        trace: Option<&Path>,
    ) -> Outcome {
        let notes = beside.canonicalize().unwrap().join("notes");
        std::fs::write(&notes, "").unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", workload, "--ignored", "--nocapture", "--test-threads=1"])
            .env("LD_PRELOAD", layer::library())
            .env(FOLDER, &self.folder)
            .env(NOTES, &notes)
            .env(ARGUMENTS, serde_json::to_string(arguments).unwrap())
            .stdin(Stdio::null());
        if let Some(trace) = trace {
            command.env("ANEAR_FAULTS_TRACE", trace);
        }
        if let Some(fault) = self.fault {
            command.env("ANEAR_FAULTS_AT", fault.at.to_string());
            command.env("ANEAR_FAULTS_WHAT", fault.what.name());
        }
        let output = command.output().expect("this program can be run again");
        let notes = std::fs::read_to_string(&notes).unwrap().lines().map(str::to_owned).collect();
        Outcome { notes, end: self.end(&output), said: said(&output) }
    }

    fn end(&self, output: &Output) -> End {
        const SIGKILL: i32 = 9;
        let kills = self.fault.is_some_and(|fault| fault.what.kills());
        match output.status.signal() {
            Some(SIGKILL) if kills => End::Killed,
            None if output.status.success() => End::Finished,
            _ => End::Failed,
        }
    }
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// A new folder for files that need not outlive the machine: in memory where there is such a
/// place, so that thousands of tries take seconds.
///
/// # Panics
/// If no folder can be made.
pub fn scratch() -> TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}
