//! Opening what a location names: a file, standard input, or a folder that is read like a file.

use crate::adopted::{Adopted, adopt_rows};
use crate::{Location, OpenOptions, Result, folder};
use anear_formats::{Container, probe};
use anear_io::Input;
use anear_types::Error;
use std::io::Read;
use std::sync::Arc;

/// What was found at a location.
pub(crate) struct Opened {
    /// The file that holds the vectors.
    pub(crate) input: Input,
    /// The size of all files that were opened.
    pub(crate) bytes: u64,
    /// The name of the format.
    pub(crate) format: &'static str,
    /// The entries.
    pub(crate) container: Box<dyn Container>,
    /// The index, if the file is one of another library whose rows are codes.
    pub(crate) adopted: Option<Arc<Adopted>>,
}

/// Opens what a location names; its entry is chosen afterwards.
///
/// # Errors
/// If there is nothing, or it is damaged or not known.
pub(crate) fn open(location: &Location, options: &OpenOptions) -> Result<Opened> {
    let path = &location.path;
    if path.as_os_str() == "-" {
        return file(standard_input()?, options);
    }
    match path.is_dir() {
        true => folder::open(path, location.entry.as_deref(), options),
        false => file(Input::open(path)?, options),
    }
}

fn file(input: Input, options: &OpenOptions) -> Result<Opened> {
    let format = probe(&input)?;
    let container = format.open(input.clone(), &options.read_options());
    let (container, adopted) =
        container.and_then(adopt_rows).map_err(|error| error.at_path(input.path()))?;
    Ok(Opened { bytes: input.len(), input, format: format.info().name, container, adopted })
}

fn standard_input() -> Result<Input> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|source| Error::io("cannot read standard input", source))?;
    Ok(Input::from_bytes("-", bytes))
}
