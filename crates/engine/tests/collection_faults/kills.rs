//! `kill -9` at any time, not only at operations on files: while another thread works, while rows
//! are computed, between two processes that wait for each other.

use crate::judge::judge;
use crate::setting::{Kept, Setting};
use anear_testkit::faults::{Workload, scratch};
use anear_testkit::random::Random;
use std::process::Stdio;
use std::time::{Duration, Instant};

const CHANGES: i64 = 10_000;

/// Kills a child at a random time after it has made a change, and judges what is left.
fn kill_many(compacts: u64, rounds: u64) {
    for round in 0..rounds {
        let mut random = Random::new(round);
        let kept = [Kept::Npy, Kept::Npy, Kept::Hdf5, Kept::Groups][round as usize % 4];
        let setting = Setting {
            seed: round,
            changes: CHANGES,
            compacts,
            kept,
            least_rows: 0,
            goes_on: false,
            watched: false,
        };
        let (folder, beside) = (scratch(), scratch());
        let path = beside.path().join("notes");
        let notes = || -> Vec<String> {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            text.split_inclusive('\n')
                .filter_map(|line| line.strip_suffix('\n'))
                .map(str::to_owned)
                .collect()
        };
        let arguments = [vec!["change".to_owned()], setting.arguments()].concat();
        let mut child = Workload::command("child", folder.path(), &path, &arguments)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while notes().len() < 2 + random.below(20) as usize {
            assert!(started.elapsed() < Duration::from_secs(60), "the child makes no changes");
            assert_eq!(child.try_wait().unwrap(), None, "the child ended");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(random.below(20_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Err(error) = judge(&setting, folder.path(), &notes()) {
            panic!("round {round}: {error}");
        }
    }
}

#[test]
fn killed_at_any_time_nothing_is_lost() {
    kill_many(2, 20);
}

#[test]
fn killed_while_compacting_nothing_is_lost() {
    kill_many(60, 20);
}
