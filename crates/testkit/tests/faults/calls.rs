//! Every way in which Rust's library and tempfile change files is seen.

use anear_testkit::faults::{End, Fault, FaultyChild, Operation, Sweep, What, Workload, scratch};
use std::fs::{File, OpenOptions};
use std::io::{IoSlice, Seek, SeekFrom, Write};

pub(crate) fn make_them_all(workload: &Workload) {
    let folder = workload.folder();
    let path = |name: &str| folder.join(name);
    std::fs::create_dir_all(path("a/b")).unwrap();
    std::fs::write(path("a/b/first"), "first").unwrap();
    workload.note("one file is there");

    let mut file = OpenOptions::new().append(true).open(path("a/b/first")).unwrap();
    file.write_all(b" and more").unwrap();
    let mut file = OpenOptions::new().write(true).open(path("a/b/first")).unwrap();
    file.seek(SeekFrom::Start(3)).unwrap();
    let written = file.write_vectored(&[IoSlice::new(b"S"), IoSlice::new(b"T")]).unwrap();
    assert_eq!(written, 2);
    file.set_len(9).unwrap();
    file.set_len(12).unwrap();
    file.sync_data().unwrap();

    std::fs::hard_link(path("a/b/first"), path("second")).unwrap();
    std::fs::copy(path("second"), path("third")).unwrap();
    std::fs::rename(path("third"), path("a/third")).unwrap();
    std::fs::remove_file(path("second")).unwrap();
    File::create(path("a/third")).unwrap().write_all(b"new").unwrap();
    for name in ["kept", "kept too"] {
        let mut file = tempfile::NamedTempFile::new_in(folder).unwrap();
        file.write_all(name.as_bytes()).unwrap();
        file.persist_noclobber(path(name)).unwrap();
    }
    tempfile::NamedTempFile::new_in(folder).unwrap().persist(path("kept too")).unwrap();
    tempfile::NamedTempFile::new_in(folder).unwrap().close().unwrap();

    std::fs::create_dir_all(path("c/d/e")).unwrap();
    std::fs::rename(path("c"), path("f")).unwrap();
    std::fs::write(path("f/d/fourth"), "fourth").unwrap();
    std::fs::create_dir(path("f/empty")).unwrap();
    std::fs::remove_dir(path("f/empty")).unwrap();
    std::fs::remove_dir_all(path("a")).unwrap();
}

#[test]
fn every_call_is_seen() {
    // Compares what the trace says with what is there.
    let trace = Sweep::new("child", &[], &|_, _| Ok(())).trace();
    let paths: Vec<_> = trace.end().tree().into_keys().collect();
    let expected = ["f", "f/d", "f/d/e", "f/d/fourth", "kept", "kept too"];
    assert_eq!(paths, expected.map(std::path::PathBuf::from));

    let is_first = |bytes: &Vec<u8>| bytes == b"first";
    let writes = trace.steps().iter().position(
        |step| matches!(&step.operation, Operation::Write { data, .. } if is_first(data)),
    );
    assert!(trace.notes(writes.unwrap()).is_empty());
    assert_eq!(trace.notes(writes.unwrap() + 1), ["one file is there"]);
}

#[test]
fn each_operation_can_be_made_to_fail_and_to_be_the_last() {
    let trace = Sweep::new("child", &[], &|_, _| Ok(())).trace();
    for (at, step) in (1..).zip(trace.steps()) {
        let folder = scratch();
        let hurt = FaultyChild::new(folder.path()).fault(Fault { at, what: What::KillAfter });
        assert_eq!(hurt.run("child", &[]).end, End::Killed, "{at}: {step:?}");
        // The calls above must all succeed.
        let folder = scratch();
        let hurt = FaultyChild::new(folder.path()).fault(Fault { at, what: What::Io });
        assert_eq!(hurt.run("child", &[]).end, End::Failed, "{at}: {step:?}");
    }
}

#[test]
fn a_folder_can_be_read_only() {
    let folder = scratch();
    let fault = Fault { at: 1, what: What::ReadOnly };
    let outcome = FaultyChild::new(folder.path()).fault(fault).run("child", &[]);
    assert_eq!(outcome.end, End::Failed);
    assert!(outcome.said.contains("Read-only file system"), "{}", outcome.said);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
