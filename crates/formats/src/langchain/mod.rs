//! Folders of LangChain's FAISS vector store: a FAISS index and a pickle with the documents.
//!
//! `save_local` writes `index.faiss` and `index.pkl` (or another name than `index`). The pickle
//! holds two things: a docstore, that is documents by id, and for each row of the index the id of
//! its document. A document is a text with a dictionary of metadata. Here a row has its id, the
//! text in a column `text`, and a column for each key of the metadata that any document has; a
//! value that is nested is JSON text. Nothing in the pickle is run, see the module `pickle`.
//!
//! Objects in the pickle have their attributes as a state:
//!
//! | class | state |
//! | --- | --- |
//! | `InMemoryDocstore` | `{"_dict": {id: document}}` |
//! | `Document` | `{"__dict__": {"page_content": text, "metadata": dictionary, ..}, ..}`, with either version of pydantic |
//!
//! Source: LangChain 0.0.101 to 1.0 (langchain-community 0.4, langchain-core 1.8), seen in their
//! files.

mod budget;
mod container;
mod docstore;
mod table;
#[cfg(test)]
mod tests;

use crate::{Container, ReadOptions, by_name};
use anear_io::Input;
use anear_types::Result;

/// The name of the format.
pub const NAME: &str = "langchain";

/// Opens an index and the pickle that belongs to it; `name` is what both files are called, and
/// becomes the name of the entry.
///
/// # Errors
/// If either file is damaged, hostile or of a kind not supported, or they do not belong together.
pub fn open(
    index: &Input,
    pickle: &Input,
    name: &str,
    options: &ReadOptions,
) -> Result<Box<dyn Container>> {
    let faiss = by_name("faiss").expect("always there");
    let vectors =
        faiss.open(index.clone(), options).map_err(|error| error.at_path(index.path()))?;
    if vectors.entries().is_empty() {
        return Ok(vectors); // an index of a kind that is only described
    }
    let folder = container::Folder::open(vectors, pickle.clone(), name, options);
    Ok(Box::new(folder.map_err(|error| error.at_path(pickle.path()))?))
}
