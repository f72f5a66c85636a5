//! An open HDF5 file: its data sets as entries, with the metadata that lies beside them.

use super::attributes::{attributes, metric};
use super::columns::{self, ColumnPlace, IDS, KIND, METRIC, NULL_MASK_FOR};
use super::dataset::Dataset;
use super::datatype::Kind;
use super::file::File;
use super::heap::Heaps;
use super::paths::{Named, Tree, walk};
use super::source::DatasetSource;
use crate::columns::ids_column;
use crate::shape::array_schema;
use crate::{Container, Entry, ReadOptions, Skipped, VectorSource};
use anear_io::{ByteOrder, Input};
use anear_types::{Column, ColumnInfo, ColumnKind, Error, Result, Schema, Value};
use std::collections::HashMap;
use std::ops::Range;

/// An open HDF5 file.
pub(super) struct Hdf5Container {
    file: File,
    heaps: Heaps,
    datasets: Vec<Named>,
    entries: Vec<Entry>,
    /// For each entry its data set, and where its columns are.
    places: Vec<(usize, Vec<ColumnPlace>)>,
    skipped: Vec<Skipped>,
}

impl Hdf5Container {
    pub(super) fn open(input: Input, options: &ReadOptions) -> Result<Hdf5Container> {
        let file = File::open(input, options)?;
        let tree = walk(&file)?;
        let heaps = Heaps::default();
        let (entries, places, skipped) = Listing::new(&file, &heaps, &tree)?.finish(options)?;
        Ok(Hdf5Container { file, heaps, datasets: tree.datasets, entries, places, skipped })
    }

    fn dataset(&self, position: usize) -> &Dataset {
        &self.datasets[position].dataset
    }
}

impl Container for Hdf5Container {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let Entry { name, schema } = &self.entries[entry];
        let dataset = self.dataset(self.places[entry].0);
        let order = match &dataset.kind {
            Kind::Number(_, order) => *order,
            _ => ByteOrder::NATIVE,
        };
        let source = DatasetSource::new(&self.file, dataset, schema, order);
        Ok(Box::new(source.map_err(|error| error.at_entry(name))?))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let Entry { name, schema } = &self.entries[entry];
        assert!(rows.start <= rows.end && rows.end <= schema.rows, "rows {rows:?}");
        let read = |column: &usize| {
            let ColumnInfo { name, kind } = schema.columns[*column].clone();
            let place = &self.places[entry].1[*column];
            let values = self.column(place, rows.clone());
            let values = values.map_err(|error| error.at_entry(&self.datasets[place.values].path));
            Ok(Column { name, kind, values: values? })
        };
        let found: Result<Vec<Column>> = columns.iter().map(read).collect();
        found.map_err(|error| error.at_entry(name))
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

impl Hdf5Container {
    fn column(&self, place: &ColumnPlace, rows: Range<u64>) -> Result<Vec<Value>> {
        let nulls = match place.nulls {
            Some(nulls) => {
                let nulls = self.dataset(nulls);
                columns::read(&self.file, &self.heaps, nulls, ColumnKind::Bool, rows.clone())?
            }
            None => Vec::new(),
        };
        let dataset = self.dataset(place.values);
        let mut values = columns::read(&self.file, &self.heaps, dataset, place.kind, rows)?;
        for (value, null) in values.iter_mut().zip(nulls) {
            if null == Value::Bool(true) {
                *value = Value::Null;
            }
        }
        Ok(values)
    }
}

type Attributes = Vec<(String, Value)>;
type Listed = (Vec<Entry>, Vec<(usize, Vec<ColumnPlace>)>, Vec<Skipped>);

/// The entries of a file while they are put together.
struct Listing<'a> {
    file: &'a File,
    tree: &'a Tree,
    group_attributes: Vec<Attributes>,
    dataset_attributes: Vec<Attributes>,
    /// One-dimensional data sets that can be columns, by group and length.
    columns: HashMap<(usize, u64), Vec<usize>>,
    /// Null masks, by group and name of the column.
    masks: HashMap<(usize, String), usize>,
    uses: HashMap<usize, Vec<String>>,
    /// Bytes of attributes that data sets may still take over from their groups and the root.
    inherited_left: u64,
    /// Columns that may still be listed, counted once for every matrix beside them.
    columns_left: usize,
}

impl<'a> Listing<'a> {
    fn new(file: &'a File, heaps: &Heaps, tree: &'a Tree) -> Result<Listing<'a>> {
        // Each attribute is in the file once, unless data sets have several names.
        let mut left = file.len().max(file.limits.header_bytes);
        let mut read = |address: u64| {
            let found = attributes(file, heaps, &*file.header(address)?)?;
            let bytes = found.iter().map(|(name, value)| attribute_bytes(name, value)).sum();
            left = left
                .checked_sub(bytes)
                .ok_or_else(|| Error::limit("the file has too many attributes"))?;
            Ok(found)
        };
        let mut group_attributes = Vec::new();
        for (path, address) in &tree.groups {
            group_attributes.push(read(*address).map_err(|error: Error| error.at_entry(path))?);
        }
        let mut dataset_attributes = Vec::new();
        for named in &tree.datasets {
            let found = read(named.dataset.address);
            dataset_attributes.push(found.map_err(|error| error.at_entry(&named.path))?);
        }
        let mut listing = Listing {
            file,
            tree,
            group_attributes,
            dataset_attributes,
            inherited_left: file.limits.header_bytes,
            columns_left: file.limits.entries,
            columns: HashMap::new(),
            masks: HashMap::new(),
            uses: HashMap::new(),
        };
        for (position, named) in tree.datasets.iter().enumerate() {
            if let Some(Value::Text(column)) = listing.attribute(position, NULL_MASK_FOR) {
                let key = (named.group, column.to_string());
                listing.masks.insert(key, position);
            } else if let [rows] = named.dataset.shape[..]
                && columns::column_kind(&named.dataset, None).is_some()
            {
                listing.columns.entry((named.group, rows)).or_default().push(position);
            }
        }
        Ok(listing)
    }

    fn attribute(&self, dataset: usize, name: &str) -> Option<&Value> {
        let mut all = self.dataset_attributes[dataset].iter();
        all.find(|(found, _)| found == name).map(|(_, value)| value)
    }

    fn finish(mut self, options: &ReadOptions) -> Result<Listed> {
        let (mut entries, mut places) = (Vec::new(), Vec::new());
        let mut skipped = self.tree.skipped.clone();
        let mut texts = Vec::new();
        for (position, named) in self.tree.datasets.iter().enumerate() {
            let dataset = &named.dataset;
            let skip = |reason: String| Skipped { name: named.path.clone(), reason };
            if let Some(reason) = dataset.obstacle() {
                skipped.push(skip(reason));
                continue;
            }
            if let Some(Value::Text(column)) = self.attribute(position, NULL_MASK_FOR) {
                skipped.push(skip(format!("it marks the nulls of the column '{column}'")));
                continue;
            }
            let Kind::Number(element, _) = dataset.kind else {
                texts.push(position);
                continue;
            };
            let (limits, file_bytes) = (&self.file.limits, self.file.len());
            let schema = array_schema(element, &dataset.shape, limits, file_bytes)
                .map_err(|error| error.at_entry(&named.path))?;
            let (schema, columns) = self.describe(position, schema, options)?;
            entries.push(Entry { name: named.path.clone(), schema });
            places.push((position, columns));
        }
        for position in texts {
            let named = &self.tree.datasets[position];
            let what = match named.dataset.kind {
                Kind::Opaque { .. } => "it holds opaque bytes",
                Kind::HeapBytes => "it holds bytes of varying length",
                _ => "it holds text",
            };
            let reason = match self.uses.get(&position) {
                Some(entries) => format!("{what}, a metadata column of '{}'", entries.join("', '")),
                None => what.to_owned(),
            };
            skipped.push(Skipped { name: named.path.clone(), reason });
        }
        Ok((entries, places, skipped))
    }

    /// Adds columns, ids, metric and attributes to the schema of a data set.
    fn describe(
        &mut self,
        position: usize,
        mut schema: Schema,
        options: &ReadOptions,
    ) -> Result<(Schema, Vec<ColumnPlace>)> {
        let named = &self.tree.datasets[position];
        let mut places = Vec::new();
        let beside = self.columns.get(&(named.group, schema.rows));
        let beside = beside.filter(|_| schema.shape.len() > 1);
        for &column in beside.into_iter().flatten() {
            let found = &self.tree.datasets[column];
            let written_as = match self.attribute(column, KIND) {
                Some(Value::Text(kind)) => Some(&**kind),
                _ => None,
            };
            let Some(kind) = columns::column_kind(&found.dataset, written_as) else { continue };
            let name = found.name().to_owned();
            let nulls = self.masks.get(&(named.group, name.clone())).copied();
            let nulls = nulls.filter(|mask| {
                let mask = &self.tree.datasets[*mask].dataset;
                let kind = columns::column_kind(mask, None);
                mask.shape == found.dataset.shape && kind == Some(ColumnKind::Bool)
            });
            self.columns_left = self.columns_left.checked_sub(1).ok_or_else(|| {
                Error::limit("the file has too many metadata columns").at_entry(&named.path)
            })?;
            let uses = self.uses.entry(column).or_default();
            if uses.len() < 3 {
                uses.push(named.path.clone());
            }
            schema.columns.push(ColumnInfo { name, kind });
            places.push(ColumnPlace { values: column, nulls, kind });
        }
        let written = match self.attribute(position, IDS) {
            Some(Value::Text(ids)) => schema.column(ids),
            _ => None,
        };
        let written = written.filter(|_| options.ids.is_none());
        schema.ids = written.or_else(|| ids_column(&schema.columns, options));
        let mut attributes = self.dataset_attributes[position].clone();
        let group = std::iter::once(named.group).filter(|group| *group > 0);
        for outer in group.chain([0]) {
            for (name, value) in &self.group_attributes[outer] {
                let bytes = attribute_bytes(name, value);
                let fits = bytes <= self.inherited_left;
                if fits && !attributes.iter().any(|(known, _)| known == name) {
                    self.inherited_left -= bytes;
                    attributes.push((name.clone(), value.clone()));
                }
            }
        }
        schema.metric = metric(&attributes);
        attributes.retain(|(name, _)| ![IDS, METRIC, KIND].contains(&name.as_str()));
        schema.attributes = attributes;
        Ok((schema, places))
    }
}

/// About the memory an attribute takes.
fn attribute_bytes(name: &str, value: &Value) -> u64 {
    let value = match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 0,
    };
    (name.len() + value + size_of::<(String, Value)>()) as u64
}
