//! What a pickle says of a tensor: a storage, and how to walk over it.

use super::legacy::Legacy;
use crate::pickle::{Call, Global, Node, NodeId, Pickle};
use anear_io::ByteOrder;
use anear_types::{Element, Error, Limits, Result};
use std::borrow::Cow;

/// The most axes a tensor may have here.
const MOST_AXES: usize = 64;
/// How deep the wrappers around a tensor may nest.
const MOST_WRAPPERS: usize = 4;

/// A tensor.
#[derive(Debug)]
pub(super) struct Tensor<'a> {
    /// What it lies in.
    pub(super) storage: Storage<'a>,
    /// The type of a component.
    pub(super) element: Element,
    /// The first component, in bytes from the start of the storage.
    pub(super) offset_bytes: usize,
    /// Components along each axis.
    pub(super) shape: Vec<u64>,
    /// Bytes from one component to the next along each axis.
    pub(super) strides: Vec<usize>,
}

/// What a tensor lies in.
#[derive(Debug)]
pub(super) struct Storage<'a> {
    /// Where it is.
    pub(super) place: Place<'a>,
    /// Bytes it claims to have.
    pub(super) bytes: u64,
}

/// Where a storage is.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// Under this key of the file.
    Key(&'a str),
    /// In a torch file of its own inside the pickle: the bytes.
    Embedded(Cow<'a, [u8]>, ByteOrder),
}

/// The tensor a node describes; `None` if it is nothing of the kind. Storages inside the pickle
/// are read only if limits are given for them.
///
/// # Errors
/// If it contradicts itself or is of a kind that is not supported.
pub(super) fn tensor_of<'a>(
    pickle: &Pickle<'a>,
    node: NodeId,
    embedded: Option<&Limits>,
) -> Result<Option<Tensor<'a>>> {
    let mut node = node;
    for _ in 0..MOST_WRAPPERS {
        if let Node::Persistent(id) = pickle.node(node) {
            return whole_storage(pickle, id).map(Some);
        }
        let Some(call) = pickle.call(node) else { return Ok(None) };
        match call.global {
            Global::Tensor | Global::TypedTensor => {
                return rebuilt(pickle, call.global, call.arguments, embedded).map(Some);
            }
            Global::Parameter => match call.arguments {
                [inner, ..] => node = *inner,
                [] => return Err(Error::malformed("a parameter without its tensor")),
            },
            Global::FromType => return from_type(pickle, &call, embedded).map(Some),
            Global::TensorClass => return Err(Error::unsupported("a tensor of an old torch")),
            _ => return Ok(None),
        }
    }
    Err(Error::malformed("a tensor wrapped in itself"))
}

/// `_rebuild_from_type_v2(function, class, arguments, state)`.
fn from_type<'a>(
    pickle: &Pickle<'a>,
    call: &Call<'a>,
    embedded: Option<&Limits>,
) -> Result<Tensor<'a>> {
    let inner = call.arguments.first().and_then(|function| pickle.global(*function));
    let arguments = call.arguments.get(2).and_then(|arguments| pickle.sequence(*arguments));
    match (inner, arguments) {
        (Some(global @ (Global::Tensor | Global::TypedTensor)), Some(arguments)) => {
            rebuilt(pickle, global, arguments, embedded)
        }
        _ => Err(Error::unsupported("a tensor of a class of its own")),
    }
}

/// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`; the typed one has a
/// dtype behind these.
fn rebuilt<'a>(
    pickle: &Pickle<'a>,
    global: Global,
    arguments: &'a [NodeId],
    embedded: Option<&Limits>,
) -> Result<Tensor<'a>> {
    let [storage, offset, size, stride, more @ ..] = arguments else {
        return Err(Error::malformed("a tensor without storage, offset, size and stride"));
    };
    let named = match global {
        Global::TypedTensor => {
            let dtype = more.get(2).copied();
            match dtype.and_then(|dtype| pickle.global(dtype)) {
                Some(Global::TorchType(Some(element))) => Some(element),
                Some(Global::TorchType(None)) => {
                    let name = dtype.and_then(|dtype| pickle.dotted(dtype)).unwrap_or_default();
                    return Err(Error::unsupported(format!("a tensor of type {name}")));
                }
                _ => return Err(Error::malformed("a tensor whose type is no dtype")),
            }
        }
        _ => None,
    };
    let (storage, stored, first) = storage_of(pickle, *storage, named, embedded)?;
    let element = named.or(stored).unwrap_or(Element::U8);
    let shape = sizes(pickle, *size, "the size of a tensor")?;
    let strides = sizes(pickle, *stride, "the stride of a tensor")?;
    let offset = pickle.int(*offset).and_then(|offset| u64::try_from(offset).ok());
    let offset = offset.and_then(|offset| offset.checked_add(first));
    let offset = offset.ok_or_else(|| Error::malformed("a tensor begins before its storage"))?;
    check_extent(element, offset, &shape, &strides, &storage)?;
    let in_bytes = |count: &u64| (*count as usize).saturating_mul(element.bytes());
    Ok(Tensor {
        storage,
        element,
        offset_bytes: in_bytes(&offset),
        strides: strides.iter().map(in_bytes).collect(),
        shape,
    })
}

/// A storage saved by itself: its elements in a row.
fn whole_storage<'a>(pickle: &Pickle<'a>, id: NodeId) -> Result<Tensor<'a>> {
    let (storage, stored, first) = persistent(pickle, id, None)?;
    let element = stored.unwrap_or(Element::U8);
    let size = element.bytes() as u64;
    let (shape, strides) = (vec![storage.bytes / size], vec![1]);
    check_extent(element, first, &shape, &strides, &storage)?;
    let offset_bytes = (first * size) as usize;
    Ok(Tensor { storage, element, offset_bytes, shape, strides: vec![element.bytes()] })
}

/// A storage, its element if its class has one, and where in it a view begins, in elements.
fn storage_of<'a>(
    pickle: &Pickle<'a>,
    node: NodeId,
    named: Option<Element>,
    embedded: Option<&Limits>,
) -> Result<(Storage<'a>, Option<Element>, u64)> {
    if let Node::Persistent(id) = pickle.node(node) {
        return persistent(pickle, id, named);
    }
    let call = pickle.call(node).filter(|call| call.global == Global::LoadFromBytes);
    match (call.map(|call| call.arguments), embedded) {
        (Some([content]), Some(limits)) => storage_inside(pickle, *content, limits),
        _ => Err(Error::malformed(format!("the storage of a tensor is {}", pickle.describe(node)))),
    }
}

/// A torch file inside the pickle that holds nothing but a storage.
fn storage_inside<'a>(
    pickle: &Pickle<'a>,
    content: NodeId,
    limits: &Limits,
) -> Result<(Storage<'a>, Option<Element>, u64)> {
    let content = pickle.byte_string(content);
    let content =
        content.ok_or_else(|| Error::malformed("a storage that is no bytes"))?.decode()?;
    let file = Legacy::parse(&content, limits)?;
    let inner = Pickle::new(&file.arena, &content[file.program.clone()]);
    let Node::Persistent(id) = inner.node(file.root) else {
        return Err(Error::unsupported("a torch file inside a pickle that is no storage"));
    };
    let (claimed, element, first) = persistent(&inner, id, None)?;
    let place = match claimed.place {
        Place::Key(key) => file.storages.get(key).cloned(),
        Place::Embedded(..) => None,
    };
    let place = place.filter(|place| place.len() as u64 >= claimed.bytes);
    let place = place.ok_or_else(|| Error::malformed("a storage that is not in its file"))?;
    let data = match content {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[place]),
        Cow::Owned(bytes) => Cow::Owned(bytes[place].to_vec()),
    };
    let bytes = data.len() as u64;
    Ok((Storage { place: Place::Embedded(data, file.order), bytes }, element, first))
}

/// `('storage', class, key, location, count)`, perhaps with `(key, offset, count)` of a view.
fn persistent<'a>(
    pickle: &Pickle<'a>,
    id: NodeId,
    named: Option<Element>,
) -> Result<(Storage<'a>, Option<Element>, u64)> {
    let Some([kind, class, key, _, count, view @ ..]) = pickle.sequence(id) else {
        return Err(Error::malformed("a reference to a storage that is no tuple of 5 values"));
    };
    if pickle.text(*kind) != Some("storage") {
        return Err(Error::malformed("a reference to something that is no storage"));
    }
    let stored = match pickle.global(*class) {
        Some(Global::Storage(Some(element))) => Some(element),
        Some(Global::UntypedStorage) => None,
        Some(Global::Storage(None)) => {
            let name = pickle.dotted(*class).unwrap_or_default();
            return Err(Error::unsupported(format!("a tensor in a {name}")));
        }
        _ => return Err(Error::malformed("a storage whose class is no storage class")),
    };
    if let (Some(named), Some(stored)) = (named, stored)
        && named.bytes() != stored.bytes()
    {
        return Err(Error::malformed(format!("a tensor of type {named} in a storage of {stored}")));
    }
    let key =
        pickle.text(*key).ok_or_else(|| Error::malformed("the key of a storage is no text"))?;
    let size = stored.map_or(1, Element::bytes) as u64;
    let count = pickle.int(*count).and_then(|count| u64::try_from(count).ok());
    let bytes = count.and_then(|count| count.checked_mul(size));
    let bytes = bytes.ok_or_else(|| Error::malformed("a storage of an impossible size"))?;
    let first = match view.first().and_then(|view| pickle.sequence(*view)) {
        Some([_, offset, _]) => pickle.int(*offset).and_then(|offset| u64::try_from(offset).ok()),
        _ => Some(0),
    };
    let first = first.ok_or_else(|| Error::malformed("a view that begins before its storage"))?;
    Ok((Storage { place: Place::Key(key), bytes }, stored, first))
}

fn sizes(pickle: &Pickle<'_>, node: NodeId, what: &str) -> Result<Vec<u64>> {
    let axes = pickle.sequence(node).filter(|axes| axes.len() <= MOST_AXES);
    let sizes = axes.and_then(|axes| {
        let size = |axis: &NodeId| pickle.int(*axis).and_then(|size| u64::try_from(size).ok());
        axes.iter().map(size).collect()
    });
    sizes.ok_or_else(|| Error::malformed(format!("{what} is no tuple of sizes")))
}

/// Every component must lie in the storage.
fn check_extent(
    element: Element,
    offset: u64,
    shape: &[u64],
    strides: &[u64],
    storage: &Storage<'_>,
) -> Result<()> {
    if shape.len() != strides.len() {
        return Err(Error::malformed(format!(
            "a tensor of shape {shape:?} with strides {strides:?}"
        )));
    }
    let last = shape.iter().zip(strides).try_fold(u128::from(offset), |last, (size, stride)| {
        u128::from(size.saturating_sub(1)).checked_mul(u128::from(*stride))?.checked_add(last)
    });
    let needed = match last {
        _ if shape.contains(&0) => Some(0),
        Some(last) => {
            last.checked_add(1).and_then(|count| count.checked_mul(element.bytes() as u128))
        }
        None => None,
    };
    if needed.is_none_or(|needed| needed > u128::from(storage.bytes)) {
        return Err(Error::malformed(format!(
            "a tensor of shape {shape:?}, strides {strides:?}, type {element} from element {offset} on reaches beyond its storage of {} bytes",
            storage.bytes
        )));
    }
    Ok(())
}
