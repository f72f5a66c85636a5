//! Damage to the folder of a collection, as an input chooses it: to the bytes of its files, to their
//! names, and by SQL to what its database says.

use crate::choices::Choices;
use crate::sound::File;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::fmt::Write;
use std::path::Path;

/// The file of metadata.
const METADATA: &str = "metadata.sqlite";
/// A file beside the folder, which is nobody's business.
pub const BAIT: &str = "vectors-000007.npy";
/// So many steps of damage at most.
const MOST_STEPS: usize = 12;
/// A statement that damages is given up after so many steps of SQLite's machine.
const MOST_OPERATIONS: i32 = 200_000;
/// Longer values and statements are not made.
const LONGEST: i32 = 1 << 20;

/// What changes rows of the database: in it `@` becomes a table, `#` a column or setting, `?` a
/// value.
const OF_ROWS: &[&str] = &[
    "UPDATE settings SET value = ? WHERE key = '#'",
    "INSERT OR REPLACE INTO settings VALUES ('#', ?)",
    "UPDATE settings SET key = ? WHERE key = '#'",
    "UPDATE @ SET # = ?",
    "UPDATE @ SET # = ? WHERE rowid = ?",
    "UPDATE @ SET # = # + ?",
    "UPDATE extents SET first_row = ?, rows = ?",
    "UPDATE files SET name = ?, first_row = ?",
    "DELETE FROM @",
    "DELETE FROM @ WHERE rowid = ?",
    "DELETE FROM @ WHERE # = ?",
    "INSERT OR REPLACE INTO extents VALUES (?, ?, ?, ?)",
    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
    "INSERT OR REPLACE INTO pending VALUES (?, ?)",
    "INSERT OR REPLACE INTO deleted VALUES (?, ?)",
    "INSERT OR REPLACE INTO attributes VALUES (?, ?)",
    "INSERT OR REPLACE INTO columns VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO embeddings (_row, id) VALUES (?, ?)",
    "INSERT OR REPLACE INTO embeddings (_row, id, #) VALUES (?, ?, ?)",
    "INSERT INTO embeddings_text (embeddings_text) VALUES ('delete-all')",
    "INSERT INTO embeddings_text (rowid, name) VALUES (?, ?)",
    "UPDATE embeddings_text_data SET block = ? WHERE id = ?",
    "PRAGMA journal_mode = DELETE",
];

/// What changes its tables. Most of that is noticed when it is opened.
const OF_TABLES: &[&str] = &[
    "DROP TABLE @",
    "DROP TRIGGER embeddings_deleted",
    "ALTER TABLE @ RENAME COLUMN # TO other",
    "ALTER TABLE @ DROP COLUMN #",
    "ALTER TABLE @ ADD COLUMN another DEFAULT ?",
    "ALTER TABLE @ ADD COLUMN another AS (zeroblob(?))",
    "ALTER TABLE @ RENAME TO moved; CREATE VIEW @ AS SELECT * FROM moved",
    "ALTER TABLE @ RENAME TO moved; CREATE TABLE @ AS SELECT * FROM moved",
    "ALTER TABLE @ RENAME TO moved; CREATE TABLE @ AS SELECT * FROM moved UNION ALL SELECT * FROM moved",
    "CREATE TRIGGER hostile AFTER INSERT ON @ BEGIN UPDATE @ SET # = ?; END",
    "CREATE TRIGGER hostile BEFORE INSERT ON @ BEGIN DELETE FROM @; END",
    "CREATE TRIGGER hostile AFTER UPDATE ON @ BEGIN INSERT INTO deleted (row) VALUES (?); END",
    "CREATE TRIGGER hostile AFTER INSERT ON @ BEGIN INSERT INTO deleted (row)
     WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n; END",
    "CREATE INDEX hostile ON @ (#, hex(zeroblob(?)))",
    "CREATE INDEX hostile ON @ (#) WHERE length(zeroblob(?)) = #",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = ? WHERE name = '@'",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ? WHERE name = '@'",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY', '')",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '#', ?)",
    "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = '@'",
    "PRAGMA user_version = ?; PRAGMA application_id = ?",
];

const TABLES: &[&str] = &[
    "settings",
    "extents",
    "files",
    "pending",
    "deleted",
    "columns",
    "embeddings",
    "attributes",
    "embeddings_text",
    "embeddings_text_data",
    "embeddings_text_idx",
    "embeddings_text_docsize",
    "embeddings_text_config",
];

/// Settings and columns.
const NAMES: &[&str] = &[
    "value",
    "format",
    "dim",
    "metric",
    "element",
    "model",
    "storage",
    "file_bytes",
    "ids",
    "epoch",
    "changes",
    "next_file",
    "gzip",
    "shuffle",
    "group_by",
    "first_row",
    "rows",
    "file",
    "crc32",
    "name",
    "holds",
    "row",
    "vector",
    "sequence",
    "stored_as",
    "kind",
    "json",
    "text",
    "position",
    "_row",
    "id",
    "page",
    "about",
];

const TEXTS: &[&str] = &[
    "npy",
    "h5",
    "int",
    "text",
    "real",
    "blob",
    "mixed",
    "bool",
    "cosine",
    "hamming",
    "l2",
    "u8",
    "f64",
    "f16",
    "i8",
    "vectors",
    "index",
    "page",
    "name",
    "about",
    "_row",
    "id",
    "rank",
    "embeddings_text",
    "a\"b",
    "a'b",
    "",
    "vectors-000001.npy",
    "vectors-000003.npy",
    "vectors-000001.h5",
    "index-000002.anx",
    "../vectors-000007.npy",
    "/etc/passwd",
    "metadata.sqlite",
];

/// Damages a folder, which lies at `path` with these files in it.
pub fn damage(path: &Path, files: &[File], choices: &mut Choices<'_>) {
    let mut connection = None;
    let statements = choices.one_of(&[OF_ROWS, OF_ROWS, OF_ROWS, OF_TABLES]);
    let steps = choices.below(MOST_STEPS + 1);
    for _ in 0..steps {
        if choices.is_empty() {
            return;
        }
        if choices.byte() % 4 > 0 {
            connection = connection.take().or_else(|| open(&path.join(METADATA)));
            let statement = statement(statements, choices);
            if let Some(connection) = &connection {
                let _ = connection.execute_batch(&statement);
            }
            continue;
        }
        connection = None;
        let (name, _) = &files[choices.below(files.len())];
        let (other, _) = &files[choices.below(files.len())];
        damage_file(&path.join(name), &path.join(other), choices);
    }
}

fn damage_file(file: &Path, other: &Path, choices: &mut Choices<'_>) {
    if file.is_symlink() || other.is_symlink() {
        return; // it leads to the bait
    }
    match choices.byte() % 8 {
        0 => drop(std::fs::remove_file(file)),
        1 => drop(std::fs::rename(file, other)),
        2 => drop(std::fs::copy(file, other)),
        #[cfg(unix)]
        3 => {
            let _ = std::fs::remove_file(file);
            let _ = std::os::unix::fs::symlink(Path::new("..").join(BAIT), file);
        }
        _ => {
            let Ok(mut bytes) = std::fs::read(file) else { return };
            choices.damage(&mut bytes);
            let _ = std::fs::write(file, bytes);
        }
    }
}

/// A connection that may damage the database, and nothing else.
fn open(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = match path.is_symlink() {
        true => return None,
        false => Connection::open_with_flags(path, flags).ok()?,
    };
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).ok()?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST).ok()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).ok()?;
    connection.progress_handler(MOST_OPERATIONS, Some(|| true)).ok()?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY").ok()?;
    Some(connection)
}

fn statement(patterns: &[&str], choices: &mut Choices<'_>) -> String {
    let pattern = match choices.byte() {
        255 => return String::from_utf8_lossy(choices.some_bytes()).into_owned(),
        choice => patterns[usize::from(choice) % patterns.len()],
    };
    let mut statement = String::new();
    for character in pattern.chars() {
        match character {
            '@' => statement.push_str(choices.one_of(TABLES)),
            '#' => statement.push_str(choices.one_of(NAMES)),
            '?' => value(choices, &mut statement),
            other => statement.push(other),
        }
    }
    statement
}

fn value(choices: &mut Choices<'_>, statement: &mut String) {
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let _ = match choices.byte() % 10 {
        0..5 => write!(statement, "{}", choices.number()),
        5 => write!(statement, "{}", text(choices.one_of(TEXTS))),
        6 => write!(statement, "{}", text(&String::from_utf8_lossy(choices.some_bytes()))),
        7 => write!(statement, "zeroblob({})", choices.byte()),
        8 => write!(statement, "{}.5e{}", choices.byte(), choices.byte()),
        _ => write!(statement, "NULL"),
    };
}
