//! Which arrays of a `.npz` are metadata of which others, and their values.

use super::archive::{Archive, Array};
use super::{is_text, values};
use crate::ReadOptions;
use crate::columns::{from_json, ids_column};
use crate::npy::header::Kind;
use anear_types::{Column, ColumnInfo, ColumnKind, Element, Error, Metric, Result, Schema, Value};
use std::collections::HashMap;
use std::ops::Range;

/// The longest text attribute, in bytes as stored.
const ATTRIBUTE_BYTES: usize = 4 << 20;

/// The metadata of a whole file.
pub(super) struct Columns {
    /// By number of rows.
    by_rows: HashMap<u64, Vec<(ColumnInfo, Source)>>,
    attributes: Vec<(String, Value)>,
    metric: Option<Metric>,
    options: ReadOptions,
    /// For each array of the file.
    roles: Vec<Role>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// An entry of its own.
    Entry,
    /// A column, and an entry if it holds numbers.
    Column,
    /// Part of a column, or an attribute.
    Helper,
}

/// Where the values of a column are; positions of arrays.
#[derive(Clone, Copy)]
struct Source {
    values: usize,
    /// Where each value ends, when they are joined bytes.
    ends: Option<usize>,
    /// Which values are null.
    nulls: Option<usize>,
}

impl Columns {
    /// Sorts out what belongs to what, by name and length.
    ///
    /// # Errors
    /// If an attribute is damaged.
    pub(super) fn find(
        archive: &Archive,
        arrays: &[Array],
        options: &ReadOptions,
    ) -> Result<Columns> {
        let mut columns = Columns {
            by_rows: matrix_rows(arrays),
            attributes: Vec::new(),
            metric: None,
            options: options.clone(),
            roles: vec![Role::Entry; arrays.len()],
        };
        if columns.by_rows.is_empty() {
            return Ok(columns); // no matrix that metadata could belong to
        }
        let names: HashMap<&str, usize> =
            arrays.iter().enumerate().map(|(position, array)| (&*array.name, position)).collect();
        for (position, array) in arrays.iter().enumerate() {
            match array.description.shape[..] {
                [] => columns.attribute(archive, position, array)?,
                [rows] if columns.by_rows.contains_key(&rows) => {
                    columns.column(arrays, &names, position, rows);
                }
                _ => {}
            }
        }
        columns.drop_excess(archive.limits().entries, arrays);
        Ok(columns)
    }

    fn attribute(&mut self, archive: &Archive, position: usize, array: &Array) -> Result<()> {
        if array.value_bytes() > ATTRIBUTE_BYTES {
            return Ok(());
        }
        self.roles[position] = Role::Helper;
        let values = values::values(archive, array, 0..1);
        let value = values.map_err(|error| error.at_entry(&array.name))?.remove(0);
        match (array.name.as_str(), &value) {
            ("anear.ids", Value::Text(name)) => {
                self.options.ids.get_or_insert_with(|| name.to_string());
            }
            ("anear.metric", Value::Text(name)) => self.metric = Metric::from_name(name),
            (name, Value::Text(text)) if is_text(array) && name.ends_with(".json") => {
                let json = serde_json::from_str(text).ok();
                let value = json.as_ref().map_or_else(|| value.clone(), from_json);
                self.attributes.push((name.trim_end_matches(".json").to_owned(), value));
            }
            (name, _) => self.attributes.push((name.to_owned(), value)),
        }
        Ok(())
    }

    fn column(
        &mut self,
        arrays: &[Array],
        names: &HashMap<&str, usize>,
        position: usize,
        rows: u64,
    ) {
        let array = &arrays[position];
        let find = |base: &str, suffix: &str| names.get(&*format!("{base}{suffix}")).copied();
        let joined = |base: &str| {
            ["utf8", "blob", "json"].into_iter().find_map(|kind| {
                let values = find(base, &format!(".{kind}"))?;
                is_list(&arrays[values], Element::U8).then_some((values, kind))
            })
        };
        let mask = |base: &str| {
            find(base, ".null").filter(|mask| {
                arrays[*mask].is_list_of(rows) && is_list(&arrays[*mask], Element::Bool)
            })
        };
        let is_mask = |base: &str| {
            let plain = find(base, "").is_some_and(|base| arrays[base].is_list_of(rows));
            plain || find(base, ".ends").is_some()
        };
        let (info, source) = match array.name.rsplit_once('.') {
            Some((base, "null")) if is_list(array, Element::Bool) && is_mask(base) => {
                self.roles[position] = Role::Helper;
                return;
            }
            Some((base, "ends")) if is_list(array, Element::I64) && joined(base).is_some() => {
                let (values, kind) = joined(base).expect("just found");
                self.roles[position] = Role::Helper;
                self.roles[values] = Role::Helper;
                let kind = match kind {
                    "utf8" => ColumnKind::Text,
                    "blob" => ColumnKind::Blob,
                    _ => ColumnKind::Mixed,
                };
                let source = Source { values, ends: Some(position), nulls: mask(base) };
                (ColumnInfo { name: base.to_owned(), kind }, source)
            }
            _ if self.roles[position] == Role::Helper => return,
            _ => {
                self.roles[position] = Role::Column;
                let kind = values::column_kind(array.description.kind);
                let source = Source { values: position, ends: None, nulls: mask(&array.name) };
                (ColumnInfo { name: array.name.clone(), kind }, source)
            }
        };
        if let Some(columns) = self.by_rows.get_mut(&rows) {
            columns.push((info, source));
        }
    }

    /// Many matrices with many columns each would take the product of both to describe: then none
    /// gets them.
    fn drop_excess(&mut self, limit: usize, arrays: &[Array]) {
        let mut matrices: HashMap<u64, usize> = HashMap::new();
        for rows in arrays.iter().filter_map(rows_of_matrix) {
            *matrices.entry(rows).or_default() += 1;
        }
        self.by_rows.retain(|rows, columns| {
            columns.len().saturating_mul(matrices.get(rows).copied().unwrap_or(0)) <= limit
        });
        if self.attributes.len().saturating_mul(matrices.values().sum()) > limit {
            self.attributes.clear();
        }
    }

    /// Whether an array is part of a column or an attribute, and nothing by itself.
    pub(super) fn is_helper(&self, array: usize) -> bool {
        self.roles[array] == Role::Helper
    }

    /// Whether an array is a column.
    pub(super) fn is_column(&self, array: usize) -> bool {
        self.roles[array] == Role::Column
    }

    /// Adds columns and attributes to the schema of a matrix.
    pub(super) fn describe(&self, schema: &mut Schema) {
        if let Some(columns) = self.by_rows.get(&schema.rows) {
            schema.columns = columns.iter().map(|(info, _)| info.clone()).collect();
        }
        schema.ids = ids_column(&schema.columns, &self.options);
        schema.attributes.clone_from(&self.attributes);
        schema.metric = self.metric;
    }

    /// Values of the column at this position, of a matrix with `total` rows.
    ///
    /// # Errors
    /// If one of its arrays is damaged.
    pub(super) fn read(
        &self,
        archive: &Archive,
        arrays: &[Array],
        total: u64,
        column: usize,
        rows: Range<u64>,
    ) -> Result<Column> {
        let (info, source) = &self.by_rows[&total][column];
        let at_column = |error: Error| error.at_entry(&info.name);
        let plain = |array: usize| values::values(archive, &arrays[array], rows.clone());
        let mut values = match source.ends {
            None => plain(source.values),
            Some(ends) => joined_values(archive, arrays, source.values, ends, info, rows.clone()),
        }
        .map_err(at_column)?;
        if let Some(nulls) = source.nulls {
            for (value, null) in values.iter_mut().zip(plain(nulls).map_err(at_column)?) {
                if null == Value::Bool(true) {
                    *value = Value::Null;
                }
            }
        }
        Ok(Column { name: info.name.clone(), kind: info.kind, values })
    }
}

/// Values that are joined bytes.
fn joined_values(
    archive: &Archive,
    arrays: &[Array],
    bytes: usize,
    ends: usize,
    info: &ColumnInfo,
    rows: Range<u64>,
) -> Result<Vec<Value>> {
    let array = &arrays[bytes];
    let length = array.description.shape[0] as usize;
    let data = &archive.bytes(array)?[array.description.data_offset..][..length];
    let first = rows.start.saturating_sub(1);
    let ends = values::values(archive, &arrays[ends], first..rows.end)?;
    let mut ends = ends.iter().map(|end| match end {
        Value::Int(end) => usize::try_from(*end).unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
    let mut start = if rows.start == 0 { 0 } else { ends.next().unwrap_or(0) };
    rows.zip(ends)
        .map(|(row, end)| {
            let value = data.get(start..end).ok_or_else(|| {
                Error::malformed(format!("a value ends at byte {end} of {length}")).at_row(row)
            })?;
            start = end;
            joined_value(info.kind, value).map_err(|error| error.at_row(row))
        })
        .collect()
}

fn joined_value(kind: ColumnKind, bytes: &[u8]) -> Result<Value> {
    let text =
        || std::str::from_utf8(bytes).map_err(|_| Error::malformed("a text value is not UTF-8"));
    match kind {
        ColumnKind::Blob => Ok(Value::Blob(bytes.into())),
        ColumnKind::Text => Ok(Value::text(text()?)),
        _ => match serde_json::from_str(text()?) {
            Ok(json) => Ok(from_json(&json)),
            Err(error) => Err(Error::malformed(format!("a value is not JSON: {error}"))),
        },
    }
}

fn is_list(array: &Array, element: Element) -> bool {
    array.description.kind == Kind::Number(element) && array.description.shape.len() == 1
}

fn rows_of_matrix(array: &Array) -> Option<u64> {
    let (_, leading) = array.description.shape.split_last().filter(|(_, rows)| !rows.is_empty())?;
    let numeric = matches!(array.description.kind, Kind::Number(_));
    let rows = leading.iter().try_fold(1u64, |rows, axis| rows.checked_mul(*axis));
    rows.filter(|_| numeric)
}

/// The row counts that columns may have, without columns yet.
fn matrix_rows(arrays: &[Array]) -> HashMap<u64, Vec<(ColumnInfo, Source)>> {
    arrays.iter().filter_map(rows_of_matrix).map(|rows| (rows, Vec::new())).collect()
}
