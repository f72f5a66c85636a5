//! Crashes, failing disks and losses of power at every sort of operation.

use crate::belief::Belief;
use crate::change::Change;
use crate::model::{Model, Row};
use crate::question::difference;
use crate::setting::{Session, Setting, path_in};
use anear::{Access, Collection, Silent};
use anear_testkit::faults::{
    Disk, Fault, FaultyChild, Judge, Operation, Report, Sweep, Trace, What, Workload, scratch,
};
use anear_testkit::random::Random;
use std::path::Path;

/// The child: makes changes and notes each.
pub(crate) fn change(workload: &Workload, arguments: &[String]) {
    let setting = Setting::from_arguments(arguments);
    let mut model = Model::default();
    let Ok(mut session) = Session::create(workload.folder(), &setting) else { return };
    workload.note("created");
    for number in 0..setting.changes {
        let change = Change::choose(&setting, number, &model);
        match session.make(&change) {
            Ok(()) => {
                change.apply(&mut model);
                workload.note(&format!("done {number}"));
            }
            Err(error) => {
                workload.note(&format!("failed {number} {:?}: {error}", error.kind()));
                // While it is open, a change that failed has not been made. A disk that fails
                // may not let us see it; but it may not show anything else.
                let seen = session.collection().and_then(|open| difference(open, &model));
                if let Ok(Some(difference)) = seen {
                    panic!("after {change:?} failed with {error}: {difference}");
                }
                if !setting.goes_on {
                    return;
                }
            }
        }
    }
}

/// The child: opens what a crash left, which may be the moment to repair it.
pub(crate) fn open(workload: &Workload) {
    if let Ok(mut session) = Session::open(workload.folder(), Access::Write) {
        let _verified = session.collection().and_then(|open| open.verify(true, &mut Silent));
    }
}

/// All that was acknowledged is there, bit for bit, and nothing else; and one can go on.
pub(crate) fn judge(setting: &Setting, folder: &Path, notes: &[String]) -> Result<(), String> {
    let belief = Belief::from_notes(setting, notes);
    let path = path_in(folder);
    if !Collection::is_at(&path) {
        return match belief.created {
            true => Err("the collection is gone".to_owned()),
            false => Ok(()),
        };
    }
    let mut model = {
        let collection = open_and_verify(&path, Access::Write)?;
        let model = find_model(&collection, &belief)?;
        let rows = (0..2).map(|i| (-2 - i, Row::new(-2 - i, belief.next, i))).collect();
        let more = Change::Upsert(rows);
        more.make(&collection).map_err(|error| format!("cannot go on: {error}"))?;
        let mut model = model.clone();
        more.apply(&mut model);
        must_be(&collection, &model, "after going on")?;
        model
    };
    let collection = open_and_verify(&path, Access::Read)?;
    must_be(&collection, &model, "after going on and opening again")?;
    drop(collection);
    compact(&path, &mut model)
}

/// Compaction reads every row, so it finds what others passed over.
fn compact(path: &Path, model: &mut Model) -> Result<(), String> {
    let collection = open_and_verify(path, Access::Write)?;
    Change::Compact.make(&collection).map_err(|error| format!("cannot compact: {error}"))?;
    must_be(&collection, model, "after compacting")
}

fn open_and_verify(path: &Path, access: Access) -> Result<Collection, String> {
    let opened = Collection::open(path, access);
    let collection = opened.map_err(|error| format!("cannot open for {access:?}: {error}"))?;
    let verified = collection.verify(false, &mut Silent).map_err(|error| error.to_string())?;
    match &verified.problems[..] {
        [] => Ok(collection),
        problems => Err(format!("verify for {access:?} found {problems:?}")),
    }
}

/// The state that the collection is in, of those it may be in.
fn find_model<'a>(collection: &Collection, belief: &'a Belief) -> Result<&'a Model, String> {
    let mut differences = Vec::new();
    for model in &belief.models {
        match difference(collection, model).map_err(|error| format!("cannot read: {error}"))? {
            None => return Ok(model),
            Some(difference) => differences.push(difference),
        }
    }
    Err(format!("no state that it may be in: {differences:?}"))
}

fn must_be(collection: &Collection, model: &Model, when: &str) -> Result<(), String> {
    match difference(collection, model) {
        Ok(None) => Ok(()),
        Ok(Some(difference)) => Err(format!("{when}: {difference}")),
        Err(error) => Err(format!("{when}: {error}")),
    }
}

/// How many crashes of a sort to try; more when the environment says so.
fn points() -> usize {
    std::env::var("ANEAR_CRASHES").map_or(120, |points| points.parse().expect("a number"))
}

/// Runs a test of crashes for each sort of collection.
fn for_each_setting(test: impl Fn(&Setting, &Sweep<'_>)) {
    for setting in settings() {
        let arguments: Vec<String> =
            ["change".to_owned()].into_iter().chain(setting.arguments()).collect();
        let judge = |folder: &Path, notes: &[String]| judge(&setting, folder, notes);
        test(&setting, &Sweep::new("child", &arguments, &judge));
    }
}

fn settings() -> Vec<Setting> {
    let setting = |seed, goes_on| Setting { seed, changes: 14, compacts: 8, goes_on };
    vec![setting(254, true), setting(267, false), setting(286, true)]
}

/// A trace in which every change succeeded.
fn whole_trace(sweep: &Sweep<'_>) -> Trace {
    let trace = sweep.trace();
    let notes = trace.notes(trace.steps().len());
    let succeeded = |note: &String| note == "created" || note.starts_with("done");
    assert!(notes.iter().all(succeeded), "without a fault: {notes:?}");
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
        let some = Random::new(setting.seed).some(&faults, points() * 2);
        sweep.faults(&some).must_be_clean();
    });
}

#[test]
fn a_loss_of_power_loses_nothing() {
    for_each_setting(|setting, sweep| {
        let trace = whole_trace(sweep);
        let every = (trace.steps().len() * 6).div_ceil(points() * 5);
        let images = trace.images(setting.seed, 4).step_by(every);
        sweep.power_losses(&trace, images).must_be_clean();
    });
}

#[test]
fn a_loss_of_power_after_a_failed_sync_loses_nothing() {
    for_each_setting(|setting, sweep| {
        let steps = whole_trace(sweep);
        let is_sync =
            |step: &anear_testkit::faults::Step| matches!(step.operation, Operation::Sync { .. });
        let syncs: Vec<u64> =
            (1..).zip(steps.steps()).filter(|(_, step)| is_sync(step)).map(|(at, _)| at).collect();
        let mut report = Report::default();
        for at in Random::new(setting.seed).some(&syncs, points() / 6) {
            let trace = sweep.trace_with(Fault { at, what: What::Io });
            let images = trace.images(at, 1).skip(3 * at as usize).step_by(7).take(12);
            report.add(sweep.power_losses(&trace, images));
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
        for fault in Random::new(setting.seed).some(&faults, points() / 6) {
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
