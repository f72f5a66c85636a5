//! Changes beside an Annoy file that were saved stay, whatever befalls whoever saves more of them.
#![cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]

use anear_index::forest::{Amended, Forest, Growth};
use anear_testkit::faults::{Disk, Sweep, Workload, scratch};
use anear_testkit::random::Random;
use anear_types::Metric;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const DIM: usize = 2;
/// An item that is not in the file.
const ITEM: u32 = 500;

/// What the item is after so many saves; without it, nothing lies beside the file.
fn expected(saves: u32) -> Option<Vec<f32>> {
    (!saves.is_multiple_of(3)).then(|| vec![saves as f32; DIM])
}

fn open(folder: &Path) -> anear_types::Result<Amended> {
    Amended::open(&folder.join("x.ann"), Metric::Euclidean, DIM)
}

/// Saves changes again and again, and notes each save that is acknowledged.
#[test]
#[ignore = "run by the tests beside it, as a child"]
fn child() {
    let Some(workload) = Workload::current() else { return };
    let saves: u32 = workload.arguments()[0].parse().expect("a number");
    let Ok(mut amended) = open(workload.folder()) else { return };
    for number in 1..=saves {
        match expected(number) {
            Some(vector) => amended.put(ITEM, &vector).expect("it is a vector"),
            None => assert!(amended.delete(ITEM)),
        }
        if amended.save().is_err() {
            return;
        }
        workload.note("saved");
    }
}

/// A folder with a file of ten items.
fn start(folder: &Path) {
    let mut forest = Forest::new(Metric::Euclidean, DIM).unwrap();
    (0..10).for_each(|item| forest.add_item(item, &[item as f32, 1.0]).unwrap());
    forest.build(&Growth::trees(2), None).unwrap();
    forest.save(&folder.join("x.ann"), false).unwrap();
}

/// All that was acknowledged is there, or that and the next change.
fn judge(folder: &Path, notes: &[String]) -> Result<(), String> {
    let saves = notes.len() as u32;
    let amended = open(folder).map_err(|error| error.to_string())?;
    let found = amended.item_vector(ITEM);
    if !amended.has_item(9) || ![saves, saves + 1].map(expected).contains(&found) {
        return Err(format!("after {saves} saves the item is {found:?}"));
    }
    Ok(())
}

#[test]
fn faults_and_losses_of_power_lose_nothing() {
    let folder = scratch();
    start(folder.path());
    let arguments = ["7".to_owned()];
    let sweep = Sweep::new("child", &arguments, &judge).starting_with(Disk::read(folder.path()));
    let trace = sweep.trace();
    assert_eq!(trace.notes(trace.steps().len()).len(), 7, "without a fault");
    sweep.faults(&trace.faults()).must_be_clean();
    sweep.power_losses(&trace, trace.images(7, 4)).must_be_clean();
}

#[test]
fn killed_at_any_time_nothing_is_lost() {
    for round in 0..30 {
        let mut random = Random::new(round);
        let (folder, beside) = (scratch(), scratch());
        start(folder.path());
        let path = beside.path().join("notes");
        let notes = || -> Vec<String> {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        };
        let arguments = ["1000000".to_owned()];
        let mut child = Workload::command("child", folder.path(), &path, &arguments)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while notes().len() < 2 {
            assert!(started.elapsed() < Duration::from_secs(60), "the child saves nothing");
            assert_eq!(child.try_wait().unwrap(), None, "the child ended");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(random.below(20_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        judge(folder.path(), &notes()).unwrap_or_else(|error| panic!("round {round}: {error}"));
    }
}
