//! The tree a pickle builds, kept flat.

use super::globals::{self, Global};
use super::text;
use std::borrow::Cow;

/// A node's position in its [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(pub(super) u32);

/// Bytes of the pickle itself, or of the arena's pool for what had to be unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) pooled: bool,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Node {
    /// `None`.
    None,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer that needs more than 64 bits, or more than 128 if there is no value.
    BigInt(Option<u32>),
    /// A number with a fraction.
    Float(f64),
    /// Text; UTF-8 unless the file lies.
    Text(Span),
    /// A string of Python 2: text or bytes.
    OldString(Span),
    /// Bytes.
    Bytes(Span),
    /// A tuple: a range of the arena's items.
    Tuple { start: u32, len: u32 },
    /// A list.
    List(u32),
    /// A dictionary: keys and values in turn.
    Dict(u32),
    /// A set.
    Set(u32),
    /// An allowed name.
    Global(u16),
    /// A call that was not made.
    Object(u32),
    /// A reference to something outside the pickle.
    Persistent(NodeId),
}

/// A call that was not made, with what was put into its result.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) callee: u16,
    pub(super) arguments: NodeId,
    pub(super) state: Option<NodeId>,
    pub(super) items: Vec<NodeId>,
}

/// All nodes of a pickle. Read it through a [`Pickle`].
#[derive(Debug, Default)]
pub(crate) struct Arena {
    pub(super) nodes: Vec<Node>,
    /// Members of all tuples.
    pub(super) items: Vec<NodeId>,
    /// Members of lists, sets and dictionaries, which may grow.
    pub(super) lists: Vec<Vec<NodeId>>,
    pub(super) objects: Vec<Object>,
    pub(super) big: Vec<i128>,
    pub(super) pool: Vec<u8>,
}

/// A call that was not made, as readers of the tree see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// What would have been called.
    pub(crate) global: Global,
    /// Its arguments.
    pub(crate) arguments: &'a [NodeId],
    /// What `__setstate__` would have been given.
    pub(crate) state: Option<NodeId>,
    /// What would have been added to the result.
    pub(crate) items: &'a [NodeId],
}

/// An arena together with the bytes it refers to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pickle<'a> {
    arena: &'a Arena,
    input: &'a [u8],
}

impl<'a> Pickle<'a> {
    /// `input` must be the bytes that `arena` was loaded from.
    pub(crate) fn new(arena: &'a Arena, input: &'a [u8]) -> Pickle<'a> {
        Pickle { arena, input }
    }

    /// The value of a node.
    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.arena.nodes[id.0 as usize]
    }

    /// Number of nodes.
    pub(crate) fn node_count(&self) -> usize {
        self.arena.nodes.len()
    }

    /// What all references to something outside the pickle are about.
    pub(crate) fn persistent_ids(&self) -> impl Iterator<Item = NodeId> {
        self.arena.nodes.iter().filter_map(|node| match node {
            Node::Persistent(id) => Some(*id),
            _ => None,
        })
    }

    /// The bytes of a span; empty if the arena belongs to other bytes.
    pub(crate) fn bytes(&self, span: Span) -> &'a [u8] {
        let source = if span.pooled { &self.arena.pool } else { self.input };
        source.get(span.start..span.start + span.len).unwrap_or_default()
    }

    /// Text, if the node is that and valid.
    pub(crate) fn text(&self, id: NodeId) -> Option<&'a str> {
        match self.node(id) {
            Node::Text(span) | Node::OldString(span) => str::from_utf8(self.bytes(span)).ok(),
            _ => None,
        }
    }

    /// Whether the node is this text; takes no time however long a text it is.
    pub(crate) fn is_text(&self, id: NodeId, text: &str) -> bool {
        match self.node(id) {
            Node::Text(span) | Node::OldString(span) => self.bytes(span) == text.as_bytes(),
            _ => false,
        }
    }

    /// Bytes that making a value of this node takes, apart from what is inside a container.
    pub(crate) fn weight(&self, id: NodeId) -> usize {
        let of_span = |id: NodeId| match self.node(id) {
            Node::Text(span) | Node::OldString(span) | Node::Bytes(span) => span.len,
            _ => 0,
        };
        let arguments = self.call(id).map_or(&[][..], |call| call.arguments);
        of_span(id) + arguments.iter().map(|argument| of_span(*argument)).sum::<usize>()
    }

    /// An integer of 64 bits.
    pub(crate) fn int(&self, id: NodeId) -> Option<i64> {
        match self.node(id) {
            Node::Int(value) => Some(value),
            _ => None,
        }
    }

    /// An integer of up to 128 bits.
    pub(crate) fn big_int(&self, id: NodeId) -> Option<i128> {
        match self.node(id) {
            Node::Int(value) => Some(i128::from(value)),
            Node::BigInt(Some(position)) => self.arena.big.get(position as usize).copied(),
            _ => None,
        }
    }

    /// The members of a tuple or list, or of a `torch.Size`.
    pub(crate) fn sequence(&self, id: NodeId) -> Option<&'a [NodeId]> {
        match self.node(id) {
            Node::Tuple { start, len } => {
                self.arena.items.get(start as usize..(start + len) as usize)
            }
            Node::List(list) => self.arena.lists.get(list as usize).map(Vec::as_slice),
            Node::Object(_) => {
                let call = self.call(id)?;
                let is_size = call.global == Global::Size && call.arguments.len() == 1;
                match self.node(*call.arguments.first().filter(|_| is_size)?) {
                    Node::Object(_) => None,
                    _ => self.sequence(call.arguments[0]),
                }
            }
            _ => None,
        }
    }

    /// The members of a tuple, list or set.
    pub(crate) fn members(&self, id: NodeId) -> Option<&'a [NodeId]> {
        match self.node(id) {
            Node::Set(list) => self.arena.lists.get(list as usize).map(Vec::as_slice),
            Node::Object(_) => {
                let call = self.call(id).filter(|call| call.global == Global::Set)?;
                call.arguments.first().map_or(Some(&[]), |given| self.sequence(*given))
            }
            _ => self.sequence(id),
        }
    }

    /// Keys and values of a dictionary, in file order.
    pub(crate) fn pairs(&self, id: NodeId) -> Option<Vec<(NodeId, NodeId)>> {
        let flat = |items: &[NodeId]| -> Vec<(NodeId, NodeId)> {
            items.as_chunks::<2>().0.iter().map(|pair| (pair[0], pair[1])).collect()
        };
        match self.node(id) {
            Node::Dict(list) => Some(flat(&self.arena.lists[list as usize])),
            Node::Object(_) => {
                let call = self.call(id).filter(|call| call.global == Global::Mapping)?;
                let mut pairs = Vec::new();
                for member in call.arguments.iter().filter_map(|given| self.sequence(*given)) {
                    for pair in member {
                        let [key, value] = self.sequence(*pair)? else { return None };
                        pairs.push((*key, *value));
                    }
                }
                pairs.extend(flat(call.items));
                Some(pairs)
            }
            _ => None,
        }
    }

    /// A call that was not made.
    pub(crate) fn call(&self, id: NodeId) -> Option<Call<'a>> {
        let Node::Object(position) = self.node(id) else { return None };
        let object = &self.arena.objects[position as usize];
        let arguments = match self.node(object.arguments) {
            Node::Tuple { start, len } => &self.arena.items[start as usize..(start + len) as usize],
            _ => &[],
        };
        Some(Call {
            global: globals::meaning(object.callee),
            arguments,
            state: object.state,
            items: &object.items,
        })
    }

    /// An allowed name.
    pub(crate) fn global(&self, id: NodeId) -> Option<Global> {
        match self.node(id) {
            Node::Global(position) => Some(globals::meaning(position)),
            _ => None,
        }
    }

    /// A few words on what a node is, to complete "it is ..".
    pub(crate) fn describe(&self, id: NodeId) -> Cow<'static, str> {
        let position = match self.node(id) {
            Node::None => return "None".into(),
            Node::Bool(_) => return "true or false".into(),
            Node::Int(_) | Node::BigInt(_) => return "an integer".into(),
            Node::Float(_) => return "a number".into(),
            Node::Text(_) | Node::OldString(_) => return "text".into(),
            Node::Bytes(_) => return "bytes".into(),
            Node::Tuple { .. } => return "a tuple".into(),
            Node::List(_) => return "a list".into(),
            Node::Dict(_) => return "a dictionary".into(),
            Node::Set(_) => return "a set".into(),
            Node::Persistent(_) => return "a reference to something outside the pickle".into(),
            Node::Global(position) => position,
            Node::Object(object) => self.arena.objects[object as usize].callee,
        };
        match globals::meaning(position) {
            Global::Other(what) => what.into(),
            Global::Set => "a set".into(),
            Global::Mapping => "a dictionary".into(),
            Global::Bytes | Global::ByteArray | Global::Encode => "bytes".into(),
            Global::TorchType(_) => "the name of a type".into(),
            Global::Document => "a document".into(),
            _ => globals::dotted(position).into(),
        }
    }

    /// The dotted name of an allowed name, such as `torch.float16`.
    pub(crate) fn dotted(&self, id: NodeId) -> Option<String> {
        match self.node(id) {
            Node::Global(position) => Some(globals::dotted(position)),
            _ => None,
        }
    }

    /// Bytes in any of the ways pickles write them.
    pub(crate) fn byte_string(&self, id: NodeId) -> Option<text::ByteString<'a>> {
        use text::ByteString::{Latin1, Plain};
        match self.node(id) {
            Node::Bytes(span) | Node::OldString(span) => Some(Plain(self.bytes(span))),
            Node::Object(_) => {
                let call = self.call(id)?;
                match (call.global, call.arguments) {
                    (Global::Bytes | Global::ByteArray, []) => Some(Plain(&[])),
                    (Global::Bytes | Global::ByteArray, [content]) => match self.node(*content) {
                        Node::Bytes(span) => Some(Plain(self.bytes(span))),
                        _ => None,
                    },
                    (Global::Encode | Global::ByteArray, [content, encoding]) => {
                        let latin1 = ["latin1", "latin-1"].contains(&self.text(*encoding)?);
                        self.text(*content).filter(|_| latin1).map(Latin1)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
