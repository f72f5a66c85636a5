//! One process writes at full speed while four read: no answer is wrong, stale or partial.
//!
//! The writer publishes the number of the change it begins and of the one it has finished. A reader
//! looks at the second, asks, and looks at the first: the answer must be that of the model after
//! some change between the two, all of it.

use crate::change::{Change, IDS_OF_CHANGE, MANY};
use crate::model::{LABELS, Model};
use crate::question::{Answer, Question};
use crate::setting::{Kept, Session, Setting, path_in};
use anear::{Access, Collection};
use anear_testkit::faults::{Workload, scratch};
use anear_testkit::random::Random;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const READERS: u64 = 4;
/// So many rows that readers learn about them in the background.
const SETTING: Setting = Setting {
    seed: 11,
    changes: i64::MAX,
    compacts: 2,
    kept: Kept::Npy,
    least_rows: 5500,
    goes_on: false,
    watched: false,
};

/// How many changes were begun, and how many are done.
struct Published(File);

impl Published {
    const BEGUN: u64 = 0;
    const DONE: u64 = 16;

    fn open(folder: &Path) -> Published {
        let path = folder.join("published");
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        Published(file.unwrap())
    }

    fn set(&self, place: u64, changes: i64) {
        self.0.write_all_at(&[changes.to_le_bytes(); 2].concat(), place).unwrap();
    }

    /// Read while it is written, the two copies may differ.
    fn get(&self, place: u64) -> i64 {
        loop {
            let mut copies = [0; 16];
            self.0.read_exact_at(&mut copies, place).unwrap();
            let [first, second] = [&copies[..8], &copies[8..]];
            if first == second {
                return i64::from_le_bytes(first.try_into().unwrap());
            }
        }
    }
}

/// The child that writes, until it has done so for some seconds.
pub(crate) fn write_all_the_time(workload: &Workload, arguments: &[String]) {
    let time = Duration::from_secs(arguments[0].parse().unwrap());
    let published = Published::open(workload.folder());
    let mut session = Session::open(workload.folder(), Access::Write).unwrap();
    let mut model = Model::default();
    let started = Instant::now();
    let mut number = published.get(Published::DONE);
    Change::choose(&SETTING, 0, &model).apply(&mut model);
    while started.elapsed() < time {
        let change = Change::choose(&SETTING, number, &model);
        published.set(Published::BEGUN, number + 1);
        session.make(&change).unwrap();
        published.set(Published::DONE, number + 1);
        change.apply(&mut model);
        number += 1;
    }
    workload.note(&number.to_string());
}

/// A child that reads, until the file `stop` is there.
pub(crate) fn ask_all_the_time(workload: &Workload, arguments: &[String]) {
    let mut random = Random::new(arguments[0].parse().unwrap());
    let published = Published::open(workload.folder());
    let path = path_in(workload.folder());
    let mut collection = Collection::open(&path, Access::Read).unwrap();
    let mut follower = Follower::default();
    let mut answers = 0;
    while !workload.folder().join("stop").exists() {
        if random.below(200) == 0 {
            collection = Collection::open(&path, Access::Read).unwrap();
        }
        follower.reach(published.get(Published::DONE));
        let question = follower.question(&mut random);
        let answer = question.ask(&collection).unwrap();
        follower.check(&question, &answer, published.get(Published::BEGUN));
        answers += 1;
    }
    workload.note(&answers.to_string());
}

/// The model after so many changes.
#[derive(Clone, Default)]
struct Follower {
    changes: i64,
    model: Model,
}

impl Follower {
    fn reach(&mut self, changes: i64) {
        while self.changes < changes {
            Change::choose(&SETTING, self.changes, &self.model).apply(&mut self.model);
            self.changes += 1;
        }
    }

    fn question(&self, random: &mut Random) -> Question {
        match random.below(8) {
            0 => Question::Rows,
            1 => Question::Count { label: random.below(LABELS) as i64 },
            // Some rows that are there, and any that the next changes may add.
            2 => {
                let ids: Vec<i64> = self.model.rows.keys().copied().collect();
                let ids_of =
                    |number| (0..2 * MANY as i64).map(move |id| number * IDS_OF_CHANGE + id);
                let next = (self.changes..self.changes + 3).flat_map(ids_of);
                Question::Get { ids: random.some(&ids, 100).into_iter().chain(next).collect() }
            }
            3 if self.model.text => Question::Word { label: random.below(LABELS) as i64 },
            _ => Question::nearest(random),
        }
    }

    /// # Panics
    /// Unless the answer is that of the model now or after some change up to `last`.
    fn check(&self, question: &Question, answer: &Answer, last: i64) {
        let first = question.answer(&self.model);
        if first == *answer {
            return;
        }
        let mut later = self.clone();
        while later.changes < last {
            later.reach(later.changes + 1);
            if question.answer(&later.model) == *answer {
                return;
            }
        }
        let (asked, differs, from) = (question.name(), answer.differs_from(&first), self.changes);
        panic!("{asked}: never so from change {from} to {last}; at first {differs}");
    }
}

#[test]
fn readers_never_see_anything_wrong_stale_or_partial() {
    let seconds: u64 =
        std::env::var("ANEAR_READERS_SECONDS").map_or(5, |text| text.parse().expect("a number"));
    let (folder, beside) = (scratch(), scratch());
    let mut session = Session::create(folder.path(), &SETTING).unwrap();
    session.make(&Change::choose(&SETTING, 0, &Model::default())).unwrap();
    drop(session);
    let published = Published::open(folder.path());
    published.set(Published::BEGUN, 1);
    published.set(Published::DONE, 1);

    let notes = |who: u64| beside.path().join(who.to_string());
    let start = |who: u64, task: &str, argument: u64| -> Child {
        let arguments = [task.to_owned(), argument.to_string()];
        let mut command = Workload::command("child", folder.path(), &notes(who), &arguments);
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let mut writer = start(0, "write all the time", seconds);
    let readers: Vec<Child> =
        (1..=READERS).map(|who| start(who, "ask all the time", who)).collect();
    assert!(writer.wait().unwrap().success(), "the writer failed");
    std::fs::write(folder.path().join("stop"), "").unwrap();
    for mut reader in readers {
        assert!(reader.wait().unwrap().success(), "a reader failed");
    }
    let noted =
        |who| -> u64 { std::fs::read_to_string(notes(who)).unwrap().trim().parse().unwrap() };
    let [changes, answers @ ..] = [0, 1, 2, 3, 4].map(noted);
    eprintln!("{changes} changes, {answers:?} answers in {seconds} seconds");
    assert!(changes >= 10 * seconds, "{changes} changes are not full speed");
    assert!(answers.iter().all(|count| *count >= 10 * seconds), "{answers:?} answers are few");
}
