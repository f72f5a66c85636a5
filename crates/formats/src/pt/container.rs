//! An open torch file.

use super::archive::{Archive, Program};
use super::legacy::Legacy;
use super::tensor::{Place, Tensor};
use super::tree::{ColumnValues, Content, Found, FoundColumn, Tree, walk};
use super::{IDS_KEY, METRIC_KEY};
use crate::columns::{ids_column, number_kind};
use crate::pickle::{
    Arena, ArrayBytes, NodeId, Pickle, PickledArray, array_of, component_value, load, single_value,
};
use crate::shape::array_schema;
use crate::{ArraySource, Container, Entry, ReadOptions, Skipped, VectorSource};
use anear_io::{ByteOrder, Input};
use anear_types::{Block, Column, ColumnInfo, Error, ErrorKind, Metric, Result, Schema, Value};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// What the attributes may take when repeated at every entry; beyond, only the first has them.
const MOST_REPEATED_BYTES: usize = 16 << 20;

struct PtFile {
    input: Input,
    kind: Kind,
    order: ByteOrder,
    arena: Arena,
    program: Program,
    entries: Vec<Entry>,
    /// For each entry, its data.
    sources: Vec<Source>,
    /// For each entry, the values of its columns.
    columns: Vec<Vec<ColumnValues>>,
    skipped: Vec<Skipped>,
    options: ReadOptions,
}

/// Where storages are.
enum Kind {
    Zip(Archive),
    Legacy(HashMap<Box<str>, Range<usize>>),
}

/// Where the components of an entry are.
enum Source {
    Tensor {
        storage: StoragePlace,
        needed: u64,
        offset_bytes: usize,
        strides: Vec<usize>,
    },
    /// A NumPy array in the pickle, and its bytes once they had to be decoded.
    Array(NodeId, OnceLock<Vec<u8>>),
}

/// A storage that was found.
enum StoragePlace {
    /// A member of the zip.
    Member(usize),
    /// A part of the file.
    Range(Range<usize>),
}

/// Opens a file of the zip kind.
pub(super) fn open_zip(input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
    let archive = Archive::open(input.clone(), &options.limits)?;
    let program = archive.program()?;
    let order = archive.order()?;
    let loaded = load(program_bytes(&input, &program), input.len(), &options.limits)?;
    let kind = Kind::Zip(archive);
    let tree = (loaded.arena, loaded.root);
    Ok(Box::new(PtFile::assemble(input, kind, order, tree, program, options)?))
}

/// Opens a legacy file.
pub(super) fn open_legacy(input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
    let legacy = Legacy::parse(input.bytes(), &options.limits)?;
    let kind = Kind::Legacy(legacy.storages);
    let program = Program::Stored(legacy.program);
    let tree = (legacy.arena, legacy.root);
    Ok(Box::new(PtFile::assemble(input, kind, legacy.order, tree, program, options)?))
}

fn program_bytes<'a>(input: &'a Input, program: &'a Program) -> &'a [u8] {
    match program {
        Program::Stored(range) => &input.bytes()[range.clone()],
        Program::Inflated(bytes) => bytes,
    }
}

impl PtFile {
    fn assemble(
        input: Input,
        mut kind: Kind,
        order: ByteOrder,
        (arena, root): (Arena, NodeId),
        program: Program,
        options: &ReadOptions,
    ) -> Result<PtFile> {
        let bytes = program_bytes(&input, &program);
        let pickle = Pickle::new(&arena, bytes);
        let Tree { found, mut attributes, mut skipped, mut first_error } =
            walk(pickle, root, bytes.len(), &options.limits)?;
        let mut options = options.clone();
        let metric = take_own_attributes(&mut attributes, &mut options);
        let mut list = Entries::new(&options, input.len());
        for found in found {
            let name = found.name.clone();
            if let Err(error) = list.add(&mut kind, found) {
                if error.kind() == ErrorKind::Malformed {
                    return Err(error.at_entry(name));
                }
                skipped.push(Skipped { name: name.clone(), reason: error.what().to_owned() });
                first_error.get_or_insert(error.at_entry(name));
            }
        }
        let columns = list.describe(&attributes, metric);
        let Entries { entries, sources, .. } = list;
        if entries.is_empty() {
            return Err(first_error.unwrap_or_else(|| {
                Error::unsupported(format!(
                    "no tensor in the file: it holds {}",
                    pickle.describe(root)
                ))
            }));
        }
        Ok(PtFile {
            input,
            kind,
            order,
            entries,
            sources,
            columns,
            skipped,
            options,
            arena,
            program,
        })
    }

    fn pickle(&self) -> Pickle<'_> {
        Pickle::new(&self.arena, program_bytes(&self.input, &self.program))
    }

    fn source(&self, entry: usize) -> Result<ArraySource<'_>> {
        let schema = self.entries[entry].schema.clone();
        self.options.limits.check_expansion(
            "the tensor",
            schema.total_bytes(),
            self.input.len(),
        )?;
        match &self.sources[entry] {
            Source::Tensor { storage, needed, offset_bytes, strides } => {
                let bytes = match (storage, &self.kind) {
                    (StoragePlace::Member(position), Kind::Zip(archive)) => {
                        archive.bytes(*position, *needed)?
                    }
                    (StoragePlace::Range(range), _) => &self.input.bytes()[range.clone()],
                    (StoragePlace::Member(_), Kind::Legacy(_)) => &[],
                };
                let bytes = bytes.get(*offset_bytes..).unwrap_or_default();
                ArraySource::strided(bytes, schema, self.order, strides.clone())
            }
            Source::Array(node, decoded) => self.array_source(*node, decoded, schema),
        }
    }

    fn array_source<'s>(
        &'s self,
        node: NodeId,
        decoded: &'s OnceLock<Vec<u8>>,
        schema: Schema,
    ) -> Result<ArraySource<'s>> {
        let array = array_of(&self.pickle(), node, &self.options.limits)?;
        let Some(PickledArray { order, fortran, data: ArrayBytes::Stored(data), .. }) = array
        else {
            return Err(Error::malformed("a NumPy array that is none"));
        };
        let bytes = match data.decode()? {
            std::borrow::Cow::Borrowed(bytes) => bytes,
            std::borrow::Cow::Owned(bytes) => decoded.get_or_init(|| bytes),
        };
        match fortran {
            true => ArraySource::fortran(bytes, schema, order),
            false => ArraySource::contiguous(bytes, schema, order),
        }
    }

    fn column(&self, info: &ColumnInfo, values: ColumnValues, rows: Range<u64>) -> Result<Column> {
        let range = rows.start as usize..rows.end as usize;
        let values = match values {
            ColumnValues::List(node, _) => {
                let pickle = self.pickle();
                let members = pickle.sequence(node).and_then(|members| members.get(range));
                let members = members.unwrap_or_default();
                let value = |member: &NodeId| single_value(&pickle, *member).unwrap_or(Value::Null);
                members.iter().map(value).collect()
            }
            ColumnValues::Found(entry) => self.components(entry, range)?,
        };
        Ok(Column { name: info.name.clone(), kind: info.kind, values })
    }

    /// Components of an entry with one axis.
    fn components(&self, entry: usize, range: Range<usize>) -> Result<Vec<Value>> {
        let schema = &self.entries[entry].schema;
        let mut source = self.source(entry)?;
        let mut block = Block::new(schema.element, schema.dim, 1);
        source.next_block(&mut block)?;
        let size = schema.element.bytes();
        let components = block.matrix().bytes().chunks_exact(size).skip(range.start);
        Ok(components
            .take(range.len())
            .map(|bytes| component_value(schema.element, bytes))
            .collect())
    }
}

impl Container for PtFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let source = self.source(entry);
        Ok(Box::new(source.map_err(|error| error.at_entry(&self.entries[entry].name))?))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let schema = &self.entries[entry].schema;
        let read = |column: &usize| {
            let values = self.columns[entry][*column];
            self.column(&schema.columns[*column], values, rows.clone())
        };
        columns.iter().map(read).collect()
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

/// The entries while they are gathered.
struct Entries<'o> {
    options: &'o ReadOptions,
    file_bytes: u64,
    entries: Vec<Entry>,
    sources: Vec<Source>,
    /// For each entry, names and values of its columns.
    columns: Vec<Vec<FoundColumn>>,
    /// For each thing found, its position among the entries.
    positions: Vec<Option<usize>>,
}

impl<'o> Entries<'o> {
    fn new(options: &'o ReadOptions, file_bytes: u64) -> Entries<'o> {
        Entries {
            options,
            file_bytes,
            entries: Vec::new(),
            sources: Vec::new(),
            columns: Vec::new(),
            positions: Vec::new(),
        }
    }

    /// Adds what was found, if its storage is there and its shape can be believed.
    fn add(&mut self, kind: &mut Kind, found: Found<'_>) -> Result<()> {
        self.positions.push(None);
        let limits = &self.options.limits;
        let (element, shape, source) = match found.content {
            Content::Tensor(tensor) => {
                let place = locate(kind, &tensor)?;
                let Tensor { storage, element, offset_bytes, shape, strides } = tensor;
                let needed = storage.bytes;
                (element, shape, Source::Tensor { storage: place, needed, offset_bytes, strides })
            }
            Content::Array(node, array) => {
                (array.element, array.shape, Source::Array(node, OnceLock::new()))
            }
        };
        let schema = array_schema(element, &shape, limits, self.file_bytes)?;
        limits.check_expansion("the tensor", schema.total_bytes(), self.file_bytes)?;
        if let Some(position) = self.positions.last_mut() {
            *position = Some(self.entries.len());
        }
        self.entries.push(Entry { name: found.name, schema });
        self.sources.push(source);
        self.columns.push(found.columns);
        Ok(())
    }

    /// Completes the schemas; returns for each entry where its columns are.
    fn describe(
        &mut self,
        attributes: &[(String, Value)],
        metric: Option<Metric>,
    ) -> Vec<Vec<ColumnValues>> {
        let bytes: usize = attributes.iter().map(|(name, value)| name.len() + size(value)).sum();
        let repeated = bytes.saturating_mul(self.entries.len());
        let with_attributes = if repeated <= MOST_REPEATED_BYTES { self.entries.len() } else { 1 };
        let mut all = Vec::new();
        for (entry, found) in self.columns.iter().enumerate() {
            let (mut infos, mut values) = (Vec::new(), Vec::new());
            for FoundColumn { name, values: place } in found {
                let (kind, place) = match *place {
                    ColumnValues::List(node, kind) => (kind, ColumnValues::List(node, kind)),
                    ColumnValues::Found(position) => {
                        let Some(position) = self.positions[position] else { continue };
                        let element = self.entries[position].schema.element;
                        (number_kind(element), ColumnValues::Found(position))
                    }
                };
                infos.push(ColumnInfo { name: name.clone(), kind });
                values.push(place);
            }
            let schema = &mut self.entries[entry].schema;
            schema.ids = ids_column(&infos, self.options);
            schema.columns = infos;
            schema.metric = metric;
            if entry < with_attributes {
                schema.attributes = attributes.to_vec();
            }
            all.push(values);
        }
        all
    }
}

/// Finds the storage of a tensor.
fn locate(kind: &mut Kind, tensor: &Tensor<'_>) -> Result<StoragePlace> {
    let Place::Key(key) = tensor.storage.place else {
        return Err(Error::unsupported("a tensor with its storage inside the pickle"));
    };
    let (place, bytes) = match kind {
        Kind::Zip(archive) => {
            let (member, bytes) = archive.storage(key)?;
            (StoragePlace::Member(member), bytes)
        }
        Kind::Legacy(storages) => {
            let range = storages.get(key).cloned();
            let range =
                range.ok_or_else(|| Error::malformed(format!("the storage {key} is missing")))?;
            let bytes = range.len() as u64;
            (StoragePlace::Range(range), bytes)
        }
    };
    if bytes < tensor.storage.bytes {
        return Err(Error::malformed(format!(
            "the storage {key} has {bytes} bytes, {} expected",
            tensor.storage.bytes
        )));
    }
    Ok(place)
}

/// Takes out what the sink wrote for itself: the name of the column with the ids, the metric.
fn take_own_attributes(
    attributes: &mut Vec<(String, Value)>,
    options: &mut ReadOptions,
) -> Option<Metric> {
    let mut metric = None;
    attributes.retain(|(name, value)| match (name.as_str(), value) {
        (IDS_KEY, Value::Text(column)) => {
            options.ids.get_or_insert_with(|| column.to_string());
            false
        }
        (METRIC_KEY, Value::Text(name)) => {
            metric = Metric::from_name(name);
            metric.is_none()
        }
        _ => true,
    });
    metric
}

/// Bytes a value takes in memory.
fn size(value: &Value) -> usize {
    size_of::<(String, Value)>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            _ => 0,
        }
}
