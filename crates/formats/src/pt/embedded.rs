//! A tensor in a pickle of its own, as `pickle.dumps(tensor)` makes it: its storage is a torch
//! file inside the pickle.

use super::tensor::{Place, Tensor, tensor_of};
use crate::pickle::{ArrayBytes, ByteString, NodeId, Pickle, PickledArray};
use crate::shape::array_schema;
use crate::{ArraySource, VectorSource};
use anear_io::ByteOrder;
use anear_types::{Block, Error, Limits, Result};
use std::borrow::Cow;

/// The tensor a node describes; `None` if it is nothing of the kind.
///
/// # Errors
/// If it is damaged, of a kind that is not supported, or absurdly large for the pickle.
pub(crate) fn embedded_tensor<'a>(
    pickle: &Pickle<'a>,
    node: NodeId,
    limits: &Limits,
) -> Result<Option<PickledArray<'a>>> {
    let Some(tensor) = tensor_of(pickle, node, Some(limits))? else { return Ok(None) };
    let Tensor { storage, element, offset_bytes, shape, strides } = tensor;
    let Place::Embedded(data, order) = storage.place else {
        return Err(Error::malformed("a tensor whose storage is in another file"));
    };
    let schema = array_schema(element, &shape, limits, data.len() as u64)?;
    let total = schema.total_bytes();
    let array = |order, data| PickledArray { element, order, shape, fortran: false, data };
    // A copy has no place in the pickle that a template could learn, but reads the same.
    if let Cow::Borrowed(bytes) = &data {
        let bytes = bytes.get(offset_bytes..).unwrap_or_default();
        let source = ArraySource::strided(bytes, schema.clone(), order, strides.clone())?;
        if source.is_contiguous() {
            let bytes = &bytes[..total as usize];
            return Ok(Some(array(order, ArrayBytes::Stored(ByteString::Plain(bytes)))));
        }
    }
    limits.check_expansion("a tensor", total, data.len() as u64)?;
    let bytes = data.get(offset_bytes..).unwrap_or_default();
    let mut source = ArraySource::strided(bytes, schema.clone(), order, strides)?;
    let mut block = Block::new(element, schema.dim, schema.rows as usize);
    source.next_block(&mut block)?;
    let gathered = block.matrix().bytes().to_vec();
    Ok(Some(array(ByteOrder::NATIVE, ArrayBytes::Gathered(gathered))))
}
