//! FAISS index files: named and described, their vectors are not read yet.

mod header;
mod kinds;
#[cfg(test)]
mod tests;

use crate::named_index::NamedIndex;
use crate::{Container, Format, FormatInfo, Hint, IndexInfo, ReadOptions, Score};
use anear_io::{Cursor, Input};
use anear_types::Result;

/// The format.
#[derive(Debug)]
pub(crate) struct Faiss;

static INFO: FormatInfo = FormatInfo {
    name: "faiss",
    extensions: &["faiss", "index"],
    about: "FAISS indexes (described, not read)",
    writes: &[],
    keeps_metadata: false,
};

impl Format for Faiss {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        let Some((fourcc, _)) = head.split_first_chunk::<4>() else { return Score::No };
        let suffix_agrees = INFO.extensions.contains(&hint.extension.as_str());
        let looks_like_one = fourcc[0] == b'I' && fourcc.iter().all(u8::is_ascii_alphanumeric);
        if header::read_header(&mut Cursor::new(head)).is_ok() {
            Score::Certain
        } else if suffix_agrees && (looks_like_one || fourcc == b"null") {
            Score::Likely // to say what is wrong with it
        } else {
            Score::No
        }
    }

    fn open(&self, input: Input, _: &ReadOptions) -> Result<Box<dyn Container>> {
        let index = header::read_index(&mut Cursor::new(input.bytes()), 0)?;
        Ok(Box::new(NamedIndex(IndexInfo {
            kind: format!("faiss:{}", index.letters()),
            metric: index.metric,
            rows: Some(index.rows),
            dim: Some(index.dim),
            params: index.params,
        })))
    }
}
