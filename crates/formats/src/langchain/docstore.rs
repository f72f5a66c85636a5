//! The documents in the pickle, in the order of the rows they belong to.

use super::budget::Budget;
use crate::pickle::{Global, Node, NodeId, Pickle};
use anear_types::{Error, Result};
use std::collections::HashMap;

/// The most attributes of an object: it has a handful, and all documents may share theirs, so that
/// looking through many of them again and again would take time without end.
const MOST_ATTRIBUTES: usize = 64;

/// What belongs to a row of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The id of its document: text or an integer.
    pub(super) id: NodeId,
    /// Its document, if the docstore has one of this id.
    pub(super) document: Option<Document>,
}

/// A text with metadata.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document {
    /// The text, if there is one.
    pub(super) text: Option<NodeId>,
    /// A dictionary, if there is one.
    pub(super) metadata: Option<NodeId>,
}

/// A key of the docstore.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Text(&'a str),
    Int(i64),
}

/// What belongs to each of the rows that the index calls by these numbers.
///
/// # Errors
/// If the pickle holds something else, or is about other rows.
pub(super) fn rows_of(
    pickle: &Pickle<'_>,
    root: NodeId,
    numbers: &[i64],
    budget: &mut Budget,
) -> Result<Vec<Row>> {
    let Some([docstore, ids]) = pickle.sequence(root) else {
        return Err(Error::unsupported(format!(
            "the pickle holds {}, not a docstore and the ids of its documents",
            pickle.describe(root)
        )));
    };
    let documents = documents(pickle, *docstore, budget)?;
    let ids = ids_by_number(pickle, *ids)?;
    if ids.len() != numbers.len() {
        let (named, rows) = (ids.len(), numbers.len());
        return Err(not_together(&format!("it names documents of {named} rows"), rows));
    }
    let mut row = |number: &i64| {
        let id = *ids.get(number).ok_or_else(|| {
            not_together(&format!("it names no document of row {number}"), numbers.len())
        })?;
        let document = documents.get(&key(pickle, id, budget)?);
        let document = document.map(|document| read_document(pickle, *document)).transpose()?;
        Ok(Row { id, document })
    };
    numbers
        .iter()
        .enumerate()
        .map(|(at, number)| row(number).map_err(|e: Error| e.at_row(at as u64)))
        .collect()
}

fn not_together(what: &str, rows: usize) -> Error {
    Error::malformed(format!("{what}, the index beside it has {rows} rows"))
        .help("the two files must come from the same save_local; the index can be read by itself")
}

/// The documents by id; of two with one id the later.
fn documents<'a>(
    pickle: &Pickle<'a>,
    docstore: NodeId,
    budget: &mut Budget,
) -> Result<HashMap<Key<'a>, NodeId>> {
    let unfit = || {
        let what = pickle.describe(docstore);
        Error::unsupported(format!("the documents are in {what}, not in an InMemoryDocstore"))
    };
    let call = pickle.call(docstore).filter(|call| call.global == Global::Docstore);
    let state = call.ok_or_else(unfit)?.state.ok_or_else(unfit)?;
    let by_id = attribute(pickle, state, "_dict").and_then(|by_id| pickle.pairs(by_id));
    let by_id = by_id.ok_or_else(unfit)?.into_iter();
    by_id.map(|(id, document)| Ok((key(pickle, id, budget)?, document))).collect()
}

fn ids_by_number(pickle: &Pickle<'_>, ids: NodeId) -> Result<HashMap<i64, NodeId>> {
    let unfit = |what: &str, node| {
        let found = pickle.describe(node);
        Error::unsupported(format!("{what} is {found}, not what LangChain writes"))
    };
    let pairs = pickle.pairs(ids).ok_or_else(|| unfit("the list of ids", ids))?.into_iter();
    let number = |number| pickle.int(number).ok_or_else(|| unfit("the number of a row", number));
    pairs.map(|(row, id)| Ok((number(row)?, id))).collect()
}

fn key<'a>(pickle: &Pickle<'a>, id: NodeId, budget: &mut Budget) -> Result<Key<'a>> {
    budget.spend(pickle.weight(id))?;
    match (pickle.text(id), pickle.int(id)) {
        (Some(text), _) => Ok(Key::Text(text)),
        (None, Some(number)) => Ok(Key::Int(number)),
        (None, None) => {
            let found = pickle.describe(id);
            Err(Error::unsupported(format!("the id of a document is {found}, not valid text")))
        }
    }
}

fn read_document(pickle: &Pickle<'_>, node: NodeId) -> Result<Document> {
    let unfit = |what: &str| Error::unsupported(format!("a document {what}"));
    let call = pickle.call(node).filter(|call| call.global == Global::Document);
    let call = call.ok_or_else(|| unfit(&format!("is {}", pickle.describe(node))))?;
    let state = call.state.and_then(|state| attribute(pickle, state, "__dict__"));
    let state = state.ok_or_else(|| unfit("has not the attributes that LangChain writes"))?;
    let some = |node: &NodeId| pickle.node(*node) != Node::None;
    let text = attribute(pickle, state, "page_content").filter(some);
    let metadata = attribute(pickle, state, "metadata").filter(some);
    if text.is_some_and(|text| !matches!(pickle.node(text), Node::Text(_))) {
        return Err(unfit("has a content that is no text"));
    }
    if metadata.is_some_and(|metadata| pickle.pairs(metadata).is_none()) {
        return Err(unfit("has metadata that is no dictionary"));
    }
    Ok(Document { text, metadata })
}

/// An attribute of an object; of two with one name the later.
fn attribute(pickle: &Pickle<'_>, attributes: NodeId, name: &str) -> Option<NodeId> {
    let pairs = pickle.pairs(attributes).filter(|pairs| pairs.len() <= MOST_ATTRIBUTES)?;
    let mut found = pairs.iter().rev().filter(|(key, _)| pickle.is_text(*key, name));
    found.next().map(|(_, value)| *value)
}
