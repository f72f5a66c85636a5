use crate::sqlite::{Sqlite, SqliteContainer};
use crate::testing::{open_bytes, read_rows};
use crate::{Container, ReadOptions};
use anear_io::Input;
use anear_testkit::fixtures::{expected, sha256};
use anear_types::{Block, Element, ErrorKind, Value};
use rusqlite::Connection;
use std::path::Path;

const TABLE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, vec BLOB)";

/// A database in a folder of its own, made by SQL and then by `fill`.
fn database(sql: &str, fill: impl FnOnce(&Connection)) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("x.db")).unwrap();
    connection.execute_batch(sql).unwrap();
    fill(&connection);
    (folder, connection)
}

fn vector(seed: usize, dim: usize) -> Vec<u8> {
    (0..dim).flat_map(|i| ((seed * 31 + i) as f32 + 0.5).to_le_bytes()).collect()
}

fn insert(connection: &Connection, ids: impl IntoIterator<Item = i64>) {
    connection.execute_batch("BEGIN").unwrap();
    let mut statement = connection.prepare("INSERT INTO t VALUES (?, ?)").unwrap();
    for id in ids {
        statement.execute((id, vector(id as usize, 40))).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

fn open(folder: &Path, threads: usize) -> anear_types::Result<SqliteContainer> {
    let input = Input::open(folder.join("x.db"))?;
    SqliteContainer::open(input, &ReadOptions { threads, ..ReadOptions::default() })
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn rows_of_different_lengths_are_read_one_by_one() {
    let mut files = 0;
    for (path, what) in expected("sqlite") {
        if what["ragged"] != true {
            continue;
        }
        files += 1;
        let input = Input::open(&path).unwrap();
        let container = SqliteContainer::open(input, &ReadOptions::default()).unwrap();
        let rows = what["rows"].as_array().unwrap();
        let vectors: Vec<_> = container.vectors(0).collect();
        assert_eq!(vectors.len(), rows.len());
        for (vector, row) in vectors.into_iter().zip(rows) {
            let place = format!("{} row {} ({})", path.display(), row["id"], row["file_name"]);
            let vector = vector.unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(vector.id, row["id"].to_string(), "{place}");
            assert_eq!(serde_json::json!(vector.shape), row["shape"], "{place}");
            let element = Element::from_name(row["dtype"].as_str().unwrap());
            assert_eq!(Some(vector.element), element, "{place}");
            if !row["file_name"].as_str().unwrap().contains('>') {
                assert_eq!(sha256(&vector.bytes), row["sha256_native"], "{place}");
            }
            let components = vector.bytes.chunks_exact(vector.element.bytes());
            let floats: Vec<u8> = components
                .flat_map(|b| (vector.element.read_f64(b) as f32).to_le_bytes())
                .collect();
            assert_eq!(sha256(&floats), row["sha256_f32"], "{place}");
        }
        let error = read_rows(&mut *container.rows(0).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData);
        assert_eq!(error.row(), Some(1), "{error}");
    }
    assert_eq!(files, 2);
}

#[test]
fn any_row_is_found_whatever_the_keys() {
    let keyed =
        "CREATE TABLE t (doc TEXT, part INTEGER, vec BLOB, PRIMARY KEY (doc, part)) WITHOUT ROWID";
    let falling = "CREATE TABLE t (part INTEGER PRIMARY KEY DESC, vec BLOB) WITHOUT ROWID";
    let shadowed = "CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid INTEGER PRIMARY KEY, vec BLOB)";
    let by = |connection: &Connection, sql: &str, rows: &[i64]| {
        connection.execute_batch("BEGIN").unwrap();
        for row in rows {
            let values = rusqlite::params![row, vector(*row as usize, 40)];
            connection.execute(sql, values).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    };
    let rising: Vec<i64> = (0..3000).collect();
    let gaps: Vec<i64> = (0..3000).map(|row| row * row + 7).collect();
    let back: Vec<i64> = (0..3000).rev().collect();
    for (table, sql, rows) in [
        (TABLE, "INSERT INTO t VALUES (?, ?)", &rising),
        (TABLE, "INSERT INTO t VALUES (?, ?)", &gaps),
        (keyed, "INSERT INTO t VALUES (CAST(?1 / 1000 AS TEXT), ?1, ?2)", &rising),
        (falling, "INSERT INTO t VALUES (?, ?)", &back),
        (shadowed, "INSERT INTO t VALUES ('a', 'b', ?, ?)", &gaps),
    ] {
        let (folder, connection) = database(table, |c| by(c, sql, rows));
        drop(connection);
        for threads in [1, 3] {
            let container = open(folder.path(), threads).unwrap();
            let schema = &container.entries()[0].schema;
            assert_eq!((schema.rows, schema.dim), (3000, 40));
            let mut source = container.rows(0).unwrap();
            let expected: Vec<u8> = rows.iter().flat_map(|row| vector(*row as usize, 40)).collect();
            assert!(read_rows(&mut *source).unwrap() == expected, "{table}");
            for (row, count) in [(0, 1), (2999, 1), (1023, 700), (511, 1), (512, 2488), (5000, 0)] {
                source.seek(row).unwrap();
                let mut block = Block::new(Element::F32, 40, 2488.min(count.max(1)));
                assert_eq!(source.next_block(&mut block).unwrap(), count, "{table} from {row}");
                if count > 0 {
                    let start = row as usize * 160;
                    assert_eq!(block.matrix().bytes(), &expected[start..start + count * 160]);
                }
            }
        }
    }
}

#[test]
fn a_row_that_is_no_vector_is_named() {
    let null = "INSERT INTO t VALUES (70, NULL)";
    for (sql, what) in [
        (null, "no vector (NULL) in the row with id 70"),
        ("INSERT INTO t VALUES (70, 5)", "the integer 5"),
        ("INSERT INTO t VALUES (70, x'00000000')", "1 numbers, the first vector has 40"),
        ("INSERT INTO t VALUES (70, x'')", "0 bytes"),
    ] {
        let (folder, connection) = database(TABLE, |c| insert(c, 10..60));
        connection.execute_batch(sql).unwrap();
        let container = open(folder.path(), 2).unwrap();
        let error = read_rows(&mut *container.rows(0).unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(50)));
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.to_string().contains("id 70"), "{error}");
        assert_eq!(error.help_text().is_some(), sql == null);
    }
}

#[test]
fn a_running_writer_is_neither_disturbed_nor_seen() {
    for mode in ["WAL", "DELETE"] {
        let sql = format!("PRAGMA journal_mode = {mode}; {TABLE}");
        let (folder, writer) = database(&sql, |c| insert(c, 0..2000));
        let before = files(folder.path());
        let container = open(folder.path(), 2).unwrap();
        let mut source = container.rows(0).unwrap();
        let mut block = Block::new(Element::F32, 40, 500);
        source.next_block(&mut block).unwrap();
        let changed = writer.busy_timeout(std::time::Duration::ZERO).and_then(|()| {
            writer.execute_batch("UPDATE t SET vec = x'00'; DELETE FROM t WHERE id < 9")
        });
        assert_eq!(changed.is_ok(), mode == "WAL");
        source.seek(0).unwrap();
        let expected: Vec<u8> = (0..2000).flat_map(|row| vector(row, 40)).collect();
        assert!(read_rows(&mut *source).unwrap() == expected);
        assert_eq!(container.metadata(0, &[0], 3..4).unwrap()[0].values, [Value::Int(3)]);
        drop(source);
        drop(container);
        assert_eq!(files(folder.path()), before, "nothing appears and nothing goes");
        drop(writer);
        assert_eq!(files(folder.path()), ["x.db"]);
    }
}

#[test]
fn nothing_is_created_beside_a_database_in_wal_mode() {
    let sql = format!("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; {TABLE}");
    let (folder, writer) = database(&sql, |c| insert(c, 0..100));
    // What a crash leaves: the log, but perhaps not the index of the log.
    let crashed = tempfile::tempdir().unwrap();
    for name in ["x.db", "x.db-wal"] {
        std::fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    drop(writer);
    for (folder, names) in [(&folder, vec!["x.db"]), (&crashed, vec!["x.db", "x.db-wal"])] {
        assert_eq!(files(folder.path()), names);
        let bytes = std::fs::read(folder.path().join("x.db")).unwrap();
        let container = open(folder.path(), 2).unwrap();
        let expected: Vec<u8> = (0..100).flat_map(|row| vector(row, 40)).collect();
        assert!(read_rows(&mut *container.rows(0).unwrap()).unwrap() == expected);
        drop(container);
        assert_eq!(files(folder.path()), names);
        assert_eq!(std::fs::read(folder.path().join("x.db")).unwrap(), bytes);
    }
    // The bytes alone are read as they are.
    let bytes = std::fs::read(folder.path().join("x.db")).unwrap();
    let container = open_bytes(&Sqlite, &bytes, &ReadOptions::default()).unwrap();
    assert_eq!(container.entries()[0].schema.rows, 100);
}

#[test]
fn a_changed_file_without_locks_is_noticed() {
    let sql = format!("PRAGMA journal_mode = WAL; {TABLE}");
    let (folder, writer) = database(&sql, |c| insert(c, 0..100));
    drop(writer);
    let container = open(folder.path(), 1).unwrap();
    let mut source = container.rows(0).unwrap();
    let writer = Connection::open(folder.path().join("x.db")).unwrap();
    insert(&writer, 200..300);
    let error = read_rows(&mut *source).unwrap_err();
    assert!(error.to_string().contains("changed"), "{error}");
}

#[test]
fn names_and_kinds_of_columns_are_taken_from_declaration_and_content() {
    let sql = r#"
        CREATE TABLE "a ""b"".c" ("x;--" TEXT PRIMARY KEY, "Emb ""1""" BLOB, n INT, any, when_made DATE,
            doubled INTEGER AS (n * 2), flag BOOLEAN, embedding_model TEXT, late INTEGER);
        CREATE VIEW v AS SELECT * FROM "a ""b"".c";
        CREATE TABLE notes (a TEXT);
        CREATE VIRTUAL TABLE words USING fts5(body);"#;
    let (folder, _connection) = database(sql, |c| {
        for row in 0..40i64 {
            let late =
                if row < 39 { rusqlite::types::Value::Integer(1) } else { "x".to_owned().into() };
            let values = rusqlite::params![
                format!("k{row}"),
                vector(row as usize, 8),
                row,
                row as f64 / 2.0,
                "2024-01-01",
                row % 2 == 0,
                "model",
                late
            ];
            let insert = r#"INSERT INTO "a ""b"".c" VALUES (?, ?, ?, ?, ?, ?, ?, ?)"#;
            c.execute(insert, values).unwrap();
        }
    });
    let container = open(folder.path(), 1).unwrap();
    let names: Vec<&str> = container.entries().iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["a \"b\".c.Emb \"1\""]);
    let schema = &container.entries()[0].schema;
    let columns: Vec<String> = schema
        .columns
        .iter()
        .map(|column| format!("{} {}", column.name, column.kind.name()))
        .collect();
    assert_eq!(
        columns,
        [
            "x;-- text",
            "n int",
            "any real",
            "when_made text",
            "flag bool",
            "embedding_model text",
            "late int"
        ]
    );
    assert_eq!(schema.ids, Some(0));
    let last = container.metadata(0, &[4, 6], 39..40).unwrap();
    assert_eq!(last[0].values, [Value::Bool(false)]);
    assert_eq!((last[1].kind.name(), &last[1].values[0]), ("mixed", &Value::text("x")));
    let skipped: Vec<&str> = container.skipped().iter().map(|skipped| &*skipped.name).collect();
    assert!(
        ["v", "words", "words_data", "notes"].iter().all(|name| skipped.contains(name)),
        "{skipped:?}"
    );
}

#[test]
fn raw_bytes_are_what_the_caller_says() {
    let (folder, _connection) = database(TABLE, |c| insert(c, 0..5));
    let input = || Input::open(folder.path().join("x.db")).unwrap();
    for (element, dim) in [(Element::I8, 160), (Element::F64, 20), (Element::Bf16, 80)] {
        let options = ReadOptions { raw_element: Some(element), ..ReadOptions::default() };
        let container = SqliteContainer::open(input(), &options).unwrap();
        let schema = &container.entries()[0].schema;
        assert_eq!((schema.element, schema.dim), (element, dim));
    }
    let options = ReadOptions { ids: Some("nobody".to_owned()), ..ReadOptions::default() };
    let error = SqliteContainer::open(input(), &options).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn damaged_files_never_panic() {
    let (folder, connection) = database(TABLE, |c| insert(c, 0..50));
    drop(connection);
    let good = std::fs::read(folder.path().join("x.db")).unwrap();
    let mut state = 1u64;
    for _ in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let position = (state >> 33) as usize % bytes.len();
            bytes[position] = (state >> 25) as u8;
        }
        if let Ok(container) = open_bytes(&Sqlite, &bytes, &ReadOptions::default()) {
            for entry in 0..container.entries().len() {
                let _ = container.rows(entry).and_then(|mut source| read_rows(&mut *source));
            }
        }
    }
    for length in (0..good.len()).step_by(777) {
        assert!(open_bytes(&Sqlite, &good[..length], &ReadOptions::default()).is_err());
    }
}
