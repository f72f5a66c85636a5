//! Arrays in a pickle: NumPy arrays and scalars, and lists of numbers.
//!
//! NumPy pickles an array in one of two ways. `_reconstruct(ndarray, (0,), b'b')` makes an empty
//! array whose state is (version, shape, dtype, is Fortran order, bytes); protocol 5 has
//! `_frombuffer(bytes, dtype, shape, order)`. A dtype is `dtype('f4', False, True)` with a state
//! (3, byte order, None, None, None, -1, -1, 0), and only that state knows the byte order.
//! Source: NumPy 1.26 and 2.4, seen in their pickles.

use super::globals::Global;
use super::node::{Call, Node, NodeId, Pickle};
use super::text::ByteString;
use anear_io::ByteOrder;
use anear_types::{Element, Error, Limits, Result};

/// The most axes NumPy 2 gives an array.
const MOST_AXES: usize = 64;

/// An array as a pickle describes it.
#[derive(Debug)]
pub(crate) struct PickledArray<'a> {
    /// The type of a component.
    pub(crate) element: Element,
    /// The byte order of the components.
    pub(crate) order: ByteOrder,
    /// Components along each axis.
    pub(crate) shape: Vec<u64>,
    /// Whether the first axis varies fastest.
    pub(crate) fortran: bool,
    /// The components; as many as the shape says.
    pub(crate) data: ArrayBytes<'a>,
}

/// Where the components of an array are.
#[derive(Debug)]
pub(crate) enum ArrayBytes<'a> {
    /// In the pickle.
    Stored(ByteString<'a>),
    /// Gathered from a list of numbers.
    Gathered(Vec<u8>),
}

/// The array a node describes; `None` if it is nothing of the kind.
///
/// # Errors
/// If it contradicts itself, has a type that is not supported, or is ragged.
pub(crate) fn array_of<'a>(
    pickle: &Pickle<'a>,
    node: NodeId,
    limits: &Limits,
) -> Result<Option<PickledArray<'a>>> {
    if let Some(call) = pickle.call(node) {
        return match call.global {
            Global::Reconstruct => reconstructed(pickle, &call).map(Some),
            Global::FromBuffer => from_buffer(pickle, &call).map(Some),
            Global::Scalar => scalar(pickle, &call).map(Some),
            _ => Ok(None),
        };
    }
    match pickle.node(node) {
        Node::List(_) | Node::Tuple { .. } => numbers(pickle, node, limits),
        _ => Ok(None),
    }
}

fn reconstructed<'a>(pickle: &Pickle<'a>, call: &Call<'a>) -> Result<PickledArray<'a>> {
    let is_ndarray = call.arguments.first().and_then(|class| pickle.global(*class));
    if is_ndarray != Some(Global::NdArray) {
        return Err(Error::unsupported("a subclass of numpy.ndarray"));
    }
    let state = call.state.ok_or_else(|| Error::malformed("a NumPy array without its content"))?;
    let (shape, dtype, fortran, data) = match pickle.sequence(state) {
        Some([_, shape, dtype, fortran, data]) | Some([shape, dtype, fortran, data]) => {
            (*shape, *dtype, *fortran, *data)
        }
        _ => return Err(Error::malformed("the state of a NumPy array is no tuple of 5 values")),
    };
    let fortran = match pickle.node(fortran) {
        Node::Bool(fortran) => fortran,
        Node::Int(fortran) => fortran != 0,
        _ => return Err(Error::malformed("the order of a NumPy array is neither true nor false")),
    };
    array(pickle, dtype, shape_of(pickle, shape)?, fortran, data)
}

fn from_buffer<'a>(pickle: &Pickle<'a>, call: &Call<'a>) -> Result<PickledArray<'a>> {
    let [data, dtype, shape, order] = call.arguments else {
        return Err(Error::malformed("numpy's _frombuffer without its 4 arguments"));
    };
    let fortran = match pickle.text(*order) {
        Some("C") => false,
        Some("F") => true,
        _ => return Err(Error::malformed("the order of a NumPy array is neither C nor F")),
    };
    array(pickle, *dtype, shape_of(pickle, *shape)?, fortran, *data)
}

fn scalar<'a>(pickle: &Pickle<'a>, call: &Call<'a>) -> Result<PickledArray<'a>> {
    let [dtype, data] = call.arguments else {
        return Err(Error::malformed("a NumPy scalar without its 2 arguments"));
    };
    array(pickle, *dtype, Vec::new(), false, *data)
}

fn array<'a>(
    pickle: &Pickle<'a>,
    dtype: NodeId,
    shape: Vec<u64>,
    fortran: bool,
    data: NodeId,
) -> Result<PickledArray<'a>> {
    let (element, order) = dtype_of(pickle, dtype)?;
    let data = pickle.byte_string(data).ok_or_else(|| {
        Error::malformed(format!("the content of a NumPy array is {}", pickle.describe(data)))
    })?;
    let count = shape.iter().try_fold(element.bytes() as u64, |size, axis| size.checked_mul(*axis));
    if count != Some(data.len() as u64) {
        return Err(Error::malformed(format!(
            "a NumPy array of shape {shape:?} and type {element} with {} bytes of data",
            data.len()
        )));
    }
    Ok(PickledArray { element, order, shape, fortran, data: ArrayBytes::Stored(data) })
}

fn shape_of(pickle: &Pickle<'_>, shape: NodeId) -> Result<Vec<u64>> {
    let axes = pickle.sequence(shape).filter(|axes| axes.len() <= MOST_AXES);
    let axes = axes.ok_or_else(|| Error::malformed("the shape of a NumPy array is no tuple"))?;
    axes.iter()
        .map(|axis| {
            let length = pickle.int(*axis).and_then(|length| u64::try_from(length).ok());
            length
                .ok_or_else(|| Error::malformed("the shape of a NumPy array is no tuple of sizes"))
        })
        .collect()
}

fn dtype_of(pickle: &Pickle<'_>, dtype: NodeId) -> Result<(Element, ByteOrder)> {
    let call = pickle.call(dtype).filter(|call| call.global == Global::DType);
    let call = call.ok_or_else(|| Error::malformed("the type of a NumPy array is no dtype"))?;
    let name = call.arguments.first().and_then(|name| pickle.text(*name));
    let name = name.ok_or_else(|| Error::malformed("a dtype without a name"))?;
    let (order, plain) = match name.split_at_checked(1) {
        Some((order @ ("<" | ">" | "|" | "="), plain)) => (order, plain),
        _ => ("<", name),
    };
    let element = match plain {
        "b1" | "?" => Element::Bool,
        "i1" => Element::I8,
        "u1" => Element::U8,
        "i2" => Element::I16,
        "u2" => Element::U16,
        "i4" => Element::I32,
        "u4" => Element::U32,
        "i8" => Element::I64,
        "u8" => Element::U64,
        "f2" => Element::F16,
        "f4" => Element::F32,
        "f8" => Element::F64,
        _ => return Err(Error::unsupported(format!("a NumPy array of type '{name}'"))),
    };
    let state = call.state.map(|state| pickle.sequence(state).unwrap_or_default());
    let order = match state {
        None => order,
        Some([_, order, subarray, names, fields, ..])
            if [subarray, names, fields].iter().all(|id| pickle.node(**id) == Node::None) =>
        {
            pickle.text(*order).unwrap_or_default()
        }
        Some(_) => return Err(Error::unsupported("a NumPy array with fields")),
    };
    match order {
        "<" | "|" | "=" => Ok((element, ByteOrder::Little)),
        ">" => Ok((element, ByteOrder::Big)),
        _ => Err(Error::malformed("a dtype of unknown byte order")),
    }
}

/// Nested lists or tuples of numbers, all of the same length; `None` if they hold other things.
fn numbers<'a>(
    pickle: &Pickle<'a>,
    node: NodeId,
    limits: &Limits,
) -> Result<Option<PickledArray<'a>>> {
    let mut shape = Vec::new();
    let mut first = Some(node);
    while let Some(members) = first.and_then(|node| pickle.sequence(node)) {
        if shape.len() >= limits.depth.min(MOST_AXES) {
            return Err(Error::limit(format!("lists nested deeper than {}", shape.len())));
        }
        shape.push(members.len() as u64);
        first = members.first().copied();
    }
    let Some(first) = first else {
        return Ok(Some(PickledArray::gathered(Element::F64, shape, Vec::new())));
    };
    let scalar = match pickle.node(first) {
        Node::Int(_) | Node::Float(_) => None,
        Node::Object(_) => match pickle.call(first) {
            Some(Call { global: Global::Scalar, arguments: [dtype, _], .. }) => {
                let (element, order) = dtype_of(pickle, *dtype)?;
                Some(ScalarType { dtype: *dtype, element, order })
            }
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let element = scalar.map_or(Element::F64, |scalar| scalar.element);
    let mut gather = Gather { pickle, shape: &shape, scalar, limits, out: Vec::new() };
    gather.walk(node, 0)?;
    let out = gather.out;
    let mut gathered = PickledArray::gathered(element, shape, out);
    if let Some(scalar) = scalar {
        gathered.order = scalar.order;
    }
    Ok(Some(gathered))
}

impl PickledArray<'_> {
    fn gathered(element: Element, shape: Vec<u64>, data: Vec<u8>) -> PickledArray<'static> {
        let (order, data) = (ByteOrder::NATIVE, ArrayBytes::Gathered(data));
        PickledArray { element, order, shape, fortran: false, data }
    }
}

/// The type of the NumPy scalars in a list.
#[derive(Clone, Copy)]
struct ScalarType {
    /// Its node; scalars of one list share it.
    dtype: NodeId,
    element: Element,
    order: ByteOrder,
}

/// Collects the numbers of nested lists.
struct Gather<'p, 'a> {
    pickle: &'p Pickle<'a>,
    shape: &'p [u64],
    /// The type of NumPy scalars, if they are that.
    scalar: Option<ScalarType>,
    limits: &'p Limits,
    out: Vec<u8>,
}

impl Gather<'_, '_> {
    /// No deeper than the shape, which is bounded. Lists that share their parts could still give
    /// far more numbers than the pickle has values, so the result is bounded too.
    fn walk(&mut self, node: NodeId, axis: usize) -> Result<()> {
        let Some(expected) = self.shape.get(axis) else { return self.push(node) };
        let Some(members) = self.pickle.sequence(node) else {
            return Err(Error::bad_data(format!(
                "lists of numbers nested {axis} deep in one place and {} in another",
                self.shape.len()
            )));
        };
        if members.len() as u64 != *expected {
            return Err(Error::bad_data(format!(
                "a ragged list: {} numbers in one row, {expected} in another",
                members.len()
            )));
        }
        let most = self.limits.floor_bytes.max(8 * self.pickle.node_count() as u64);
        if self.out.len() as u64 > most {
            return Err(Error::limit("nested lists that stand for far more than they hold"));
        }
        members.iter().try_for_each(|member| self.walk(*member, axis + 1))
    }

    fn push(&mut self, node: NodeId) -> Result<()> {
        if let Some(scalar) = self.scalar {
            return self.push_scalar(node, scalar);
        }
        let value = match self.pickle.node(node) {
            Node::Float(value) => value,
            // Beyond 2^53 an f64 would silently hold another number.
            Node::Int(value) if value.unsigned_abs() <= 1 << 53 => value as f64,
            Node::Int(_) => return Err(Error::unsupported("a list with integers beyond 2^53")),
            _ => {
                return Err(Error::bad_data(format!(
                    "a list of numbers where one is {}",
                    self.pickle.describe(node)
                )));
            }
        };
        self.out.extend_from_slice(&value.to_ne_bytes());
        Ok(())
    }

    fn push_scalar(&mut self, node: NodeId, expected: ScalarType) -> Result<()> {
        let mixed = || Error::unsupported("a list of values of several types");
        let call = self.pickle.call(node).filter(|call| call.global == Global::Scalar);
        let [dtype, data] = call.ok_or_else(mixed)?.arguments else { return Err(mixed()) };
        let same = *dtype == expected.dtype
            || dtype_of(self.pickle, *dtype)? == (expected.element, expected.order);
        let data = self.pickle.byte_string(*data).filter(|_| same).ok_or_else(mixed)?.decode()?;
        if data.len() != expected.element.bytes() {
            return Err(Error::malformed("a NumPy scalar of another size than its type"));
        }
        self.out.extend_from_slice(&data);
        Ok(())
    }
}
