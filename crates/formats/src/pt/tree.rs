//! The walk over a saved object: which tensors there are, and what stands beside them.
//!
//! Shared parts may be reached in many ways and a list may contain itself, so the walk is bounded
//! in depth and in steps.

use super::tensor::{Tensor, tensor_of};
use crate::Skipped;
use crate::pickle::{
    ArrayBytes, Global, Node, NodeId, Pickle, PickledArray, array_of, single_value,
};
use anear_types::{ColumnKind, Error, ErrorKind, Limits, Result, Value};
use std::collections::HashMap;

/// Lists longer than this are no attributes.
const MOST_ATTRIBUTES_OF_A_LIST: usize = 64;
/// The most pairs of a matrix and a column; a file with more holds a model's weights.
const MOST_PAIRS: usize = 100_000;

/// What was found.
pub(super) struct Tree<'a> {
    /// Tensors and arrays, in file order.
    pub(super) found: Vec<Found<'a>>,
    /// Single values.
    pub(super) attributes: Vec<(String, Value)>,
    /// Everything else.
    pub(super) skipped: Vec<Skipped>,
    /// Why the first of these was skipped.
    pub(super) first_error: Option<Error>,
}

/// A tensor or array.
pub(super) struct Found<'a> {
    pub(super) name: String,
    pub(super) content: Content<'a>,
    /// Metadata columns, if it is a matrix.
    pub(super) columns: Vec<FoundColumn>,
}

/// What an entry is made of.
pub(super) enum Content<'a> {
    Tensor(Tensor<'a>),
    Array(NodeId, PickledArray<'a>),
}

/// A metadata column.
#[derive(Clone)]
pub(super) struct FoundColumn {
    pub(super) name: String,
    pub(super) values: ColumnValues,
}

/// Where the values of a column are.
#[derive(Clone, Copy, Debug)]
pub(super) enum ColumnValues {
    /// A list of single values of this kind.
    List(NodeId, ColumnKind),
    /// One of the tensors or arrays, by its position.
    Found(usize),
}

impl Found<'_> {
    fn shape(&self) -> &[u64] {
        match &self.content {
            Content::Tensor(tensor) => &tensor.shape,
            Content::Array(_, array) => &array.shape,
        }
    }

    /// Rows, if it is a matrix.
    fn matrix_rows(&self) -> Option<u64> {
        let (_, leading) = self.shape().split_last().filter(|(_, leading)| !leading.is_empty())?;
        leading.iter().try_fold(1u64, |rows, axis| rows.checked_mul(*axis))
    }
}

/// Walks over the object.
///
/// # Errors
/// If a tensor is damaged, or the object nests too deep or is absurdly large.
pub(super) fn walk<'a>(
    pickle: Pickle<'a>,
    root: NodeId,
    program_bytes: usize,
    limits: &Limits,
) -> Result<Tree<'a>> {
    let steps_left = limits.entries.saturating_add(program_bytes.saturating_mul(4));
    let tree =
        Tree { found: Vec::new(), attributes: Vec::new(), skipped: Vec::new(), first_error: None };
    let mut walker = Walker { pickle, limits, steps_left, pairs_left: MOST_PAIRS, tree };
    if let Visited::List(list) = walker.visit(root, String::new(), 0)? {
        let what = format!("a list of {} single values", list.length);
        walker.skip_thing(String::new(), &what);
    }
    Ok(walker.tree)
}

struct Walker<'a, 'l> {
    pickle: Pickle<'a>,
    limits: &'l Limits,
    steps_left: usize,
    pairs_left: usize,
    tree: Tree<'a>,
}

/// What became of a node.
#[derive(Clone, Copy)]
enum Visited {
    /// A tensor or array, at this position of those found.
    Entry(usize),
    /// A list of single values, for the caller to see whether it is a column.
    List(List),
    /// Something else, which is dealt with.
    Done,
}

/// A list of single values.
#[derive(Clone, Copy)]
struct List {
    node: NodeId,
    length: usize,
    kind: ColumnKind,
}

impl<'a> Walker<'a, '_> {
    fn spend(&mut self, steps: usize) -> Result<()> {
        self.steps_left = self.steps_left.checked_sub(steps).ok_or_else(|| {
            Error::limit("the saved object refers to its parts far more often than it has any")
        })?;
        Ok(())
    }

    /// Files one node under its name.
    fn visit(&mut self, node: NodeId, name: String, depth: usize) -> Result<Visited> {
        self.spend(1 + name.len())?;
        if depth > self.limits.depth {
            return Err(Error::limit(format!("the saved object nests deeper than {depth}")));
        }
        if let Some(content) = self.content(node, &name)? {
            match content {
                Ok(content) => self.tree.found.push(Found { name, content, columns: Vec::new() }),
                Err(error) => {
                    self.skip(name, error);
                    return Ok(Visited::Done);
                }
            }
            return Ok(Visited::Entry(self.tree.found.len() - 1));
        }
        if let Some(pairs) = self.pickle.pairs(node) {
            self.spend(pairs.len())?;
            self.dictionary(pairs, &name, depth)?;
        } else if let Some(members) = self.pickle.sequence(node) {
            self.spend(members.len())?;
            let kind = self.list_kind(members)?;
            // A torch.Size is as long as a tensor has axes, which may by chance be its rows.
            let is_list = !matches!(self.pickle.node(node), Node::Object(_));
            if let Some(kind) = kind.filter(|_| is_list) {
                return Ok(Visited::List(List { node, length: members.len(), kind }));
            }
            let members = members.iter().enumerate();
            self.members(members.map(|(i, node)| (i.to_string(), *node)), &name, depth)?;
        } else if self.spend(self.pickle.weight(node)).is_ok()
            && let Some(value) = single_value(&self.pickle, node)
        {
            self.tree.attributes.push((name, value));
        } else {
            let what = self.pickle.describe(node);
            self.skip_thing(name, &what);
        }
        Ok(Visited::Done)
    }

    /// A tensor or array; an error inside means that it is one, but not of a supported kind.
    fn content(&mut self, node: NodeId, name: &str) -> Result<Option<Result<Content<'a>>>> {
        let content = match tensor_of(&self.pickle, node, None) {
            Ok(None) => match self.pickle.call(node).map(|call| call.global) {
                Some(Global::Reconstruct | Global::FromBuffer) => self.array(node),
                _ => return Ok(None),
            },
            Ok(Some(tensor)) => Ok(Content::Tensor(tensor)),
            Err(error) => Err(error),
        };
        match content {
            Err(error) if error.kind() == ErrorKind::Malformed => Err(error.at_entry(name)),
            content => Ok(Some(content)),
        }
    }

    fn array(&mut self, node: NodeId) -> Result<Content<'a>> {
        let array = array_of(&self.pickle, node, self.limits)?;
        let array = array.ok_or_else(|| Error::unsupported("it is no array"))?;
        if let ArrayBytes::Stored(data) = &array.data {
            self.spend(data.len())?;
        }
        Ok(Content::Array(node, array))
    }

    /// Lists something as no matrix of numbers; `what` completes "it is ..".
    fn skip_thing(&mut self, name: String, what: &str) {
        self.tree.skipped.push(Skipped { name: name.clone(), reason: format!("it is {what}") });
        self.tree.first_error.get_or_insert_with(|| {
            let what = format!("no tensor in the file: it holds {what}");
            Error::unsupported(what).at_entry(name)
        });
    }

    fn skip(&mut self, name: String, error: Error) {
        let reason = error.what().to_owned();
        self.tree.skipped.push(Skipped { name: name.clone(), reason });
        self.tree.first_error.get_or_insert(error.at_entry(name));
    }

    fn dictionary(&mut self, pairs: Vec<(NodeId, NodeId)>, name: &str, depth: usize) -> Result<()> {
        let pickle = self.pickle;
        let key = |key: NodeId| match pickle.node(key) {
            Node::Int(number) => number.to_string(),
            Node::Bool(value) => value.to_string(),
            Node::Float(number) => number.to_string(),
            _ => match pickle.text(key) {
                Some(text) => text.to_owned(),
                None => format!("<{}>", pickle.describe(key)),
            },
        };
        self.members(pairs.into_iter().map(|(k, node)| (key(k), node)), name, depth)
    }

    /// What a dictionary or list holds.
    fn members(
        &mut self,
        members: impl Iterator<Item = (String, NodeId)>,
        name: &str,
        depth: usize,
    ) -> Result<()> {
        let mut here = Vec::new();
        for (key, node) in members {
            match self.visit(node, joined(name, &key), depth + 1)? {
                Visited::Done => {}
                visited => here.push((key, visited)),
            }
        }
        let used = self.columns(&here)?;
        for ((key, visited), used) in here.iter().zip(used) {
            if let (Visited::List(list), false) = (visited, used) {
                self.plain_list(list, joined(name, key))?;
            }
        }
        Ok(())
    }

    /// Gives the matrices among `here` their columns; says what was used as one.
    fn columns(&mut self, here: &[(String, Visited)]) -> Result<Vec<bool>> {
        let mut by_length: HashMap<u64, Vec<usize>> = HashMap::new();
        for (member, (_, visited)) in here.iter().enumerate() {
            match visited {
                Visited::Entry(position) => {
                    if let [length] = self.tree.found[*position].shape() {
                        by_length.entry(*length).or_default().push(member);
                    }
                }
                Visited::List(list) => {
                    by_length.entry(list.length as u64).or_default().push(member);
                }
                Visited::Done => {}
            }
        }
        let mut used = vec![false; here.len()];
        for (key, visited) in here {
            let Visited::Entry(position) = *visited else { continue };
            let rows = self.tree.found[position].matrix_rows();
            let Some(candidates) = rows.and_then(|rows| by_length.get(&rows)) else { continue };
            let Some(pairs_left) = self.pairs_left.checked_sub(candidates.len()) else { continue };
            self.pairs_left = pairs_left;
            for member in candidates {
                let (column, visited) = &here[*member];
                let Some(name) = column_name(key, column) else { continue };
                let values = match visited {
                    Visited::List(list) => ColumnValues::List(list.node, list.kind),
                    Visited::Entry(position) => ColumnValues::Found(*position),
                    Visited::Done => continue,
                };
                self.spend(name.len())?;
                used[*member] = true;
                let column = FoundColumn { name: name.to_owned(), values };
                self.tree.found[position].columns.push(column);
            }
        }
        Ok(used)
    }

    /// A list that is no column: its values are attributes, if they are few.
    fn plain_list(&mut self, list: &List, name: String) -> Result<()> {
        if list.length > MOST_ATTRIBUTES_OF_A_LIST || list.length == 0 {
            let what = format!("a list of {} values beside no matrix of so many rows", list.length);
            self.skip_thing(name, &what);
            return Ok(());
        }
        let members = self.pickle.sequence(list.node).unwrap_or_default();
        for (position, member) in members.iter().enumerate() {
            self.spend(name.len() + self.pickle.weight(*member))?;
            if let Some(value) = single_value(&self.pickle, *member) {
                self.tree.attributes.push((joined(&name, &position.to_string()), value));
            }
        }
        Ok(())
    }

    /// The kind of a list of single values; `None` if it holds other things.
    fn list_kind(&mut self, members: &[NodeId]) -> Result<Option<ColumnKind>> {
        let mut kind: Option<ColumnKind> = None;
        for member in members {
            let found = match self.pickle.node(*member) {
                Node::None => continue,
                Node::Bool(_) => ColumnKind::Bool,
                Node::Int(_) => ColumnKind::Int,
                Node::Float(_) => ColumnKind::Real,
                Node::List(_) | Node::Tuple { .. } | Node::Dict(_) => return Ok(None),
                Node::Text(_) => {
                    self.spend(self.pickle.weight(*member))?;
                    ColumnKind::Text
                }
                _ => {
                    self.spend(self.pickle.weight(*member))?;
                    match single_value(&self.pickle, *member).and_then(|value| value.kind()) {
                        Some(found) => found,
                        None => return Ok(None),
                    }
                }
            };
            kind = Some(kind.map_or(found, |kind| kind.join(found)));
        }
        Ok(Some(kind.unwrap_or(ColumnKind::Text)))
    }
}

/// The name of a column of the matrix under `key`. In a flat dictionary of a model's weights,
/// `1.bias` stands beside `1.weight` and not beside `2.weight`.
fn column_name<'k>(key: &str, column: &'k str) -> Option<&'k str> {
    match key.rsplit_once('.') {
        None => Some(column),
        Some((folder, _)) => column.strip_prefix(folder)?.strip_prefix('.'),
    }
}

fn joined(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}
