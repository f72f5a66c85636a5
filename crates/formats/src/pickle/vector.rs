//! One pickled vector after the other, as databases hold them: fast, because they are alike.

use super::array::{ArrayBytes, PickledArray, array_of};
use super::node::{NodeId, Pickle};
use super::opcode as op;
use super::template::{Located, Template};
use super::text::{ByteString, push_latin1};
use super::{float_list, load};
use crate::pt::embedded_tensor;
use anear_io::ByteOrder;
use anear_types::{Element, Error, Limits, Result};

/// Kinds of pickles that may take turns before the first is learnt anew.
const MOST_TEMPLATES: usize = 4;

/// A vector (or a matrix) from a pickle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PickledVector<'a> {
    /// The type of a component.
    pub(crate) element: Element,
    /// The byte order of `bytes`.
    pub(crate) order: ByteOrder,
    /// Components along each axis.
    pub(crate) shape: &'a [u64],
    /// Whether the first axis varies fastest.
    pub(crate) fortran: bool,
    /// The components.
    pub(crate) bytes: &'a [u8],
}

/// Reads pickled vectors, one call each, and remembers what the last ones looked like.
#[derive(Debug)]
pub(crate) struct VectorDecoder {
    limits: Limits,
    templates: Vec<Template>,
    next_template: usize,
    shape: Vec<u64>,
    scratch: Vec<u8>,
}

/// Whether bytes could be a pickle: an opcode that begins one and one that ends it.
pub(crate) fn looks_like_pickle(bytes: &[u8]) -> bool {
    match bytes {
        [op::PROTO, 0..=5, .., op::STOP] => true,
        // Protocols 0 and 1 begin with a global, a mark or a container.
        [op::GLOBAL, rest @ .., op::STOP] => rest.contains(&b'\n'),
        [op::MARK | op::EMPTY_LIST | op::EMPTY_TUPLE, second, .., op::STOP] => {
            second.is_ascii_graphic()
        }
        _ => false,
    }
}

impl VectorDecoder {
    /// Knows nothing yet.
    pub(crate) fn new(limits: &Limits) -> VectorDecoder {
        VectorDecoder {
            limits: limits.clone(),
            templates: Vec::new(),
            next_template: 0,
            shape: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The vector in a pickle: a NumPy array or scalar, a list or tuple of numbers or NumPy
    /// scalars, lists of the same length of these, or a torch tensor.
    ///
    /// # Errors
    /// If it is damaged, names something that no vector needs, or is something else.
    pub(crate) fn decode<'s>(&'s mut self, blob: &'s [u8]) -> Result<PickledVector<'s>> {
        let scratch = &mut self.scratch;
        let known = self
            .templates
            .iter()
            .enumerate()
            .find_map(|(position, template)| Some((position, template.locate(blob, scratch)?)));
        if let Some((position, located)) = known {
            let bytes = match located {
                Located::InBlob(range) => &blob[range],
                Located::InScratch => &self.scratch,
            };
            return Ok(self.templates[position].vector(bytes));
        }
        self.scratch.clear();
        if float_list::scan(blob, &mut self.scratch) {
            self.shape.clear();
            self.shape.push((self.scratch.len() / size_of::<f64>()) as u64);
            return Ok(self.gathered(Element::F64, ByteOrder::NATIVE));
        }
        self.decode_slowly(blob)
    }

    /// With the machine; learns a template if the data lies in the pickle in one piece.
    fn decode_slowly<'s>(&'s mut self, blob: &'s [u8]) -> Result<PickledVector<'s>> {
        let loaded = load(blob, blob.len() as u64, &self.limits)?;
        let pickle = Pickle::new(&loaded.arena, blob);
        let array = match array_of(&pickle, loaded.root, &self.limits)? {
            None => embedded_tensor(&pickle, loaded.root, &self.limits)?,
            found => found,
        };
        let array = array.ok_or_else(|| not_a_vector(&pickle, loaded.root))?;
        let PickledArray { element, order, shape, fortran, data } = array;
        self.shape = shape;
        let (stored, latin1) = match data {
            ArrayBytes::Gathered(bytes) => {
                self.scratch = bytes;
                return Ok(self.gathered(element, order));
            }
            ArrayBytes::Stored(ByteString::Plain(bytes)) => (bytes, false),
            ArrayBytes::Stored(ByteString::Latin1(text)) => (text.as_bytes(), true),
        };
        // What was unescaped lies in the arena and goes with it.
        let start = stored.as_ptr().addr().wrapping_sub(blob.as_ptr().addr());
        let in_blob = blob.get(start..).and_then(|rest| rest.get(..stored.len()));
        if latin1 || in_blob.is_none() {
            self.scratch.clear();
            match latin1 {
                true => push_latin1(stored, &mut self.scratch)?,
                false => self.scratch.extend_from_slice(stored),
            }
        }
        let bytes = if latin1 { &self.scratch } else { in_blob.unwrap_or(&self.scratch) };
        let vector = PickledVector { element, order, shape: &self.shape, fortran, bytes };
        if in_blob.is_some()
            && let Some(learnt) = Template::learn(blob, start, stored.len(), latin1, &vector)
        {
            if self.templates.len() < MOST_TEMPLATES {
                self.templates.push(learnt);
            } else {
                self.templates[self.next_template] = learnt;
                self.next_template = (self.next_template + 1) % MOST_TEMPLATES;
            }
        }
        Ok(vector)
    }

    fn gathered(&self, element: Element, order: ByteOrder) -> PickledVector<'_> {
        let (shape, bytes) = (&self.shape, &self.scratch);
        PickledVector { element, order, shape, fortran: false, bytes }
    }
}

fn not_a_vector(pickle: &Pickle<'_>, root: NodeId) -> Error {
    Error::bad_data(format!("the pickle holds {}, not a vector", pickle.describe(root)))
}

#[cfg(test)]
mod tests;
