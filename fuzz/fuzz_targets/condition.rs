//! Text as a condition over columns in memory: where it is answered, SQLite gives the same rows.
#![no_main]

use anear_filter::{Affinity, Cell, ColumnData, ColumnStore, Condition};
use anear_formats::sqlite::filter::Filter;
use anear_types::{Column, ColumnInfo, ColumnKind, Value};

/// How long SQLite may take, in milliseconds.
const QUERY_MS: u64 = 2000;

const ROWS: i64 = 40;

fn columns() -> [Column; 4] {
    let column = |name: &str, kind, value: &dyn Fn(i64) -> Value| {
        let some = |row| if row % 7 == 3 { Value::Null } else { value(row) };
        Column { name: name.to_owned(), kind, values: (0..ROWS).map(some).collect() }
    };
    let texts = ["", "a", "B.pdf", "é", "5", "a\0b", "\u{fffd}", "report.PDF"];
    [
        column("page_num", ColumnKind::Int, &|row| Value::Int(row - 5)),
        column("file_name", ColumnKind::Text, &|row| Value::text(texts[row as usize % 8])),
        column("score", ColumnKind::Real, &|row| Value::Real(row as f64 / 4.0)),
        column("x", ColumnKind::Bool, &|row| Value::Bool(row % 2 == 0)),
    ]
}

fn store(columns: &[Column]) -> ColumnStore {
    let mut store = ColumnStore::new(1 << 24);
    // The filter has the number of the row as one more column.
    store.leave_to_sqlite("row");
    let affinities = [Affinity::Integer, Affinity::Text, Affinity::Real, Affinity::Numeric];
    for (column, affinity) in columns.iter().zip(affinities) {
        store.declare(&column.name, affinity);
        store.hold(&column.name, ColumnData::new(affinity, store.free_bytes()));
    }
    for row in 0..ROWS as usize {
        let cells = columns.iter().map(|column| Cell::from(&column.values[row]));
        assert!(store.append(row as u64, &cells.collect::<Vec<Cell<'_>>>()));
    }
    store
}

fn compare(condition: &str) {
    let columns = columns();
    let params = [Value::Int(3), Value::text("%.pdf"), Value::Null, Value::Real(2.5)];
    let Some(parsed) = Condition::parse(condition) else { return };
    let params = &params[..parsed.parameters().min(params.len())];
    let Some(ours) = parsed.evaluate(params, &store(&columns)) else { return };
    let infos = columns
        .each_ref()
        .map(|column| ColumnInfo { name: column.name.clone(), kind: column.kind });
    let mut filter = Filter::new(&infos).expect("four columns");
    filter.add(&columns).expect("forty rows");
    let theirs = filter.rows_where(condition, params, QUERY_MS).expect("an accepted condition");
    assert_eq!(ours.iter().collect::<Vec<u64>>(), theirs, "{condition:?}");
}

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |condition: &str| {
    anear_fuzz::run(|| compare(condition));
});
