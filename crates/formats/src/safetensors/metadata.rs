//! Metadata of a safetensors file: lists among the tensors, texts in `__metadata__`.

use super::header::Tensor;
use crate::ReadOptions;
use crate::columns::{from_json, ids_column, number_kind, number_value};
use anear_io::{ByteOrder, Input};
use anear_types::{Column, ColumnInfo, ColumnKind, Error, Metric, Result, Schema, Value};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

/// What belongs to the matrices of a file.
pub(super) struct Metadata {
    /// By number of rows: columns that are tensors, with their positions.
    tensors: HashMap<u64, Lists>,
    /// Columns in `__metadata__`, by name.
    texts: HashMap<String, TextColumn>,
}

/// Columns that are tensors, in file order, and where each is by its name.
#[derive(Default)]
struct Lists {
    columns: Vec<ColumnInfo>,
    positions: HashMap<String, usize>,
}

/// A column kept as JSON, parsed when first asked for.
struct TextColumn {
    json: String,
    values: OnceLock<Vec<Value>>,
}

/// Which columns a file written here says it has.
struct Declared {
    entry: String,
    columns: Vec<ColumnInfo>,
}

impl Metadata {
    /// Sorts out what belongs to what and completes the schemas of the entries.
    ///
    /// # Errors
    /// If the texts that anear itself writes are not as it writes them.
    pub(super) fn find(
        mut texts: Map<String, Json>,
        tensors: &[Tensor],
        matrices: &[usize],
        schemas: &mut [Schema],
        options: &ReadOptions,
    ) -> Result<Metadata> {
        let mut options = options.clone();
        let mut metadata = Metadata { tensors: HashMap::new(), texts: HashMap::new() };
        let mut take = |key: &str| match texts.shift_remove(key) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        };
        let metric = take("anear.metric").and_then(|name| Metric::from_name(&name));
        let attributes = take("anear.attributes");
        let ids = take("anear.ids");
        let declared = match (take("anear.entry"), take("anear.columns")) {
            (Some(entry), Some(columns)) => {
                Some(Declared { entry, columns: declared_columns(&columns)? })
            }
            _ => None,
        };
        if options.ids.is_none() {
            options.ids = ids;
        }
        let mut all_attributes = Vec::new();
        for (key, text) in texts {
            let Json::String(text) = text else { continue };
            match key.strip_prefix("anear.column.") {
                Some(name) => {
                    let column = TextColumn { json: text, values: OnceLock::new() };
                    metadata.texts.insert(name.to_owned(), column);
                }
                None => all_attributes.push((key, Value::text(text))),
            }
        }
        if let Some(json) = attributes {
            let fields: Map<String, Json> = serde_json::from_str(&json)
                .map_err(|error| not_as_written("anear.attributes", &error))?;
            all_attributes
                .extend(fields.iter().map(|(name, value)| (name.clone(), from_json(value))));
        }
        metadata.find_lists(tensors, matrices, schemas, &options);
        let matrix_count = schemas.len();
        for (schema, position) in schemas.iter_mut().zip(matrices) {
            let name = &tensors[*position].name;
            metadata.describe(schema, name, declared.as_ref(), &options);
            if all_attributes.len().saturating_mul(matrix_count) <= options.limits.entries {
                schema.attributes.clone_from(&all_attributes);
            }
            schema.metric = metric;
        }
        Ok(metadata)
    }

    /// Finds the tensors that are columns.
    fn find_lists(
        &mut self,
        tensors: &[Tensor],
        matrices: &[usize],
        schemas: &[Schema],
        options: &ReadOptions,
    ) {
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for schema in schemas.iter().filter(|schema| schema.shape.len() >= 2) {
            *counts.entry(schema.rows).or_default() += 1;
        }
        for position in matrices {
            let tensor = &tensors[*position];
            if let ([rows], Some(element)) = (&tensor.shape[..], tensor.element)
                && counts.contains_key(rows)
            {
                let kind = number_kind(element);
                let lists = self.tensors.entry(*rows).or_default();
                lists.columns.push(ColumnInfo { name: tensor.name.clone(), kind });
                lists.positions.insert(tensor.name.clone(), *position);
            }
        }
        // The description of many matrices with many columns each would take the product of both.
        self.tensors.retain(|rows, lists| {
            lists.columns.len().saturating_mul(counts[rows]) <= options.limits.entries
        });
    }

    fn describe(
        &self,
        schema: &mut Schema,
        name: &str,
        declared: Option<&Declared>,
        options: &ReadOptions,
    ) {
        if schema.shape.len() < 2 {
            return;
        }
        let empty = Lists::default();
        let lists = self.tensors.get(&schema.rows).unwrap_or(&empty);
        if let Some(declared) = declared.filter(|declared| declared.entry == name) {
            let known = |info: &&ColumnInfo| {
                self.texts.contains_key(&info.name) || lists.positions.contains_key(&info.name)
            };
            schema.columns = declared.columns.iter().filter(known).cloned().collect();
        }
        let taken: HashSet<String> =
            schema.columns.iter().map(|column| column.name.clone()).collect();
        let more = lists.columns.iter().filter(|column| !taken.contains(&column.name));
        schema.columns.extend(more.cloned());
        schema.ids = ids_column(&schema.columns, options);
    }

    /// Values of one column of a matrix with `total` rows.
    ///
    /// # Errors
    /// If the column is damaged.
    pub(super) fn read(
        &self,
        input: &Input,
        tensors: &[Tensor],
        total: u64,
        info: &ColumnInfo,
        rows: Range<u64>,
    ) -> Result<Column> {
        let values = match self.texts.get(&info.name) {
            Some(column) => {
                let all = column.values(total, info)?;
                all[rows.start as usize..rows.end as usize].to_vec()
            }
            None => {
                let position = self.tensors[&total].positions[&info.name];
                list_values(input, &tensors[position], rows)?
            }
        };
        Ok(Column { name: info.name.clone(), kind: info.kind, values })
    }
}

impl TextColumn {
    fn values(&self, rows: u64, info: &ColumnInfo) -> Result<&[Value]> {
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        let key = format!("anear.column.{}", info.name);
        let list: Vec<Json> =
            serde_json::from_str(&self.json).map_err(|error| not_as_written(&key, &error))?;
        if list.len() as u64 != rows {
            let found = list.len();
            return Err(Error::malformed(format!("{key} has {found} values for {rows} rows")));
        }
        let value = |json: &Json| match from_json(json) {
            Value::Int(number) if info.kind == ColumnKind::Real => Value::Real(number as f64),
            value => value,
        };
        let values = list.iter().map(value).collect();
        Ok(self.values.get_or_init(|| values))
    }
}

fn list_values(input: &Input, tensor: &Tensor, rows: Range<u64>) -> Result<Vec<Value>> {
    let element = tensor.element.expect("columns are numbers");
    let size = element.bytes();
    let bytes = &input.bytes()[tensor.start..tensor.end];
    let bytes = &bytes[rows.start as usize * size..rows.end as usize * size];
    let value = |(position, stored): (usize, &[u8])| {
        let mut native = [0; 8];
        let native = &mut native[..size];
        native.copy_from_slice(stored);
        if ByteOrder::NATIVE == ByteOrder::Big {
            native.reverse();
        }
        number_value(element, native)
            .map_err(|error| error.at_row(rows.start + position as u64).at_entry(&tensor.name))
    };
    bytes.chunks_exact(size).enumerate().map(value).collect()
}

fn declared_columns(json: &str) -> Result<Vec<ColumnInfo>> {
    let pairs: Vec<(String, String)> =
        serde_json::from_str(json).map_err(|error| not_as_written("anear.columns", &error))?;
    let info = |(name, kind): (String, String)| {
        let kind = ColumnKind::from_name(&kind)
            .ok_or_else(|| Error::malformed(format!("a column of unknown kind '{kind}'")))?;
        Ok(ColumnInfo { name, kind })
    };
    pairs.into_iter().map(info).collect()
}

fn not_as_written(key: &str, error: &serde_json::Error) -> Error {
    Error::malformed(format!("{key} in __metadata__ is not as anear writes it: {error}"))
}
