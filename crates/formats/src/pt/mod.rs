//! PyTorch's `.pt`, `.pth` and `.bin`, read and written without PyTorch and without running
//! pickle.
//!
//! A file is a pickled object whose tensors refer to *storages* by key. Since torch 1.6 it is a
//! zip: `NAME/data.pkl` is the pickle, `NAME/data/KEY` a storage, stored, not deflated, so that
//! tensors are used where they lie in the mapped file. Before, it was five pickles in a row with
//! the storages behind them. Source: `torch/serialization.py` of torch 1.13 and 2.15.
//!
//! Every tensor and NumPy array is an entry, named by the way to it: `model.0.weight`,
//! `nested.pair.1`, or nothing for a lone tensor. Lists and one-dimensional tensors that stand
//! beside a matrix and are as long as it has rows are its metadata columns; single values are
//! attributes. Written files are arranged the same way.

mod archive;
mod container;
mod embedded;
mod legacy;
mod sink;
mod tensor;
mod tree;

use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
    pickle,
};
use anear_io::{Input, Output};
use anear_types::{Element, Error, Result, Schema};

pub(crate) use embedded::embedded_tensor;

/// Where a written file names the column with the ids, if that is not called `id` or `ids`.
const IDS_KEY: &str = "anear.ids";
/// Where a written file names the metric.
const METRIC_KEY: &str = "anear.metric";

/// The format.
#[derive(Debug)]
pub(crate) struct Pt;

static INFO: FormatInfo = FormatInfo {
    name: "pt",
    extensions: &["pt", "pth", "bin"],
    about: "PyTorch tensors, state dicts and checkpoints",
    writes: &[
        Element::Bool,
        Element::I8,
        Element::U8,
        Element::I16,
        Element::I32,
        Element::I64,
        Element::F16,
        Element::Bf16,
        Element::F32,
        Element::F64,
    ],
    keeps: Keeps::Metadata,
};

impl Format for Pt {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        let suffix = INFO.extensions.contains(&hint.extension.as_str());
        let zip = head.starts_with(b"PK\x03\x04");
        if (zip && archive::is_torch(head)) || legacy::begins(head) {
            Score::Certain
        } else if suffix && (zip || head.first() == Some(&0x80)) {
            Score::Likely
        } else if suffix && hint.extension != "bin" {
            Score::Suffix
        } else {
            Score::No
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        if input.bytes().starts_with(b"PK") {
            return container::open_zip(input, options);
        }
        if legacy::begins(input.bytes()) {
            return container::open_legacy(input, options);
        }
        Err(not_torch(&input, options))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        Ok(Box::new(sink::Sink::new(output, schema, options)?))
    }
}

/// Why a file that is neither kind cannot be read: if it is a pickle, what is wrong with that.
fn not_torch(input: &Input, options: &ReadOptions) -> Error {
    let found = &input.bytes()[..input.bytes().len().min(8)];
    if input.is_empty() {
        return Error::malformed("the file is empty");
    }
    if !matches!(found, [0x80, ..] | [b'c' | b'(' | b']' | b'}', ..]) {
        return Error::malformed(format!(
            "not a PyTorch file: it begins with \"{}\"",
            found.escape_ascii()
        ));
    }
    match pickle::load(input.bytes(), input.len(), &options.limits) {
        Err(error) => error,
        Ok(_) => Error::unsupported("a pickle that was not written by torch.save"),
    }
}

#[cfg(test)]
mod tests;
