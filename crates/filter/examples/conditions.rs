//! How long conditions take, beside SQLite over the same table without an index.
//!
//! `cargo run --release -p anear-filter --example conditions -- ROWS`
//!
//! The best of many runs, in microseconds. SQLite's table is in memory and its statement is
//! prepared already; ours is read from text, bound and evaluated to a set of bits each time.

use anear_filter::{Affinity, Cell, ColumnData, ColumnStore, Condition};
use anear_types::Value;
use rusqlite::{Connection, params_from_iter, types};
use std::time::{Duration, Instant};

/// How long each is tried.
const TIME: Duration = Duration::from_millis(300);

const COLUMNS: &[(&str, Affinity)] = &[
    ("id", Affinity::Integer),
    ("page_num", Affinity::Integer),
    ("file_name", Affinity::Text),
    ("score", Affinity::Real),
    ("added_ms", Affinity::Integer),
    ("url", Affinity::Text),
    ("is_public", Affinity::Numeric),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: u64 = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let (connection, store) = fill(rows)?;
    println!("{rows} rows, {:.1} bytes a row held", store.bytes() as f64 / rows as f64);
    println!("{:>10} {:>10} {:>7} {:>8}  condition", "SQLite us", "ours us", "times", "rows");
    let text = Value::text;
    let ids: Vec<Value> = (0..100).map(|n| Value::Int(n * 997)).collect();
    let id_list = format!("id IN ({})", vec!["?"; 100].join(","));
    let cases: Vec<(&str, Vec<Value>)> = vec![
        ("page_num > ?", vec![Value::Int(90)]),
        ("file_name = ?", vec![text("report-77.pdf")]),
        ("file_name = ? AND page_num > ?", vec![text("report-77.pdf"), Value::Int(50)]),
        ("page_num BETWEEN 10 AND 19", vec![]),
        ("page_num IN (1, 5, 9, 17, 33, 65)", vec![]),
        (&id_list, ids),
        ("id = ?", vec![Value::Int(77_777)]),
        ("score >= 0.25 AND score < 0.3", vec![]),
        ("added_ms > ?", vec![Value::Int(1_700_000_000_000 + 900 * rows as i64)]),
        ("is_public", vec![]),
        ("NOT is_public OR page_num = 3", vec![]),
        ("file_name LIKE 'report-7%'", vec![]),
        ("page_num > ? AND file_name LIKE ?", vec![Value::Int(90), text("%7.pdf")]),
        ("file_name > 'report-9'", vec![]),
        ("url LIKE '%/777%'", vec![]),
        ("url = ?", vec![text("https://example.org/page/500")]),
        ("url > 'https://example.org/page/9'", vec![]),
        ("url LIKE '%/777%' AND file_name = 'report-7.pdf'", vec![]),
        ("file_name IS NULL", vec![]),
    ];
    for (condition, params) in cases {
        let mut statement = connection
            .prepare(&format!("SELECT _row FROM rows NOT INDEXED WHERE (\n{condition}\n)"))?;
        let mut theirs = Vec::new();
        let sqlite = best(|| {
            let bound = params_from_iter(params.iter().map(to_sqlite));
            let found = statement.query_map(bound, |row| row.get::<_, i64>(0)).expect("rows");
            theirs = found.map(|row| row.expect("a row").unsigned_abs()).collect();
        });
        let mut passing = None;
        let ours = best(|| {
            let parsed = Condition::parse(condition).expect("understood");
            passing = parsed.evaluate(&params, &store);
        });
        let found: Vec<u64> = passing.expect("answered").iter().collect();
        assert_eq!(found, theirs, "{condition}");
        let shown: String = condition.chars().take(60).collect();
        let (times, count) = (sqlite / ours, found.len());
        println!("{sqlite:>10.1} {ours:>10.1} {times:>7.0} {count:>8}  {shown}");
    }
    Ok(())
}

/// The same rows in SQLite and in columns.
fn fill(rows: u64) -> Result<(Connection, ColumnStore), Box<dyn std::error::Error>> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(
        "CREATE TABLE rows (_row INTEGER PRIMARY KEY, id INTEGER UNIQUE, page_num INTEGER,
         file_name TEXT, score REAL, added_ms INTEGER, url TEXT, is_public BOOLEAN); BEGIN",
    )?;
    let mut store = ColumnStore::new(1 << 30);
    for (name, affinity) in COLUMNS {
        store.declare(name, *affinity);
        store.hold(name, ColumnData::new(*affinity, store.free_bytes()));
    }
    let mut insert = connection.prepare("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    let mut state = 1u64;
    for row in 0..rows {
        // A multiplicative generator (Steele and Vigna 2021); its upper bits will do.
        state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        let random = state >> 33;
        let file = format!("report-{}.pdf", random % 1000);
        let values = [
            Value::Int(row as i64),
            Value::Int((random / 1000 % 100) as i64),
            if random % 50 == 7 { Value::Null } else { Value::text(file) },
            Value::Real(random as f64 / (1u64 << 31) as f64),
            Value::Int(1_700_000_000_000 + 1000 * row as i64),
            Value::text(format!("https://example.org/page/{row}")),
            Value::Bool(random / 100_000 % 2 == 1),
        ];
        insert.raw_bind_parameter(1, row as i64)?;
        for (position, value) in values.iter().enumerate() {
            insert.raw_bind_parameter(position + 2, to_sqlite(value))?;
        }
        insert.raw_execute()?;
        store.append(row, &values.each_ref().map(Cell::from));
    }
    drop(insert);
    connection.execute_batch("COMMIT")?;
    Ok((connection, store))
}

/// The shortest time, in microseconds.
fn best(mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed() < TIME {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best * 1e6
}

fn to_sqlite(value: &Value) -> types::Value {
    match value {
        Value::Null => types::Value::Null,
        Value::Bool(flag) => types::Value::Integer(i64::from(*flag)),
        Value::Int(number) => types::Value::Integer(*number),
        Value::Real(number) => types::Value::Real(*number),
        Value::Text(text) => types::Value::Text(text.to_string()),
        Value::Blob(bytes) => types::Value::Blob(bytes.to_vec()),
    }
}
