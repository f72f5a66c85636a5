//! Crashes, failing disks and losses of power, for tests of what must survive them.
//!
//! A test runs its workload in a child process, which is the test program itself, started to run
//! one ignored test. Between the child and the system lies a small library in C (`layer/`), which
//! numbers what the child does to the files of one folder, writes it down, and at a chosen number
//! kills the child or lets the operation fail. From what was written down, [`Trace::images`]
//! computes what a disk may hold when the power fails: whatever was not synced may be there, be
//! missing or be there in part. [`Sweep`] walks through many such points and lets the test judge
//! what is left.
//!
//! ```no_run
//! use anear_testkit::faults::{Sweep, Workload};
//!
//! # /*
//! #[test]
//! #[ignore = "run by the tests beside it, as a child"]
//! # */
//! fn child() {
//!     let Some(workload) = Workload::current() else { return };
//!     std::fs::write(workload.folder().join("a"), "1").unwrap();
//!     workload.note("a is written");
//! }
//!
//! fn a_note_means_that_the_file_is_there() {
//!     let sweep = Sweep::new("child", &[], &|folder, notes| {
//!         if notes.is_empty() || folder.join("a").exists() { Ok(()) } else { Err("lost".into()) }
//!     });
//!     let trace = sweep.trace();
//!     sweep.faults(&trace.faults()).must_be_clean();
//!     sweep.power_losses(&trace, trace.images(7, 4)).must_be_clean();
//! }
//! ```

mod child;
mod disk;
mod fault;
mod layer;
mod power;
mod sweep;
mod trace;
mod workload;

pub use child::{End, FaultyChild, Outcome, scratch};
pub use disk::{Disk, Node};
pub use fault::{Fault, What};
pub use power::{Image, Loss};
pub use sweep::{Judge, Report, Sweep};
pub use trace::{FileId, Operation, Step, Trace};
pub use workload::Workload;
