//! Finding out what a file is: by its content first, by its suffix second.

use crate::{Container, FORMATS, Format, Hint, ReadOptions, Score};
use anear_io::Input;
use anear_types::{Error, Result};
use std::path::Path;

/// How many of the first bytes formats get to see.
const HEAD_BYTES: usize = 4096;

/// The format of a file.
///
/// # Errors
/// If no format recognises it; the message says what the suffix promised.
pub fn probe(input: &Input) -> Result<&'static dyn Format> {
    let head = &input.bytes()[..input.bytes().len().min(HEAD_BYTES)];
    let hint = Hint { extension: input.extension(), file_bytes: input.len() };
    FORMATS
        .iter()
        .map(|format| (format.score(head, &hint), *format))
        .filter(|(score, _)| *score > Score::No)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, format)| format)
        .ok_or_else(|| not_recognised(input, &hint.extension))
}

/// Opens a file of any format.
///
/// # Errors
/// If the format is not recognised, or the file is damaged, hostile or not supported.
pub fn open(input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
    let path = input.path().to_owned();
    probe(&input)?.open(input, options).map_err(|error| error.at_path(path))
}

/// The format a new file of this name is to have, by its suffix.
///
/// # Errors
/// If no format has that suffix.
pub fn format_for_output(path: &Path) -> Result<&'static dyn Format> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    by_extension(&extension).ok_or_else(|| {
        let all: Vec<&str> = FORMATS
            .iter()
            .filter(|f| !f.info().writes.is_empty())
            .map(|f| f.info().extensions[0])
            .collect();
        Error::usage(format!("no format has the suffix '.{extension}'"))
            .at_path(path)
            .help(format!("name the output with one of: {}", all.join(", ")))
    })
}

fn by_extension(extension: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.info().extensions.contains(&extension))
}

fn not_recognised(input: &Input, extension: &str) -> Error {
    let found = if input.is_empty() {
        "the file is empty".to_owned()
    } else {
        let head = &input.bytes()[..input.bytes().len().min(8)];
        format!("the file begins with \"{}\"", head.escape_ascii())
    };
    let what = match by_extension(extension) {
        Some(format) => format!("not a {} file: {found}", format.info().name),
        None => format!("not a vector file anear knows: {found}"),
    };
    Error::malformed(what).at_path(input.path())
}
