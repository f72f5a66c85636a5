//! Commands on any vector file; those on a collection beside them are in `collections.rs`.

use super::{IdColumn, Where, Writing, values};
use clap::{ArgGroup, Args};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Info {
    /// A file or a collection, or PATH::ENTRY
    pub(crate) path: String,
    /// Read every row instead of a sample, to find damage anywhere
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) ids: IdColumn,
}

#[derive(Args, Debug)]
pub(crate) struct Head {
    /// A vector file or a collection, or PATH::ENTRY
    pub(crate) path: String,
    /// Number of rows
    #[arg(short, default_value_t = 5, value_name = "ROWS")]
    pub(crate) n: u64,
    #[command(flatten)]
    pub(crate) ids: IdColumn,
}

#[derive(Args, Debug)]
pub(crate) struct Convert {
    /// A vector file or a collection, or PATH::ENTRY; - is standard input
    pub(crate) input: String,
    /// The file to write, or PATH::ENTRY; the suffix says the format (.anear is a new collection); - is standard output
    pub(crate) output: String,
    /// The entry of the input, as in PATH::ENTRY
    #[arg(long)]
    pub(crate) entry: Option<String>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// Build an index of this kind, for an output that is one: flat or auto for .anx, a factory string
    /// such as HNSW32 for .faiss
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// The file for the inverted lists of an index of FAISS, which FAISS maps from there; the index names it
    #[arg(long, value_name = "FILE", requires = "kind")]
    pub(crate) lists: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) condition: Where,
    /// A file with metadata to lay beside the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) meta: Option<PathBuf>,
    /// Leave the metadata out
    #[arg(long, conflicts_with = "meta")]
    pub(crate) no_metadata: bool,
    #[command(flatten)]
    pub(crate) ids: IdColumn,
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("sought").args(["query", "row", "id", "vector", "text"]).required(true).multiple(true))]
pub(crate) struct Search {
    /// A vector file, an index or a collection, or PATH::ENTRY
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) query: Query,
    /// Words to find in the text columns of a collection; with a vector beside it, both count
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,
    /// Hits for each query
    #[arg(short, default_value_t = 10, value_name = "HITS")]
    pub(crate) k: usize,
    /// How nearness is measured [default: what the file says, else cosine]
    #[arg(long, value_parser = values::metric)]
    pub(crate) metric: Option<anear::Metric>,
    /// All rows within this distance instead of the k nearest
    #[arg(long, conflicts_with = "k", allow_negative_numbers = true)]
    pub(crate) radius: Option<f64>,
    #[command(flatten)]
    pub(crate) condition: Where,
    /// A file with metadata to lay beside the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) meta: Option<PathBuf>,
    /// Metadata columns to show, separated by commas; `all` shows all
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) show: Vec<String>,
    /// Look at all rows, also in a file that is an approximate index
    #[arg(long)]
    pub(crate) exact: bool,
    /// How hard an approximate index searches: lists looked at (IVF), rows by way of the graph (HNSW), or items met in trees (Annoy) [default: what the file says]
    #[arg(long, value_name = "N", conflicts_with = "exact")]
    pub(crate) effort: Option<usize>,
    /// Pass over rows that hold NaN or infinity instead of stopping at them
    #[arg(long)]
    pub(crate) skip_nonfinite: bool,
    /// Memory to use for rows; larger files are streamed
    #[arg(long, default_value = "2GB", value_parser = values::bytes)]
    pub(crate) memory: u64,
    #[command(flatten)]
    pub(crate) ids: IdColumn,
}

#[derive(Args, Debug)]
pub(crate) struct Index {
    /// A vector file or a collection, or PATH::ENTRY
    pub(crate) path: String,
    /// The index file to write, usually called .anx, or .ann for an Annoy file and .faiss for one of
    /// FAISS; a collection keeps one itself without it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Columns of a collection to make searchable as text, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS", conflicts_with_all = ["output", "kind", "metric", "meta"])]
    pub(crate) text: Vec<String>,
    /// The kind of index: flat (all rows, exactly), forest (trees that find most of the nearest), or
    /// auto to choose; an output called .ann is an Annoy file with such trees; for one called .faiss a
    /// factory string of FAISS, such as IVF1024,PQ16 or HNSW32 [default: auto, and for a collection
    /// the kind it has]
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// How nearness is measured [default: what the file says, else cosine]
    #[arg(long, value_parser = values::metric)]
    pub(crate) metric: Option<anear::Metric>,
    /// The file for the inverted lists of an index of FAISS, which FAISS maps from there; the index names it
    #[arg(long, value_name = "FILE", requires = "output")]
    pub(crate) lists: Option<PathBuf>,
    /// Keep no byte a component beside the rows: a smaller file that is searched more slowly
    #[arg(long)]
    pub(crate) no_prefilter: bool,
    /// A file with metadata to lay beside the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) meta: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) ids: IdColumn,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct Query {
    /// A file of query vectors, or PATH::ENTRY; - reads one JSON array a line from standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) query: Option<String>,
    /// The row at this position, counted from 0; may be given several times
    #[arg(long, value_name = "N")]
    pub(crate) row: Vec<u64>,
    /// The row with this id; may be given several times
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) id: Vec<String>,
    /// A vector as a JSON array
    #[arg(long, value_name = "ARRAY", allow_hyphen_values = true)]
    pub(crate) vector: Option<String>,
}
