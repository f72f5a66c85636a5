//! What formats of text records share: JSON lines and CSV.
//!
//! A [`Dialect`] knows where records begin and what is in one; everything else is here. Opening
//! makes one pass over all records (the survey): it counts them, notes where every 64th begins,
//! checks each vector, and finds the kinds of the metadata columns. Rows are parsed again when
//! they are asked for, on several threads if allowed, so memory holds one block of rows.
//!
//! Vectors are f32 if every number in the file is one: either exactly, or as the shortest decimal
//! that stands for it (as `0.1`, and as anear writes them). Otherwise they are f64.

mod file;
mod numbers;
mod survey;

pub(crate) use file::open;
pub(crate) use numbers::{is_number, write_component, write_real};

use anear_types::{Result, Value};
use std::ops::Range;

/// How one format writes records.
pub(crate) trait Dialect: Send + Sync {
    /// The record that begins at `offset` or behind white space there, and where to look for the
    /// next one; `None` at the end.
    ///
    /// # Errors
    /// If the bytes are no records.
    fn record(&self, bytes: &[u8], offset: usize) -> Result<Option<(Range<usize>, usize)>>;

    /// Whether records have a vector; those of a table of metadata have none.
    fn has_vectors(&self) -> bool;

    /// Calls `each` with the text of every component of a record's vector.
    ///
    /// # Errors
    /// If the record is damaged or has no vector.
    fn components(&self, record: &[u8], each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()>;

    /// Calls `each` with every metadata field of a record.
    ///
    /// # Errors
    /// If the record is damaged.
    fn fields(&self, record: &[u8], each: &mut dyn FnMut(&str, Field)) -> Result<()>;
}

/// A metadata field.
pub(crate) struct Field {
    /// Its value, as far as it can be told from the field alone.
    pub(crate) value: Value,
    /// Its text as it stands, if a column with other text in it should take it as text too.
    pub(crate) loose: Option<Box<str>>,
}

/// How well a name fits a column of vectors: smaller is better.
pub(crate) fn vector_name_rank(name: &str) -> usize {
    let name = name.to_lowercase();
    let known = ["embedding", "vector", "emb", "values"];
    known.iter().position(|known| name.contains(known)).unwrap_or(known.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likely_names_come_first() {
        let mut names = ["page", "values", "text_emb", "Vector", "sentence_embedding"];
        names.sort_by_key(|name| vector_name_rank(name));
        assert_eq!(names, ["sentence_embedding", "Vector", "text_emb", "values", "page"]);
    }
}
