//! Whenever a condition is answered without SQLite, SQLite gives the same rows.

mod conditions;
mod random;
mod table;
mod values;

use anear_filter::{Affinity, Cell, ColumnData, ColumnStore, Condition};
use anear_types::Value;
use random::Random;
use table::{Column, Table};
use values::Flavour;

const TABLES: u64 = 1000;
const CONDITIONS: usize = 100;

/// Random tables and conditions. SQLite is the judge, of errors too.
#[test]
fn random_conditions_give_the_rows_that_sqlite_gives() {
    let (mut valid, mut answered, mut met) = (0, 0, 0);
    for seed in 0..TABLES {
        let random = &mut Random(seed);
        let table = Table::random(random);
        for _ in 0..CONDITIONS {
            let written = conditions::write(random, &table);
            let theirs = table.sqlite(&written.text, &written.params);
            let ours = table.ours(&written.text, &written.params);
            valid += usize::from(theirs.is_ok());
            if let Some(rows) = ours {
                answered += 1;
                met += usize::from(!rows.is_empty());
                let what = format!("table {seed}: {:?} with {:?}", written.text, written.params);
                assert_eq!(Ok(rows), theirs, "{what}");
            }
        }
    }
    println!("{valid} valid, {answered} answered, {met} with rows");
    assert!(answered * 5 > valid * 2, "{answered} of {valid} were answered");
    assert!(met * 3 > answered, "{met} of {answered} had rows");
}

/// What people write is answered without SQLite, all of it.
#[test]
fn everyday_conditions_are_answered() {
    let random = &mut Random(1);
    let columns = vec![
        Column::new("id", "INTEGER", Flavour::Small, usize::MAX),
        Column::new("page_num", "INTEGER", Flavour::Small, 10),
        Column::new("file_name", "TEXT", Flavour::Words, 10),
        Column::new("title", "TEXT", Flavour::ManyTexts, 10),
        Column::new("score", "REAL", Flavour::Numbers, 10),
        Column::new("rating", "INTEGER", Flavour::Numbers, 10),
        Column::new("is_public", "BOOLEAN", Flavour::Flags, 10),
        Column::new("lang", "TEXT", Flavour::Nothing, 10),
        Column::new("added at", "", Flavour::Small, 10),
    ];
    let table = Table::new(columns, 300, random);
    let text = Value::text;
    let everyday: &[(&str, &[Value])] = &[
        ("page_num > 3", &[]),
        ("page_num > ?", &[Value::Int(3)]),
        ("page_num = '5'", &[]),
        ("page_num = ?", &[text("5")]),
        ("page_num>=2 and page_num<=4", &[]),
        ("page_num BETWEEN ? AND ?", &[Value::Int(1), Value::Int(5)]),
        ("page_num IN (1, 2, 3)", &[]),
        ("page_num IN (?, ?, ?)", &[Value::Int(1), Value::Int(4), Value::Int(7)]),
        ("page_num NOT IN (0, 1)", &[]),
        ("page_num != -1", &[]),
        ("id = ?", &[Value::Int(3)]),
        ("id IN (1, 2)", &[]),
        ("id != 7 AND NOT (page_num < 2)", &[]),
        ("file_name = 'a.pdf'", &[]),
        ("file_name = 'a.pdf' AND page_num > 3", &[]),
        ("file_name = ?", &[text("report.pdf")]),
        ("file_name = ?", &[text("not there")]),
        ("file_name <> ?", &[text("a")]),
        ("file_name = ?", &[Value::Int(5)]),
        ("page_num > ? AND file_name LIKE ?", &[Value::Int(1), text("%.pdf")]),
        ("file_name LIKE 'report%' OR file_name LIKE '%b%'", &[]),
        ("file_name NOT LIKE '%.pdf'", &[]),
        ("file_name GLOB '*.pdf'", &[]),
        ("file_name IN ('a.pdf', 'B.PDF')", &[]),
        ("file_name > 'a' AND file_name < 'b'", &[]),
        ("file_name IS NOT NULL AND lang IS NULL", &[]),
        ("file_name = ''", &[]),
        ("title LIKE '%-1%'", &[]),
        ("title >= ?", &[text("a")]),
        ("score > 0.5", &[]),
        ("score >= ? AND score < 3", &[Value::Real(1.5)]),
        ("score BETWEEN 0.0 AND 2.5", &[]),
        ("rating >= 2.5", &[]),
        ("rating = 3", &[]),
        ("is_public", &[]),
        ("NOT is_public", &[]),
        ("is_public = 1", &[]),
        ("is_public = TRUE AND lang = 'en'", &[]),
        ("is_public = ?", &[Value::Bool(true)]),
        ("is_public IS TRUE", &[]),
        ("is_public IS NOT FALSE", &[]),
        ("lang = ?", &[text("en")]),
        ("lang IS ?", &[Value::Null]),
        ("lang LIKE 'en%'", &[]),
        ("(? IS NULL OR page_num = ?)", &[Value::Null, Value::Int(5)]),
        ("(? IS NULL OR page_num = ?)", &[Value::Int(5), Value::Int(5)]),
        ("1 = 1 AND page_num > 3", &[]),
        ("\"added at\" < 5", &[]),
        ("[added at] IS NOT 5", &[]),
        ("(file_name = 'a' OR file_name = 'b') AND (page_num = 1 OR page_num = 2)", &[]),
    ];
    let mut with_rows = 0;
    for (condition, params) in everyday {
        let theirs = table.sqlite(condition, params).unwrap();
        with_rows += usize::from(!theirs.is_empty());
        assert_eq!(table.ours(condition, params), Some(theirs), "{condition}");
    }
    assert!(with_rows * 10 > everyday.len() * 8, "{with_rows} of {} met rows", everyday.len());
}

/// Numbers in the text of a condition are the numbers that SQLite reads.
#[test]
fn numbers_are_read_as_sqlite_reads_them() {
    let random = &mut Random(2);
    let columns = vec![Column::new("x", "REAL", Flavour::Reals, usize::MAX)];
    let table = Table::new(columns, 1, random);
    for _ in 0..20_000 {
        let digits = 1 + random.below(15);
        let mut number = (random.word() % 10u64.pow(digits as u32)).to_string();
        if random.one_in(2) {
            number.insert(random.below(number.len()), '.');
        }
        if random.one_in(2) {
            number += &format!("e{}", random.below(41) as i64 - 20);
        }
        let read: f64 = number.parse().unwrap();
        // True for SQLite only if the literal is this very number.
        let same = format!("{number} = ?");
        assert_eq!(table.sqlite(&same, &[Value::Real(read)]), Ok(vec![0]), "{same} {read:?}");
        assert_eq!(table.ours(&same, &[Value::Real(read)]), Some(vec![0]), "{same} {read:?}");
    }
}

/// The largest conditions that are answered are not too large for SQLite.
#[test]
fn limits_are_within_those_of_sqlite() {
    let random = &mut Random(3);
    let table = Table::new(vec![Column::new("x", "TEXT", Flavour::Words, 5)], 60, random);
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let large = [
        vec!["x = 'a'"; 250].join(" OR "),
        vec!["x > 'a'"; 250].join(" AND "),
        nested("(", "x = 'a'", ")", 249),
        nested("NOT ", "x = 'a'", "", 249),
        nested("NOT (", "x = 'a'", ")", 124),
        format!("x IN ({})", vec!["'a'"; 50_000].join(",")),
        format!("x LIKE '{}'", "%a_".repeat(166)),
    ];
    for condition in &large {
        let ours = table.ours(condition, &[]);
        assert!(ours.is_some(), "{}", &condition[..40]);
        assert_eq!(table.sqlite(condition, &[]).ok(), ours, "{}", &condition[..40]);
    }
    let params = vec![Value::text("a"); 30_000];
    let condition = format!("x IN ({})", vec!["?"; 30_000].join(","));
    let ours = table.ours(&condition, &params);
    assert!(ours.is_some());
    assert_eq!(table.sqlite(&condition, &params).ok(), ours);
}

/// A text on which a pattern may take long is left to SQLite, which can be interrupted.
#[test]
fn patterns_that_may_take_long_are_not_answered() {
    let mut store = ColumnStore::new(1 << 26);
    store.declare("x", Affinity::Text);
    let mut data = ColumnData::new(Affinity::Text, store.free_bytes());
    data.put(0, Cell::Text(&vec![b'a'; 20 << 20]));
    store.append(0, &[]);
    store.hold("x", data);
    let count = |condition: &str| Some(Condition::parse(condition)?.evaluate(&[], &store)?.count());
    let pattern = |length: usize| format!("x LIKE '%{}%'", "a".repeat(length));
    assert_eq!(count(&pattern(60)), Some(1));
    assert_eq!(count(&pattern(240)), None);
    assert_eq!(count(&vec![pattern(60); 5].join(" OR ")), None);
}
