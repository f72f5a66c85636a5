//! Python pickles, read without running anything.
//!
//! A pickle is a small program for a stack machine; Python's own reader lets it import and call
//! whatever it names. Here a pickle only ever builds a tree: [`load`] turns the program into an
//! [`Arena`] of nodes, where a call is a node that names its callee ([`Node::Object`]), and a
//! callee that is not in the list of [`globals`] is an error. What the calls mean is decided
//! afterwards by readers of the tree: [`array`] for NumPy arrays and lists of numbers,
//! [`VectorDecoder`] for one pickled vector after the other, [`single_value`] and [`json_text`] for
//! metadata, and the readers of PyTorch files and of LangChain's documents.
//!
//! The arena is flat: neither reading nor dropping it recurses, however deep the pickle nests.
//! It may contain cycles and shared parts, so whoever walks it bounds depth and steps.
#![cfg_attr(not(feature = "sqlite"), allow(dead_code, unused_imports))] // databases use it all

mod array;
mod float_list;
mod globals;
mod json;
mod machine;
mod node;
pub(crate) mod opcode;
mod single;
mod standard;
mod template;
mod text;
mod vector;
mod writer;

pub(crate) use array::{ArrayBytes, PickledArray, array_of};
pub(crate) use globals::Global;
pub(crate) use json::{json_text, key_text};
pub(crate) use machine::{Loaded, load};
pub(crate) use node::{Arena, Call, Node, NodeId, Pickle};
pub(crate) use single::{component_value, single_value};
pub(crate) use text::ByteString;
pub(crate) use vector::{VectorDecoder, looks_like_pickle};
pub(crate) use writer::{ArrayPickler, BATCH, PickleWriter};
