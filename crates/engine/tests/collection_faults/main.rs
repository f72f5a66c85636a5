//! A collection keeps what it acknowledged and shows nothing else, whatever befalls it.
//!
//! Children change a collection as a seed says and note each change that is acknowledged. The
//! parent knows the seed, so it knows what must be there: `model.rs` is a plain list of rows,
//! `change.rs` what is done to both, `question.rs` what both are asked.
#![cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#![cfg(all(feature = "hdf5", feature = "sqlite"))]

mod belief;
mod change;
mod crashes;
mod judge;
mod kills;
mod model;
mod question;
mod readers;
mod refusals;
mod setting;
mod writer;

use anear_testkit::faults::Workload;

/// What the tests run in processes of their own.
#[test]
#[ignore = "run by the tests beside it, as a child"]
fn child() {
    let Some(workload) = Workload::current() else { return };
    let (task, arguments) = workload.arguments().split_first().expect("a child has a task");
    match task.as_str() {
        "change" => writer::change(&workload, arguments),
        "open" => writer::open(&workload),
        "read" => refusals::read(&workload, arguments),
        "read again" => refusals::read_again(&workload),
        "write all the time" => readers::write_all_the_time(&workload, arguments),
        "ask all the time" => readers::ask_all_the_time(&workload, arguments),
        other => panic!("{other:?} is no task"),
    }
}
