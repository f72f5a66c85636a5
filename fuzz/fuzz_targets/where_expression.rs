//! Text as the condition of `--where`.
#![no_main]

use anear_formats::sqlite::filter::Filter;
use anear_types::{Column, ColumnInfo, ColumnKind, Result, Value};

/// How long one condition may take, in milliseconds.
const QUERY_MS: u64 = 500;

fn filter(condition: &str) -> Result<()> {
    let columns = [
        Column {
            name: "page_num".to_owned(),
            kind: ColumnKind::Int,
            values: (0..20).map(Value::Int).collect(),
        },
        Column {
            name: "file_name".to_owned(),
            kind: ColumnKind::Text,
            values: (0..20).map(|row| Value::text(format!("{row}.pdf"))).collect(),
        },
    ];
    let infos = columns
        .each_ref()
        .map(|column| ColumnInfo { name: column.name.clone(), kind: column.kind });
    let mut filter = Filter::new(&infos)?;
    filter.columns_used(condition)?;
    filter.add(&columns)?;
    let rows = filter.rows_where(condition, &[], QUERY_MS)?;
    assert!(rows.iter().all(|row| *row < 20));
    Ok(())
}

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |condition: &str| {
    anear_fuzz::run(|| drop(filter(condition)));
});
