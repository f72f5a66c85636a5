//! Lists, structs and maps of a row as JSON text, by the library's record reader.

use super::file::{File, from_parquet};
use super::layout::Field;
use super::values::{date, time, timestamp};
use crate::guard::guard;
use anear_types::{Error, Result, Value};
use parquet::file::reader::FileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field as Item, Row};
use parquet::schema::types::Type;
use serde_json::{Number, Value as Json};
use std::sync::Arc;

/// The values of a nested column in one row group.
pub(super) fn group_as_json(file: &File, group: usize, field: &Field) -> Result<Vec<Value>> {
    let mut texts = Vec::new();
    let mut bytes = 0;
    for_each_row(file, group, field, &mut |item| {
        texts.push(match item {
            Item::Null => Value::Null,
            item => Value::text(json(item).to_string()),
        });
        bytes += match texts.last() {
            Some(Value::Text(text)) => text.len() as u64 + 24,
            _ => 24,
        };
        file.limits().check_expansion("a metadata column", bytes, file.bytes())?;
        Ok(true)
    })?;
    Ok(texts)
}

/// Whether the library can read this column: tries the first row.
pub(super) fn check(file: &File, field: &Field) -> Result<()> {
    match (0..file.groups()).find(|group| file.group_rows(*group) > 0) {
        Some(group) => for_each_row(file, group, field, &mut |_| Ok(false)),
        None => Ok(()),
    }
}

fn for_each_row(
    file: &File,
    group: usize,
    field: &Field,
    visit: &mut dyn FnMut(&Item) -> Result<bool>,
) -> Result<()> {
    let root = file.schema().root_schema();
    let column = root.get_fields().iter().find(|column| column.name() == field.name);
    let column = column.ok_or_else(|| Error::malformed("a column is missing"))?;
    for leaf in field.leaf..field.leaf + leaves(column) {
        file.check(group, leaf)?;
    }
    guard("reading nested values", || {
        let failed = |error| from_parquet(&error);
        let projection = Type::group_type_builder(root.name())
            .with_fields(vec![Arc::clone(column)])
            .build()
            .map_err(failed)?;
        let rows = file.library_reader().get_row_group(group).map_err(failed)?;
        for row in RowIter::from_row_group(Some(projection), &*rows).map_err(failed)? {
            let row: Row = row.map_err(failed)?;
            for (_, item) in row.get_column_iter() {
                if !visit(item)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

fn leaves(field: &Type) -> usize {
    if field.is_primitive() {
        return 1;
    }
    field.get_fields().iter().map(|child| leaves(child)).sum()
}

/// The nesting of values is that of the schema, whose depth was checked.
fn json(item: &Item) -> Json {
    match item {
        Item::Null => Json::Null,
        Item::Bool(value) => Json::from(*value),
        Item::Byte(value) => Json::from(*value),
        Item::Short(value) => Json::from(*value),
        Item::Int(value) => Json::from(*value),
        Item::Long(value) => Json::from(*value),
        Item::UByte(value) => Json::from(*value),
        Item::UShort(value) => Json::from(*value),
        Item::UInt(value) => Json::from(*value),
        Item::ULong(value) => Json::from(*value),
        // The shortest decimal of the narrow type, not that of its widening to f64.
        Item::Float16(value) => real(value.to_string().parse().unwrap_or(f64::NAN)),
        Item::Float(value) => real(value.to_string().parse().unwrap_or(f64::NAN)),
        Item::Double(value) => real(*value),
        Item::Str(value) => Json::from(value.as_str()),
        Item::Bytes(value) => {
            let hex = value.data().iter().map(|byte| format!("{byte:02x}"));
            Json::from(hex.collect::<String>())
        }
        Item::Date(days) => Json::from(date(i64::from(*days))),
        Item::TimeMillis(count) => Json::from(time(i64::from(*count), 1_000)),
        Item::TimeMicros(count) => Json::from(time(*count, 1_000_000)),
        Item::TimestampMillis(count) => Json::from(timestamp(*count, 1_000, false)),
        Item::TimestampMicros(count) => Json::from(timestamp(*count, 1_000_000, false)),
        Item::Group(row) => {
            row.get_column_iter().map(|(name, item)| (name.clone(), json(item))).collect()
        }
        Item::ListInternal(list) => list.elements().iter().map(json).collect(),
        Item::MapInternal(map) => map
            .entries()
            .iter()
            .map(|(key, value)| match json(key) {
                Json::String(key) => (key, json(value)),
                key => (key.to_string(), json(value)),
            })
            .collect(),
        other => Json::from(other.to_string()),
    }
}

fn real(value: f64) -> Json {
    match Number::from_f64(value) {
        Some(number) => Json::Number(number),
        None => Json::from(value.to_string()), // JSON has no NaN and no infinity
    }
}
