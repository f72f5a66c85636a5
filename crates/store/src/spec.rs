//! What a store is made of.

use anear_formats::by_name;
use anear_types::{ColumnInfo, Element, Error, Metric, Result};

/// What a new store is to hold. It stays as it is for the life of the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Components in a vector, 1 or more.
    pub dim: usize,
    /// How nearness is measured.
    pub metric: Metric,
    /// The type of a component.
    pub element: Element,
    /// The files that hold vectors.
    pub storage: Storage,
    /// The model that made the vectors.
    pub model: Option<String>,
    /// Metadata columns to search as text.
    pub text: Vec<String>,
    /// A file of vectors that has become as large as this gets no more rows.
    pub file_bytes: u64,
}

/// The files that hold vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// `.npy`: as they are; searched where they lie.
    Npy,
    /// `.h5`: in compressed chunks; decoded into memory when they are first searched.
    Hdf5 {
        /// The level of gzip, 1 to 9; 0 for none.
        gzip: u8,
        /// Whether bytes are shuffled before they are compressed.
        shuffle: bool,
        /// A metadata column: rows with one value go into one group, named after it. It is meant
        /// for a column with many rows a value: a file has about 1,000 groups at most.
        group_by: Option<String>,
    },
}

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading; what is stored does not change.
    Read,
    /// Reading and writing.
    Write,
}

/// A metadata column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredColumn {
    /// Name and kind of values.
    pub info: ColumnInfo,
    /// Whether its texts are JSON documents.
    pub json: bool,
    /// Whether it is searched as text.
    pub text: bool,
    /// What the table `embeddings` calls it: its name, unless SQL cannot tell that from another.
    pub stored_as: String,
}

impl Spec {
    /// Vectors of f32 in `.npy` files.
    pub fn new(dim: usize, metric: Metric) -> Spec {
        Spec {
            dim,
            metric,
            element: if metric.is_binary() { Element::U8 } else { Element::F32 },
            storage: Storage::Npy,
            model: None,
            text: Vec::new(),
            file_bytes: 4 << 30,
        }
    }

    /// Bytes of a vector.
    pub fn row_bytes(&self) -> usize {
        self.dim * self.element.bytes()
    }

    /// Checks that there can be such a store.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if not.
    pub(crate) fn check(&self) -> Result<()> {
        /// What PyTorch, HDF5 and memory can cope with.
        const MOST_COMPONENTS: usize = 1 << 24;
        if self.dim == 0 || self.dim > MOST_COMPONENTS {
            let what = format!("a vector has 1 to {MOST_COMPONENTS} components, not {}", self.dim);
            return Err(Error::usage(what));
        }
        if !elements().contains(&self.element) {
            let names: Vec<&str> = elements().iter().map(|element| element.name()).collect();
            return Err(Error::usage(format!("a collection cannot hold {}", self.element))
                .help(format!("it holds: {}", names.join(", "))));
        }
        if self.metric.is_binary() != matches!(self.element, Element::U8 | Element::Bool) {
            let metric = self.metric.name();
            let bits = "bits are of the type u8 (packed, eight a component) or bool";
            return match self.metric.is_binary() {
                true => {
                    Err(Error::usage(format!("{metric} is for bits, not for {}", self.element))
                        .help(bits))
                }
                false if self.element == Element::Bool => {
                    Err(Error::usage(format!("{metric} is for numbers, not for bool")))
                }
                false => Ok(()),
            };
        }
        self.storage.check()
    }
}

/// The elements a store can hold: those NumPy has types for.
fn elements() -> &'static [Element] {
    by_name("npy").map_or(&[], |format| format.info().writes)
}

impl Storage {
    fn check(&self) -> Result<()> {
        match self {
            Storage::Hdf5 { gzip, .. } if *gzip > 9 => {
                Err(Error::usage(format!("gzip has levels 1 to 9, and 0 for none, not {gzip}")))
            }
            _ => Ok(()),
        }
    }

    /// The metadata column that rows are grouped by in the files.
    pub(crate) fn group_by(&self) -> Option<&str> {
        match self {
            Storage::Npy => None,
            Storage::Hdf5 { group_by, .. } => group_by.as_deref(),
        }
    }

    /// Whether rows are added to files there are. If not, a file is written once all its rows are
    /// known, and then stays as it is.
    pub(crate) fn grows(&self) -> bool {
        matches!(self, Storage::Npy)
    }

    /// The suffix of its files.
    pub(crate) fn extension(&self) -> &'static str {
        match self {
            Storage::Npy => "npy",
            Storage::Hdf5 { .. } => "h5",
        }
    }
}
