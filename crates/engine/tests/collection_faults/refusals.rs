//! Folders that cannot be written to, or seem so.

use crate::change::Change;
use crate::model::{Model, Row};
use crate::question::difference;
use crate::setting::{Kept, Session, Setting, path_in};
use anear::{Access, Collection, ErrorKind, Silent};
use anear_testkit::faults::{Disk, End, Fault, FaultyChild, Sweep, What, Workload, scratch};
use std::path::Path;

const SETTING: Setting = Setting {
    seed: 5,
    changes: 12,
    compacts: 0,
    kept: Kept::Npy,
    least_rows: 0,
    goes_on: false,
    watched: false,
};

/// Fills a new collection and closes it.
fn filled(folder: &Path) -> Model {
    let mut model = Model::default();
    let mut session = Session::create(folder, &SETTING).unwrap();
    for number in 0..SETTING.changes {
        let change = Change::choose(&SETTING, number, &model);
        session.make(&change).unwrap();
        change.apply(&mut model);
    }
    model
}

/// The child: reads all there is, and tries in vain to write.
pub(crate) fn read(workload: &Workload, _: &[String]) {
    let mut model = Model::default();
    for number in 0..SETTING.changes {
        Change::choose(&SETTING, number, &model).apply(&mut model);
    }
    let path = path_in(workload.folder());
    let collection = Collection::open(&path, Access::Read).unwrap();
    assert_eq!(difference(&collection, &model).unwrap(), None);
    assert!(collection.verify(false, &mut Silent).unwrap().problems.is_empty());
    let change = Change::choose(&SETTING, 0, &Model::default());
    assert_eq!(change.make(&collection).unwrap_err().kind(), ErrorKind::Usage);
    drop(collection);
    workload.note("read");

    let written = Collection::open(&path, Access::Write)
        .and_then(|open| Change::choose(&SETTING, SETTING.changes, &model).make(&open));
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Io);
    workload.note("refused");
}

/// The child: reads, writes, and reads again through the same open collection.
pub(crate) fn read_again(workload: &Workload) {
    let path = path_in(workload.folder());
    let Ok(reader) = Collection::open(&path, Access::Read) else { return };
    workload.note("open");
    let rows = reader.len().unwrap();
    let writer = Collection::open(&path, Access::Write).unwrap();
    Change::Upsert(vec![(-1, Row::new(-1, 0, 0))]).make(&writer).unwrap();
    assert_eq!(reader.len().unwrap(), rows + 1);
}

#[test]
fn a_reader_that_had_trouble_to_open_sees_what_is_written_later() {
    let folder = scratch();
    filled(folder.path());
    let arguments = ["read again".to_owned()];
    let sweep = Sweep::new("child", &arguments, &|_, _| Ok(()));
    let sweep = sweep.starting_with(Disk::read(folder.path()));
    let trace = sweep.trace();
    let opening = (1..=trace.steps().len()).take_while(|steps| trace.notes(*steps).is_empty());
    let faults: Vec<Fault> = opening.map(|at| Fault { at: at as u64, what: What::Io }).collect();
    sweep.faults(&faults).must_be_clean();
}

#[test]
fn a_read_only_folder_is_read_and_stays_as_it_is() {
    let folder = scratch();
    filled(folder.path());
    let before = Disk::read(folder.path()).tree();
    let fault = Fault { at: 1, what: What::ReadOnly };
    let child = FaultyChild::new(folder.path()).fault(fault);
    let outcome = child.run("child", &["read".to_owned()]);
    assert_eq!(outcome.end, End::Finished, "{}", outcome.said);
    assert_eq!(outcome.notes, ["read", "refused"]);
    assert_eq!(Disk::read(folder.path()).tree(), before);
}

#[test]
fn a_collection_is_not_made_in_a_read_only_folder() {
    let folder = scratch();
    let fault = Fault { at: 1, what: What::ReadOnly };
    let arguments = [vec!["change".to_owned()], SETTING.arguments()].concat();
    let outcome = FaultyChild::new(folder.path()).fault(fault).run("child", &arguments);
    assert_eq!((outcome.end, outcome.notes), (End::Finished, Vec::new()));
    assert!(Disk::read(folder.path()).tree().is_empty());
}
