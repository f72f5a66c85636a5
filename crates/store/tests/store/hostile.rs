//! Databases that say what is not so: by damage, or to do harm.

use crate::helpers::{Folder, add, clean, expected, files, matrix, problems, rows, vectors};
use anear_store::{Access, Batch, Existing, Storage, Store, StoreInfo};
use anear_types::{Error, ErrorKind};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// Changes the database behind the store's back.
fn change(folder: &Folder, statements: &str) {
    let connection = Connection::open(folder.path().join("metadata.sqlite")).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    connection.execute_batch(statements).unwrap_or_else(|error| panic!("{statements}: {error}"));
}

/// A closed store with rows 0 to 9, of which 7 was deleted, that says something else.
fn changed(storage: Storage, statements: &str) -> Folder {
    let folder = Folder::of(storage);
    let store = folder.create();
    add(&store, &(0..10).collect::<Vec<_>>(), &[], Existing::Refuse).unwrap();
    store.delete(&vec![7].into()).unwrap();
    drop(store);
    change(&folder, statements);
    folder
}

/// Reads all there is.
fn read_all(store: &Store) -> Result<StoreInfo, Error> {
    let view = store.view(None)?;
    let moment = store.read()?;
    let columns = moment.columns()?;
    moment.table(view.rows(), &columns)?;
    store.info()
}

fn refused<T>(result: Result<T, Error>, context: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{context}: it should be refused"));
    let is_of_file = matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Limit);
    assert!(is_of_file, "{context}: {error}");
}

/// What rows there are by the tables, with what no file has.
const ROWS: &[&str] = &[
    "UPDATE extents SET rows = 1 << 50",
    "UPDATE extents SET rows = 9223372036854775807",
    "UPDATE extents SET rows = -10",
    "UPDATE extents SET first_row = 9223372036854775807",
    "INSERT INTO extents VALUES (1 << 40, 1 << 50, 77, 0)",
    "INSERT INTO extents VALUES (3, 4, 1, 0)",
    "DELETE FROM extents",
    "UPDATE files SET first_row = -1",
    "UPDATE files SET holds = 'index'",
    "INSERT INTO pending VALUES (1 << 45, zeroblob(16))",
    "INSERT INTO pending VALUES ((1 << 60) - 1, zeroblob(16))",
    "INSERT INTO pending VALUES (9223372036854775807, zeroblob(16))",
    "INSERT INTO pending VALUES (10, zeroblob(15))",
    "UPDATE embeddings SET _row = -3 WHERE _row = 3",
    "UPDATE embeddings SET _row = 1000 WHERE _row = 3",
    "UPDATE embeddings SET _row = 9223372036854775807 WHERE _row = 3",
    "INSERT INTO deleted VALUES (9223372036854775807, 8)",
    "INSERT INTO deleted VALUES (9, -1)",
];

#[test]
fn rows_that_no_file_has_are_told_and_take_no_memory() {
    for storage in [Storage::Npy, crate::helpers::hdf5(None)] {
        for statements in ROWS {
            let folder = changed(storage.clone(), statements);
            let store = Store::open(folder.path(), Access::Read).unwrap();
            refused(read_all(&store), statements);
            if let Ok(verified) = store.verify(false, &mut |_| false) {
                assert!(!verified.problems.is_empty(), "{statements}");
            }
            drop(store);
            let store = folder.open();
            if let Ok(verified) = store.verify(true, &mut |_| false) {
                let is_broken = verified.problems.iter().any(|problem| !problem.repaired);
                assert!(is_broken, "{statements}: {verified:?}");
            }
            let _ = add(&store, &[20, 21], &[], Existing::Replace);
            let _ = store.delete(&vec![5].into());
            let _ = store.compact(&mut |_| false);
        }
    }
}

#[test]
fn a_gap_is_one_problem_however_long_it_is() {
    let folder = changed(Storage::Npy, "UPDATE extents SET rows = 1 << 50");
    let problems = problems(&folder.open(), false);
    assert!(
        problems[0].starts_with("rows 10 to 1125899906842623 are neither there"),
        "{problems:?}"
    );
}

#[test]
fn a_row_is_there_or_deleted() {
    let folder = changed(Storage::Npy, "INSERT INTO deleted VALUES (2, 8), (3, 7)");
    let expected = ["row 7 was deleted twice", "row 8 is there and deleted"];
    assert_eq!(problems(&folder.open(), false), expected);
}

#[test]
fn what_is_read_to_verify_is_no_more_than_there_is() {
    let mut overlapping = String::new();
    for first in 1..10 {
        overlapping += &format!("INSERT INTO extents VALUES ({first}, {}, 1, 0);", 10 - first);
    }
    let folder = changed(Storage::Npy, &overlapping);
    let mut bytes = 0;
    let mut count = |read| {
        bytes += read;
        false
    };
    let verified = folder.open().verify(false, &mut count).unwrap();
    assert_eq!((verified.problems.len(), bytes), (9, 160));
}

#[test]
fn conditions_find_rows_in_order_or_none() {
    let folder = changed(Storage::Npy, "UPDATE embeddings SET _row = -100 WHERE _row = 3");
    let moment = folder.open().read().unwrap();
    refused(moment.rows_where("id >= 0", &[], 1000), "a negative row");
    assert_eq!(moment.rows_where("id > 7", &[], 1000).unwrap(), [8, 9]);
}

#[test]
fn metadata_of_other_rows_are_not_put_beside_vectors() {
    for statements in [
        "DELETE FROM embeddings WHERE _row = 4; DELETE FROM deleted WHERE row = 4",
        "INSERT INTO embeddings (_row, id) VALUES (7, 70)",
    ] {
        let folder = changed(Storage::Npy, statements);
        let store = folder.open();
        refused(store.compact(&mut |_| false), statements);
        assert_eq!(store.info().unwrap().deleted, 1, "{statements}: nothing was done");
    }
    // By its extents the file has five rows.
    let folder = changed(Storage::Npy, "UPDATE extents SET rows = 5");
    let before = std::fs::read(folder.path().join("vectors-000001.npy")).unwrap();
    let store = folder.open();
    refused(add(&store, &[20], &[], Existing::Refuse), "small");
    let large = vectors(0..20_000);
    let batch = Batch { vectors: matrix(&large), ids: None, metadata: &[], json: &[] };
    refused(store.add(&batch, Existing::Refuse), "large");
    assert!(!problems(&store, true).is_empty());
    drop(store);
    let after = std::fs::read(folder.path().join("vectors-000001.npy")).unwrap();
    assert_eq!(after.len(), before.len(), "nothing was cut off");
    assert_eq!(after[128..], before[128..], "nothing was written over");
}

#[test]
fn files_stay_where_a_name_is_not_that_of_a_file() {
    for name in ["vectors-000005.npy", "vectors-00000q.npy", "../vectors-000001.npy", "/etc/passwd"]
    {
        let folder = changed(Storage::Npy, &format!("UPDATE files SET name = '{name}'"));
        let reader = Store::open(folder.path(), Access::Read).unwrap();
        if name != "vectors-000005.npy" {
            refused(reader.info(), name);
        }
        assert!(read_all(&reader).is_err(), "{name}");
        let writer = folder.open();
        let _ = add(&writer, &[20], &[], Existing::Refuse);
        let _ = writer.verify(true, &mut |_| false);
        let _ = writer.compact(&mut |_| false);
        drop(writer);
        assert!(files(&folder.path()).contains(&"vectors-000001.npy".to_owned()), "{name}");
        change(&folder, "UPDATE files SET name = 'vectors-000001.npy' WHERE file = 1");
        let store = folder.open();
        assert_eq!(rows(&store)[..7], expected(0..7), "{name}");
    }
}

#[test]
fn numbers_of_files_stay_in_bounds() {
    for number in ["9223372036854775807", "-1", "NULL", "'x'"] {
        let statements = format!("UPDATE settings SET value = {number} WHERE key = 'next_file'");
        let folder = changed(Storage::Npy, &statements);
        let store = folder.open();
        refused(store.compact(&mut |_| false), number);
        assert_eq!(rows(&store).len(), 9);
    }
}

#[test]
fn tables_that_are_others_are_not_read() {
    let statements = [
        "ALTER TABLE settings RENAME TO moved; CREATE VIEW settings AS SELECT * FROM moved",
        "ALTER TABLE embeddings RENAME TO moved; CREATE VIEW embeddings AS SELECT * FROM moved",
        "ALTER TABLE embeddings ADD COLUMN long AS (hex(zeroblob(100000000)))",
        "ALTER TABLE extents ADD COLUMN long AS (hex(zeroblob(100000000)))",
        "DROP TABLE embeddings; CREATE VIRTUAL TABLE embeddings USING fts5 (_row, id)",
        "DROP TABLE embeddings; CREATE TABLE embeddings (_row, id)",
        "DROP TABLE deleted; CREATE TABLE deleted (sequence, row)",
        "DROP TABLE pending",
        "CREATE VIRTUAL TABLE embeddings_text USING fts5 (id)",
        "CREATE VIRTUAL TABLE EMBEDDINGS_TEXT USING fts5 (id)",
        "INSERT INTO columns VALUES (1, 'a', 'id', 'int', 0, 0)",
        "INSERT INTO columns VALUES (1, 'a', 'x', 'int', 0, 0), (2, 'b', 'X', 'int', 0, 0)",
    ];
    for statements in statements {
        let folder = changed(Storage::Npy, statements);
        for access in [Access::Read, Access::Write] {
            let read = Store::open(folder.path(), access).and_then(|store| read_all(&store));
            refused(read, statements);
        }
    }
}

#[test]
fn triggers_of_others_do_not_run() {
    let folder = changed(
        Storage::Npy,
        "CREATE TRIGGER hostile AFTER INSERT ON embeddings BEGIN
             INSERT INTO deleted (row)
             WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;
         END",
    );
    let store = folder.open();
    assert_eq!(rows(&store).len(), 9, "reading runs none");
    let error = add(&store, &[20], &[], Existing::Refuse).unwrap_err();
    assert!(error.to_string().contains("\"hostile\" was not made by anear"), "{error}");
    assert!(error.help_text().unwrap().contains("DROP TRIGGER"));
    let called = |kind: &str| {
        let update = format!("UPDATE sqlite_schema SET type = '{kind}' WHERE name = 'hostile'");
        change(&folder, &format!("PRAGMA writable_schema = ON; {update}"));
    };
    for kind in ["view", "table", "index"] {
        called(kind);
        refused(add(&store, &[20], &[], Existing::Refuse), kind);
    }
    called("trigger");
    change(&folder, "DROP TRIGGER hostile");
    assert_eq!(add(&store, &[20], &[], Existing::Refuse).unwrap(), 10);
    clean(&store);
}

#[test]
fn a_store_without_its_log_is_written_to_with_one() {
    let folder = changed(Storage::Npy, "PRAGMA journal_mode = DELETE");
    assert_eq!(rows(&Store::open(folder.path(), Access::Read).unwrap()).len(), 9);
    let store = folder.open();
    add(&store, &[20], &[], Existing::Refuse).unwrap();
    let moment = store.read().unwrap(); // in the way of those who write, had they no log
    add(&store, &[21], &[], Existing::Refuse).unwrap();
    assert_eq!((moment.marks().next_row, rows(&store).len()), (11, 11));
}
