//! The layer of faults finds what is wrong with stores that are wrong, and nothing in right ones.
#![cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]

mod calls;
mod toy;

use anear_testkit::faults::{Fault, Operation, Report, Sweep, What, Workload};
use toy::Toy;

/// What the tests below run in a process of its own.
#[test]
#[ignore = "run by the tests beside it, as a child"]
fn child() {
    let Some(workload) = Workload::current() else { return };
    match workload.arguments() {
        [] => calls::make_them_all(&workload),
        [toy] => toy::fill(&workload, Toy::from_name(toy)),
        other => panic!("{other:?}"),
    }
}

/// What was found in the ways a store can be hurt.
struct Found {
    faults: Report,
    power_losses: Report,
    failed_syncs: Report,
}

fn hurt(toy: Toy) -> Found {
    let arguments = [toy.name().to_owned()];
    let sweep = Sweep::new("child", &arguments, &toy::judge);
    let trace = sweep.trace();
    let mut failed_syncs = Report::default();
    for (at, step) in (1..).zip(trace.steps()) {
        if matches!(step.operation, Operation::Sync { .. }) {
            let hurt = sweep.trace_with(Fault { at, what: What::Io });
            failed_syncs.add(sweep.power_losses(&hurt, hurt.images(at, 2)));
        }
    }
    Found {
        faults: sweep.faults(&trace.faults()),
        power_losses: sweep.power_losses(&trace, trace.images(1, 8)),
        failed_syncs,
    }
}

#[test]
fn right_stores_survive_everything() {
    for toy in [Toy::Appends, Toy::Replaces] {
        let found = hurt(toy);
        found.faults.must_be_clean();
        found.power_losses.must_be_clean();
        found.failed_syncs.must_be_clean();
    }
}

#[test]
fn a_store_that_writes_in_place_is_found_when_killed() {
    assert!(!hurt(Toy::ReplacesInPlace).faults.failures.is_empty());
}

#[test]
fn a_store_that_counts_before_it_writes_is_found_when_killed() {
    assert!(!hurt(Toy::CountsFirst).faults.failures.is_empty());
}

#[test]
fn a_store_that_ignores_errors_is_found_when_the_disk_is_full() {
    let failures = hurt(Toy::IgnoresErrors).faults.failures;
    for what in ["full at", "short at", "torn-io at"] {
        assert!(failures.iter().any(|failure| failure.starts_with(what)), "{what}");
    }
}

/// A killed process loses nothing that the system has, so these need a loss of power.
#[test]
fn missing_syncs_are_found_when_the_power_fails() {
    for toy in [
        Toy::AppendsWithoutSync,
        Toy::AppendsWithOneSync,
        Toy::ReplacesWithoutSync,
        Toy::ReplacesWithoutFolderSync,
    ] {
        let found = hurt(toy);
        found.faults.must_be_clean();
        assert!(!found.power_losses.failures.is_empty(), "{}", toy.name());
    }
}

#[test]
fn a_store_that_syncs_again_after_a_failed_sync_is_found_when_the_power_fails() {
    let found = hurt(Toy::SyncsAgain);
    found.faults.must_be_clean();
    found.power_losses.must_be_clean();
    assert!(!found.failed_syncs.failures.is_empty());
}
