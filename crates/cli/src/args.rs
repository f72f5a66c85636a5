//! Every command and flag, with its help.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;

/// Opens, converts and searches embeddings, whatever file they are in.
#[derive(Debug, Parser)]
#[command(name = "anear", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// Print one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Threads to use [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// No progress bar and no notes
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Trust the file: lift the bounds on what it may take when read
    #[arg(long, global = true)]
    pub(crate) no_limits: bool,
    /// The element of raw BLOBs in a database, which do not say it themselves
    #[arg(long, global = true, value_name = "TYPE", value_parser = element)]
    pub(crate) raw: Option<anear::Element>,
    /// The metadata column that holds the ids
    #[arg(long, global = true, value_name = "COLUMN")]
    pub(crate) ids: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What is in a file: entries, rows, dimension, type, metadata columns, damage
    Info(Info),
    /// Show the first rows
    Head(Head),
    /// Convert between any two formats
    Convert(Convert),
    /// Find the nearest rows, exactly
    Search(Box<Search>),
    /// Build an index file that opens at once, with ids and metadata inside
    Index(Index),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Info {
    /// A file, or PATH::ENTRY
    pub(crate) path: String,
    /// Read every row instead of a sample, to find damage anywhere
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Head {
    /// A vector file, or PATH::ENTRY
    pub(crate) path: String,
    /// Number of rows
    #[arg(short, default_value_t = 5, value_name = "ROWS")]
    pub(crate) n: u64,
}

#[derive(Args, Debug)]
pub(crate) struct Convert {
    /// A vector file, or PATH::ENTRY; - is standard input
    pub(crate) input: String,
    /// The file to write, or PATH::ENTRY; the suffix says the format; - is standard output
    pub(crate) output: String,
    /// The entry of the input, as in PATH::ENTRY
    #[arg(long)]
    pub(crate) entry: Option<String>,
    /// The format to write, when the suffix does not say it
    #[arg(long)]
    pub(crate) format: Option<String>,
    /// The type of a component in the output [default: as in the input]
    #[arg(long, value_name = "TYPE", value_parser = element)]
    pub(crate) dtype: Option<anear::Element>,
    /// Let --dtype cut off what does not fit: fractions for integers, values out of range
    #[arg(long, requires = "dtype")]
    pub(crate) lossy: bool,
    /// Compress, where the format can: gzip or zstd, with a level as in gzip:6
    #[arg(long, value_name = "METHOD", num_args = 0..=1, default_missing_value = "gzip", value_parser = anear::Compression::from_str)]
    pub(crate) compress: Option<anear::Compression>,
    /// In a database, write pickled NumPy arrays instead of raw bytes
    #[arg(long)]
    pub(crate) pickle: bool,
    /// Build an index of this kind, for an output that is one (.anx): flat, or auto to choose
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// The metric to name in the output, where the format can [default: what the input says]
    #[arg(long, value_parser = metric)]
    pub(crate) metric: Option<anear::Metric>,
    /// Only rows that meet this SQL condition on the metadata
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) condition: Option<String>,
    /// A file with metadata to lay beside the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) meta: Option<PathBuf>,
    /// Leave the metadata out
    #[arg(long, conflicts_with = "meta")]
    pub(crate) no_metadata: bool,
    /// Replace the output if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Search {
    /// A vector file or an index, or PATH::ENTRY
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) query: Query,
    /// Hits for each query
    #[arg(short, default_value_t = 10, value_name = "HITS")]
    pub(crate) k: usize,
    /// How nearness is measured [default: what the file says, else cosine]
    #[arg(long, value_parser = metric)]
    pub(crate) metric: Option<anear::Metric>,
    /// All rows within this distance instead of the k nearest
    #[arg(long, conflicts_with = "k", allow_negative_numbers = true)]
    pub(crate) radius: Option<f64>,
    /// Only rows that meet this SQL condition on the metadata
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) condition: Option<String>,
    /// A file with metadata to lay beside the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) meta: Option<PathBuf>,
    /// Metadata columns to show, separated by commas; `all` shows all
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) show: Vec<String>,
    /// Exact search (the default, and so far the only kind)
    #[arg(long)]
    pub(crate) exact: bool,
    /// Pass over rows that hold NaN or infinity instead of stopping at them
    #[arg(long)]
    pub(crate) skip_nonfinite: bool,
    /// Memory to use for rows; larger files are streamed
    #[arg(long, default_value = "2GB", value_parser = bytes)]
    pub(crate) memory: u64,
}

#[derive(Args, Debug)]
pub(crate) struct Index {
    /// A vector file, or PATH::ENTRY
    pub(crate) path: String,
    /// The index file to write, usually called .anx
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The kind of index: flat (all rows, exactly), or auto to choose
    #[arg(long, default_value = "auto")]
    pub(crate) kind: String,
    /// How nearness is measured [default: what the file says, else cosine]
    #[arg(long, value_parser = metric)]
    pub(crate) metric: Option<anear::Metric>,
    /// Keep no byte a component beside the rows: a smaller file that is searched more slowly
    #[arg(long)]
    pub(crate) no_prefilter: bool,
    /// A file with metadata to lay beside the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) meta: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
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

fn element(name: &str) -> Result<anear::Element, String> {
    let known = || anear::Element::ALL.map(anear::Element::name).join(", ");
    anear::Element::from_name(name).ok_or_else(|| format!("the types are: {}", known()))
}

fn metric(name: &str) -> Result<anear::Metric, String> {
    let known = || anear::Metric::ALL.map(anear::Metric::name).join(", ");
    anear::Metric::from_name(name).ok_or_else(|| format!("the metrics are: {}", known()))
}

/// A number of bytes, such as `500MB` or `2GB` (powers of 1000) or `1GiB` (powers of 1024).
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1u64,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err("a size is a number with kB, MB, GB, KiB, MiB or GiB".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| format!("{number:?} is no number"))?;
    Ok((number * factor as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(bytes("1.5 MiB"), Ok(1_572_864));
        assert_eq!(bytes("17"), Ok(17));
        assert!(bytes("many").is_err());
    }
}
