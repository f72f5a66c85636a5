//! Finding the vector columns of a table, and giving access to everything in it.

use super::columns::{Columns, first_values};
use super::file::File;
use super::layout::{Field, Flat, Role, fields};
use super::nested;
use super::notes::Notes;
use super::source::Rows;
use super::vectors::{Vectors, first_row_dim, open};
use crate::{ArraySource, Container, Entry, ReadOptions, Skipped, VectorSource};
use anear_io::{ByteOrder, Input};
use anear_types::{Column, ColumnInfo, ColumnKind, Element, Error, Result, Schema, Value};
use parquet::basic::Type as Physical;
use std::ops::Range;
use std::sync::Arc;

/// Rows looked at to decide whether bytes are vectors.
const PROBED_ROWS: usize = 100;
/// Names by which a column of bytes is taken for vectors even beside lists of numbers.
const VECTOR_NAMES: [&str; 6] = ["embedding", "embeddings", "vector", "vectors", "features", "emb"];

/// An open table.
pub(super) struct Table {
    file: Arc<File>,
    entries: Vec<Entry>,
    vectors: Vec<Vectors>,
    columns: Columns,
    skipped: Vec<Skipped>,
    threads: usize,
}

impl Table {
    /// Reads the footer, and of each column that may be vectors the first page.
    pub(super) fn open(input: Input, options: &ReadOptions) -> Result<Table> {
        let file = Arc::new(File::open(input, options)?);
        let pairs = file.metadata().file_metadata().key_value_metadata();
        let notes = Notes::read(pairs.map_or(&[], Vec::as_slice));
        let mut sorting = Sorting::new(&file, options, &notes);
        sorting.sort(fields(file.schema()))?;
        let Sorting { vectors, metadata, mut skipped, irregular, .. } = sorting;
        if vectors.is_empty() && !options.tables {
            return Err(irregular.unwrap_or_else(|| no_vectors(&metadata)));
        }
        let metadata = readable(&file, metadata, &mut skipped);
        let columns = Columns::new(Arc::clone(&file), metadata);
        let infos = columns.infos();
        let ids = ids_column(&infos, &notes, options)?;
        let mut entries = Vec::new();
        for (name, vectors) in &vectors {
            let shape = vec![file.rows(), vectors.dim as u64];
            let schema = Schema::array(vectors.element, shape);
            let schema =
                schema.ok_or_else(|| Error::limit("the vectors are too large").at_entry(name))?;
            file.limits().check_expansion("the vectors", schema.total_bytes(), file.bytes())?;
            entries.push(Entry {
                name: name.clone(),
                schema: Schema {
                    columns: infos.clone(),
                    ids,
                    metric: notes.metric,
                    attributes: notes.attributes.clone(),
                    ..schema
                },
            });
        }
        if vectors.is_empty() {
            let table = Schema::matrix(Element::F32, file.rows(), 0);
            entries.push(Entry {
                name: String::new(),
                schema: Schema { columns: infos, ids, ..table },
            });
        }
        let vectors = vectors.into_iter().map(|(_, vectors)| vectors).collect();
        Ok(Table { file, entries, vectors, columns, skipped, threads: options.threads })
    }
}

impl Container for Table {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let Entry { schema, .. } = &self.entries[entry];
        if schema.dim == 0 && self.vectors.is_empty() {
            let source = ArraySource::contiguous(&[], schema.clone(), ByteOrder::NATIVE)?;
            return Ok(Box::new(source));
        }
        let file = Arc::clone(&self.file);
        Ok(Box::new(Rows::new(file, self.vectors[entry], schema.clone(), self.threads)))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        assert!(entry < self.entries.len(), "no entry {entry}");
        columns.iter().map(|column| self.columns.read(*column, rows.clone())).collect()
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

/// Sorts the columns of a table into vectors and metadata.
struct Sorting<'a> {
    file: &'a File,
    options: &'a ReadOptions,
    notes: &'a Notes,
    vectors: Vec<(String, Vectors)>,
    metadata: Vec<Field>,
    skipped: Vec<Skipped>,
    /// What is wrong with the first list column that is no matrix.
    irregular: Option<Error>,
    /// Bytes of the pages decoded so far to look into them.
    probed_bytes: u64,
}

impl<'a> Sorting<'a> {
    fn new(file: &'a File, options: &'a ReadOptions, notes: &'a Notes) -> Sorting<'a> {
        Sorting {
            file,
            options,
            notes,
            vectors: Vec::new(),
            metadata: Vec::new(),
            skipped: Vec::new(),
            irregular: None,
            probed_bytes: 0,
        }
    }

    fn sort(&mut self, fields: Vec<Field>) -> Result<()> {
        let has_lists = fields.iter().any(|field| matches!(field.role, Role::Lists(_)));
        for mut field in fields {
            let vectors = match field.role {
                Role::Lists(element) => self.lists(&field, element)?,
                Role::Flat(Flat::Blob) => self.blobs(&field, has_lists)?,
                _ => None,
            };
            if let Some(vectors) = vectors {
                self.vectors.push((field.name, vectors));
                continue;
            }
            if field.role == Role::Flat(Flat::Text) && self.notes.mixed.contains(&field.name) {
                field.role = Role::Flat(Flat::Mixed);
            }
            self.metadata.push(field);
        }
        Ok(())
    }

    fn first_group(&self) -> Option<usize> {
        (0..self.file.groups()).find(|group| self.file.group_rows(*group) > 0)
    }

    /// A page is decompressed whole to look at its first rows; many columns may share one page.
    fn count_probe(&mut self, group: usize, leaf: usize) -> Result<()> {
        self.probed_bytes += self.file.check(group, leaf)?.largest_page;
        let limits = self.file.limits();
        limits.check_expansion("the first pages", self.probed_bytes, self.file.bytes())
    }

    /// The vectors of a column of lists, if all have the length of the first.
    fn lists(&mut self, field: &Field, element: Element) -> Result<Option<Vectors>> {
        let vectors = |dim| Vectors { leaf: field.leaf, element, dim, raw: None };
        let Some(group) = self.first_group() else {
            return Ok(Some(vectors(self.notes.dim.unwrap_or(0))));
        };
        self.count_probe(group, field.leaf)?;
        let dim = first_row_dim(self.file, group, field.leaf)
            .map_err(|error| error.at_entry(&field.name))?;
        let groups = 0..self.file.groups();
        let is_regular = groups.clone().all(|group| {
            let expected = self.file.group_rows(group).checked_mul(dim.max(1) as u64);
            u64::try_from(self.file.chunk(group, field.leaf).num_values()).ok() == expected
        });
        if is_regular {
            return Ok(Some(vectors(dim)));
        }
        let error = self.first_irregular_row(vectors(dim)).at_entry(&field.name);
        if element.is_float() {
            let place = error.row().map(|row| format!(" (row {row})")).unwrap_or_default();
            self.skipped.push(Skipped {
                name: field.name.clone(),
                reason: format!("its rows are no matrix: {}{place}", error.what()),
            });
        }
        self.irregular.get_or_insert(error);
        Ok(None)
    }

    fn first_irregular_row(&self, vectors: Vectors) -> Error {
        let mut bytes = vec![0; vectors.row_bytes()];
        for group in 0..self.file.groups() {
            let mut reader = match open(self.file, group, vectors) {
                Ok(reader) => reader,
                Err(error) => return error,
            };
            loop {
                match reader.read(1, &mut bytes) {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) => return error,
                }
            }
        }
        Error::malformed("the column has more or fewer values than its rows")
    }

    /// The vectors of a column of bytes, if the first rows look like raw numbers.
    fn blobs(&mut self, field: &Field, has_lists: bool) -> Result<Option<Vectors>> {
        let named = VECTOR_NAMES.contains(&field.name.to_lowercase().as_str());
        let leaf = self.file.schema().column(field.leaf);
        let is_plain = leaf.logical_type_ref().is_none()
            && matches!(
                leaf.physical_type(),
                Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY
            );
        let Some(group) = self.first_group().filter(|_| is_plain && (named || !has_lists)) else {
            return Ok(None);
        };
        self.count_probe(group, field.leaf)?;
        let values = first_values(self.file, field.leaf, PROBED_ROWS)
            .map_err(|error| error.at_entry(&field.name))?;
        let element = self.options.raw_element.unwrap_or(Element::F32);
        let Some(bytes) = common_length(&values).filter(|n| n % element.bytes() == 0) else {
            return Ok(None);
        };
        let is_told = named || self.options.raw_element.is_some();
        if bytes == 0 || !is_told && !values.iter().all(looks_like_f32) {
            return Ok(None);
        }
        let dim = bytes / element.bytes();
        Ok(Some(Vectors { leaf: field.leaf, element, dim, raw: Some(self.options.raw_order) }))
    }
}

/// The length all values that are not null have.
fn common_length(values: &[Value]) -> Option<usize> {
    let mut lengths = values.iter().filter_map(|value| match value {
        Value::Blob(bytes) => Some(bytes.len()),
        _ => None,
    });
    let first = lengths.next()?;
    lengths.all(|length| length == first).then_some(first)
}

/// Digests and other random bytes give numbers of absurd size soon.
fn looks_like_f32(value: &Value) -> bool {
    let Value::Blob(bytes) = value else { return true };
    bytes.as_chunks::<4>().0.iter().all(|bytes| {
        let size = f32::from_le_bytes(*bytes).abs();
        size == 0.0 || (1e-20..1e10).contains(&size)
    })
}

/// The metadata columns without those the library cannot read.
fn readable(file: &File, metadata: Vec<Field>, skipped: &mut Vec<Skipped>) -> Vec<Field> {
    let mut kept = Vec::new();
    for field in metadata {
        let outcome = match field.role {
            Role::Flat(_) => Ok(()),
            _ => nested::check(file, &field),
        };
        match outcome {
            Ok(()) => kept.push(field),
            Err(error) => skipped.push(Skipped {
                name: field.name,
                reason: format!("its nested values cannot be read: {}", error.what()),
            }),
        }
    }
    kept
}

fn ids_column(
    columns: &[ColumnInfo],
    notes: &Notes,
    options: &ReadOptions,
) -> Result<Option<usize>> {
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    if let Some(name) = &options.ids {
        return match position(name) {
            Some(column) => Ok(Some(column)),
            None => Err(Error::usage(format!("there is no column \"{name}\" for the ids"))),
        };
    }
    if let Some(column) = notes.ids.as_deref().and_then(position) {
        return Ok(Some(column));
    }
    Ok(columns.iter().position(|column| {
        matches!(column.name.as_str(), "id" | "ids")
            && matches!(column.kind, ColumnKind::Int | ColumnKind::Text)
    }))
}

fn no_vectors(metadata: &[Field]) -> Error {
    let mut columns: Vec<String> = metadata
        .iter()
        .take(10)
        .map(|field| match field.role {
            Role::Flat(flat) => format!("{} ({})", field.name, flat.kind().name()),
            _ => format!("{} (nested)", field.name),
        })
        .collect();
    if metadata.len() > 10 {
        columns.push(format!("{} more", metadata.len() - 10));
    }
    Error::unsupported(format!(
        "no column holds vectors (lists of numbers); the columns are: {}",
        columns.join(", ")
    ))
}
