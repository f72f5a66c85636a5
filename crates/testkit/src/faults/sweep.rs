//! Many crashes of one workload, each judged by the test.

use super::{Disk, End, Fault, FaultyChild, Image, Node, Trace, scratch};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Says whether a folder is as it should be after a crash, given what the child had noted; if
/// not, why.
pub type Judge<'a> = dyn Fn(&Path, &[String]) -> Result<(), String> + Sync + 'a;

/// A workload, and what judges the folders that its crashes leave.
pub struct Sweep<'a> {
    workload: &'a str,
    arguments: &'a [String],
    start: Disk,
    judge: &'a Judge<'a>,
}

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many crashes there were.
    pub points: usize,
    /// What went wrong, and where.
    pub failures: Vec<String>,
}

impl<'a> Sweep<'a> {
    /// A sweep over an ignored test of this program, which begins in an empty folder.
    pub fn new(workload: &'a str, arguments: &'a [String], judge: &'a Judge<'a>) -> Sweep<'a> {
        Sweep { workload, arguments, start: Disk::default(), judge }
    }

    /// Begins in a folder with these files instead.
    #[must_use]
    pub fn starting_with(self, start: Disk) -> Sweep<'a> {
        Sweep { start, ..self }
    }

    /// What the workload does when nothing befalls it.
    ///
    /// # Panics
    /// If it fails, or does something to files that the trace does not have. SQLite's `-shm`
    /// files are excepted: they are memory that processes share, and mean nothing after a crash.
    pub fn trace(&self) -> Trace {
        let folder = self.folder();
        let (outcome, trace) = FaultyChild::new(&folder).trace(self.workload, self.arguments);
        assert_eq!(outcome.end, End::Finished, "{}", outcome.said);
        let (found, traced) =
            (durable_tree(&Disk::read(folder.path())), durable_tree(&trace.end()));
        let differs = |path: &&PathBuf| found.get(*path) != traced.get(*path);
        let differing: Vec<_> = found.keys().chain(traced.keys()).filter(differs).collect();
        assert!(
            differing.is_empty(),
            "changed in a way that the layer does not see: {differing:?}"
        );
        trace
    }

    /// What the workload does when a fault befalls it; it may end in any way but by a panic.
    ///
    /// # Panics
    /// If it panics.
    pub fn trace_with(&self, fault: Fault) -> Trace {
        let folder = self.folder();
        let child = FaultyChild::new(&folder).fault(fault);
        let (outcome, trace) = child.trace(self.workload, self.arguments);
        assert_ne!(outcome.end, End::Failed, "{fault}: {}", outcome.said);
        trace
    }

    /// Lets each of the faults befall a child of its own.
    pub fn faults(&self, faults: &[Fault]) -> Report {
        each(faults.iter(), |fault| {
            let folder = self.folder();
            let child = FaultyChild::new(&folder).fault(*fault);
            let outcome = child.run(self.workload, self.arguments);
            let judged = match outcome.end {
                End::Failed => Err(format!("the child failed: {}", outcome.said)),
                End::Finished | End::Killed => (self.judge)(folder.path(), &outcome.notes),
            };
            judged.map_err(|error| {
                let (arguments, notes) = (self.arguments, outcome.notes);
                format!("{fault} of {arguments:?}: {error}; noted: {notes:?}")
            })
        })
    }

    /// Judges images of a trace.
    pub fn power_losses(
        &self,
        trace: &Trace,
        images: impl Iterator<Item = Image> + Send,
    ) -> Report {
        each(images, |image| {
            let folder = scratch();
            image.disk.write_to(folder.path());
            let notes = trace.notes(image.steps);
            let judged = (self.judge)(folder.path(), &notes);
            judged.map_err(|error| {
                let (steps, loss) = (image.steps, image.loss);
                let of = format!("after {steps} steps of {:?}, {loss:?}", self.arguments);
                format!("loss of power {of}: {error}; noted: {notes:?}")
            })
        })
    }

    fn folder(&self) -> tempfile::TempDir {
        let folder = scratch();
        self.start.write_to(folder.path());
        folder
    }
}

impl Report {
    /// Adds what another sweep found.
    pub fn add(&mut self, other: Report) {
        self.points += other.points;
        self.failures.extend(other.failures);
    }

    /// # Panics
    /// If there were no points, or failures.
    pub fn must_be_clean(&self) {
        assert!(self.points > 0, "nothing was tried");
        let first: Vec<_> = self.failures.iter().take(5).collect();
        let (failed, points) = (self.failures.len(), self.points);
        assert!(first.is_empty(), "{failed} of {points} crashes did damage: {first:#?}");
    }
}

/// What must be the same in a folder and in what a trace makes of it.
fn durable_tree(disk: &Disk) -> BTreeMap<PathBuf, Node> {
    let mut tree = disk.tree();
    tree.retain(|path, _| !path.to_string_lossy().ends_with("-shm"));
    tree
}

/// Tries points on all processors; a panic is a failure like others.
fn each<T: Send>(
    points: impl Iterator<Item = T> + Send,
    attempt: impl Fn(T) -> Result<(), String> + Sync,
) -> Report {
    let points = Mutex::new(points);
    let report = Mutex::new(Report::default());
    let work = || {
        while let Some(point) = { points.lock().unwrap().next() } {
            let result = catch_unwind(AssertUnwindSafe(|| attempt(point)));
            let mut report = report.lock().unwrap();
            report.points += 1;
            match result {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => report.failures.push(failure),
                Err(panic) => report.failures.push(panic_text(&*panic)),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    report.into_inner().unwrap()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without a text"))
}
