//! Commands on a collection.

use super::{IdColumn, Where, Writing, values};
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The folder to make, usually called NAME.anear
    pub(crate) path: PathBuf,
    /// Components in a vector
    #[arg(long, value_name = "N")]
    pub(crate) dim: usize,
    /// How nearness is measured
    #[arg(long, default_value = "cosine", value_parser = values::metric)]
    pub(crate) metric: anear::Metric,
    /// The type of a component [default: f32, and u8 of eight bits each for metrics of bits]
    #[arg(long, value_name = "TYPE", value_parser = values::element)]
    pub(crate) dtype: Option<anear::Element>,
    /// The files that hold the vectors
    #[arg(long, value_enum, default_value = "npy")]
    pub(crate) storage: StorageKind,
    /// In HDF5 files, compress: gzip, with a level as in gzip:6
    #[arg(long, value_name = "METHOD", num_args = 0..=1, default_missing_value = "gzip", value_parser = anear::Compression::from_str)]
    pub(crate) compress: Option<anear::Compression>,
    /// In HDF5 files, do not shuffle bytes before they are compressed
    #[arg(long)]
    pub(crate) no_shuffle: bool,
    /// In HDF5 files, put the rows with one value in this metadata column into one group
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group_by: Option<String>,
    /// The model that makes the vectors
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Metadata columns to search as text, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) text: Vec<String>,
}

/// The files that hold vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StorageKind {
    /// NumPy arrays, searched where they lie
    Npy,
    /// HDF5, in chunks that can be compressed
    Hdf5,
}

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// The collection
    pub(crate) path: PathBuf,
    /// A vector file of any format, or PATH::ENTRY; - is standard input
    pub(crate) input: String,
    /// A file with metadata to lay beside the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) meta: Option<PathBuf>,
    /// Replace rows whose id is there already
    #[arg(long)]
    pub(crate) upsert: bool,
    /// The model that made the vectors; refused if the collection is of another
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) ids: IdColumn,
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The collection
    pub(crate) path: PathBuf,
    /// The ids; - reads one a line from standard input
    #[arg(required = true, value_name = "ID", allow_negative_numbers = true)]
    pub(crate) ids: Vec<String>,
    /// Metadata columns to show, separated by commas; `all` shows all
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) show: Vec<String>,
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("rows").args(["ids", "condition"]).required(true))]
pub(crate) struct Delete {
    /// The collection
    pub(crate) path: PathBuf,
    /// The rows with these ids, those that are there; - reads one a line from standard input
    #[arg(long, num_args = 1.., value_name = "ID", allow_negative_numbers = true)]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) condition: Where,
}

#[derive(Args, Debug)]
pub(crate) struct Compact {
    /// The collection
    pub(crate) path: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The collection
    pub(crate) path: PathBuf,
    /// Repair nothing, only tell
    #[arg(long)]
    pub(crate) check_only: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The collection
    pub(crate) path: PathBuf,
    /// The file to write, or PATH::ENTRY; the suffix says the format; - is standard output
    pub(crate) output: String,
    #[command(flatten)]
    pub(crate) condition: Where,
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// Build an index of this kind, for an output that is one (.anx): flat, or auto to choose
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Leave the metadata out
    #[arg(long)]
    pub(crate) no_metadata: bool,
}
