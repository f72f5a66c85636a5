//! Crashes, failing disks and losses of power at every sort of operation.

use crate::change::Change;
use crate::judge::judge;
use crate::model::Model;
use crate::setting::{Kept, Setting};
use anear_testkit::faults::{
    Disk, Fault, FaultyChild, Judge, Operation, Report, Sweep, Trace, What, scratch,
};
use anear_testkit::random::Random;
use std::path::Path;

/// How many crashes of each setting a test tries, roughly.
const POINTS: usize = 150;

/// Runs a test of crashes for each sort of collection.
fn for_each_setting(test: impl Fn(&Setting, &Sweep<'_>)) {
    for setting in settings() {
        let arguments: Vec<String> =
            ["change".to_owned()].into_iter().chain(setting.arguments()).collect();
        let judge = |folder: &Path, notes: &[String]| judge(&setting, folder, notes);
        test(&setting, &Sweep::new("child", &arguments, &judge));
    }
}

/// The settings to try: five, or as many times five as the environment says.
fn settings() -> Vec<Setting> {
    let rounds: u64 =
        std::env::var("ANEAR_CRASH_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number"));
    let sorts = [
        (254, Kept::Npy, true),
        (267, Kept::Npy, false),
        (24158, Kept::Npy, true), // has a change of nothing between two large adds
        (254, Kept::Hdf5, true),
        (286, Kept::Groups, false),
    ];
    let of_round = |round| {
        sorts.map(|(seed, kept, goes_on)| {
            let seed = seed + 1000 * round;
            let watched = goes_on && kept == Kept::Npy;
            Setting { seed, changes: 14, compacts: 8, kept, least_rows: 0, goes_on, watched }
        })
    };
    (0..rounds).flat_map(of_round).collect()
}

/// A trace in which every change succeeded.
fn whole_trace(sweep: &Sweep<'_>) -> Trace {
    let trace = sweep.trace();
    let notes = trace.notes(trace.steps().len());
    let failed = |note: &&String| note.starts_with("failed") || note.starts_with("skipped");
    assert_eq!(notes.iter().find(failed), None, "without a fault");
    trace
}

#[test]
fn the_settings_have_all_sorts_of_changes() {
    let all = "Add Upsert Label Delete DeleteWhere Compact IndexText Index Reopen";
    let mut missing: Vec<&str> = all.split(' ').collect();
    for setting in settings() {
        let mut model = Model::default();
        for number in 0..setting.changes {
            let change = Change::choose(&setting, number, &model);
            change.apply(&mut model);
            let text = format!("{change:?}");
            let name = text.split(['(', ' ']).next().expect("a change has a name");
            missing.retain(|missing| *missing != name);
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn killed_anywhere_nothing_is_lost() {
    sweep_faults(|fault| fault.what.kills());
}

#[test]
fn a_disk_that_fails_or_is_full_does_no_damage() {
    sweep_faults(|fault| !fault.what.kills());
}

fn sweep_faults(wanted: impl Fn(&Fault) -> bool) {
    for_each_setting(|setting, sweep| {
        let faults = whole_trace(sweep).faults();
        let faults: Vec<Fault> = faults.into_iter().filter(&wanted).collect();
        let some = Random::new(setting.seed).some(&faults, POINTS);
        sweep.faults(&some).must_be_clean();
    });
}

#[test]
fn a_loss_of_power_loses_nothing() {
    for_each_setting(|setting, sweep| {
        let trace = whole_trace(sweep);
        let every = (trace.steps().len() * 6).div_ceil(2 * POINTS);
        let images = trace.images(setting.seed, 4).step_by(every);
        sweep.power_losses(&trace, images).must_be_clean();
    });
}

#[test]
fn a_loss_of_power_after_a_failed_sync_loses_nothing() {
    for_each_setting(|setting, sweep| {
        let mut report = Report::default();
        for (at, step) in (1..).zip(whole_trace(sweep).steps()) {
            if matches!(step.operation, Operation::Sync { .. }) {
                let trace = sweep.trace_with(Fault { at, what: What::Io });
                let after = trace.images(setting.seed ^ at, 1).skip(3 * at as usize);
                report.add(sweep.power_losses(&trace, after.step_by(7).take(9)));
            }
        }
        report.must_be_clean();
    });
}

/// A crash while the damage of the first is set right.
#[test]
fn killed_again_while_opening_nothing_is_lost() {
    for_each_setting(|setting, sweep| {
        let trace = whole_trace(sweep);
        let faults: Vec<Fault> =
            trace.faults().into_iter().filter(|fault| fault.what.kills()).collect();
        let mut report = Report::default();
        for fault in Random::new(setting.seed).some(&faults, POINTS / 12) {
            let folder = scratch();
            let arguments = [vec!["change".to_owned()], setting.arguments()].concat();
            let child = FaultyChild::new(folder.path()).fault(fault);
            let notes = child.run("child", &arguments).notes;
            report.add(kill_while_opening(setting, &notes, Disk::read(folder.path())));
        }
        report.must_be_clean();
    });
}

fn kill_while_opening(setting: &Setting, notes: &[String], left: Disk) -> Report {
    let judge: &Judge<'_> = &|folder, _| judge(setting, folder, notes);
    let arguments = ["open".to_owned()];
    let sweep = Sweep::new("child", &arguments, judge).starting_with(left);
    let trace = sweep.trace();
    let faults: Vec<Fault> =
        trace.faults().into_iter().filter(|fault| fault.what.kills()).collect();
    let mut report = sweep.faults(&Random::new(1).some(&faults, 4));
    report.add(sweep.power_losses(&trace, trace.images(1, 1).step_by(5).take(5)));
    report
}
