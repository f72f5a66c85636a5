//! Every command and flag, with its help.

mod collections;
mod files;
mod values;

pub(crate) use collections::{Add, Compact, Create, Delete, Export, Get, StorageKind, Verify};
pub(crate) use files::{Convert, Head, Index, Info, Query, Search};

use clap::{Args, Parser, Subcommand};
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
    #[arg(long, global = true, value_name = "TYPE", value_parser = values::element)]
    pub(crate) raw: Option<anear::Element>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What is in a file or collection: entries, rows, dimension, type, metadata columns, damage
    Info(Info),
    /// Show the first rows
    Head(Head),
    /// Convert between any two formats
    Convert(Convert),
    /// Find the nearest rows: exactly, but for files with trees, and collections with an index of them
    Search(Box<Search>),
    /// Build an index file that opens at once, with ids and metadata inside; or index a collection
    Index(Index),
    /// Create a collection: a folder that keeps vectors with ids and metadata
    Create(Create),
    /// Add the rows of a file to a collection
    Add(Add),
    /// Show rows of a collection by id
    Get(Get),
    /// Delete rows of a collection
    Delete(Delete),
    /// Write the files of a collection anew, without what was deleted
    Compact(Compact),
    /// Check the files of a collection, and repair what can be
    Verify(Verify),
    /// Write rows of a collection to a file of any format
    Export(Export),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Which column of a file calls its rows by name.
#[derive(Args, Debug)]
pub(crate) struct IdColumn {
    /// The metadata column that holds the ids
    #[arg(long, value_name = "COLUMN")]
    pub(crate) ids: Option<String>,
}

/// How to write a file.
#[derive(Args, Debug)]
pub(crate) struct Writing {
    /// The format to write, when the suffix does not say it
    #[arg(long)]
    pub(crate) format: Option<String>,
    /// The type of a component in the output [default: as in the input]
    #[arg(long, value_name = "TYPE", value_parser = values::element)]
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
    /// The metric to name in the output, where the format can [default: what the input says]
    #[arg(long, value_parser = values::metric)]
    pub(crate) metric: Option<anear::Metric>,
    /// Replace the output if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// Which rows, by a condition on their metadata.
#[derive(Args, Debug)]
pub(crate) struct Where {
    /// Only rows that meet this SQL condition on the metadata
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) condition: Option<String>,
    /// A value for a `?` of the condition: JSON, or else text; may be given several times
    #[arg(long = "param", value_name = "VALUE", requires = "condition", allow_hyphen_values = true, value_parser = values::param)]
    pub(crate) params: Vec<anear::Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
