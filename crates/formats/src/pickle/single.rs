//! Single values in a pickle, as metadata has them.

use super::array::{ArrayBytes, array_of};
use super::globals::Global;
use super::node::{Node, NodeId, Pickle};
use super::standard;
use crate::columns::number_kind;
use anear_io::{ByteOrder, swap_bytes};
use anear_types::{ColumnKind, Element, Limits, Value};

/// A single value.
pub(crate) fn single_value(pickle: &Pickle<'_>, node: NodeId) -> Option<Value> {
    match pickle.node(node) {
        Node::None => Some(Value::Null),
        Node::Bool(value) => Some(Value::Bool(value)),
        Node::Int(value) => Some(Value::Int(value)),
        Node::BigInt(_) => {
            let digits = pickle.big_int(node).map(|value| value.to_string());
            Some(Value::text(digits.unwrap_or_else(|| "an integer of more than 128 bits".into())))
        }
        Node::Float(value) => Some(Value::Real(value)),
        Node::Text(span) => Some(Value::text(String::from_utf8_lossy(pickle.bytes(span)))),
        Node::OldString(span) => Some(Value::text(String::from_utf8_lossy(pickle.bytes(span)))),
        Node::Bytes(_) => bytes_value(pickle, node),
        Node::Object(_) => {
            let call = pickle.call(node)?;
            match call.global {
                Global::Encode | Global::Bytes | Global::ByteArray => bytes_value(pickle, node),
                Global::Scalar => numpy_scalar(pickle, node),
                _ => standard::text_of(pickle, &call).map(Value::text),
            }
        }
        _ => None,
    }
}

fn bytes_value(pickle: &Pickle<'_>, node: NodeId) -> Option<Value> {
    let bytes = pickle.byte_string(node)?.decode().ok()?;
    Some(Value::Blob(bytes.into_owned().into()))
}

fn numpy_scalar(pickle: &Pickle<'_>, node: NodeId) -> Option<Value> {
    let array = array_of(pickle, node, &Limits::default()).ok()??;
    let ArrayBytes::Stored(data) = array.data else { return None };
    let mut bytes = data.decode().ok()?.into_owned();
    if array.order != ByteOrder::NATIVE {
        swap_bytes(&mut bytes, array.element.bytes());
    }
    Some(component_value(array.element, &bytes))
}

/// A component as a metadata value; integers beyond an i64 become numbers with a fraction.
pub(crate) fn component_value(element: Element, bytes: &[u8]) -> Value {
    match (element, <[u8; 8]>::try_from(bytes)) {
        (Element::I64, Ok(bytes)) => Value::Int(i64::from_ne_bytes(bytes)),
        (Element::U64, Ok(bytes)) => {
            let number = u64::from_ne_bytes(bytes);
            i64::try_from(number).map_or(Value::Real(number as f64), Value::Int)
        }
        _ => match (number_kind(element), element.read_f64(bytes)) {
            (ColumnKind::Bool, number) => Value::Bool(number != 0.0),
            (ColumnKind::Int, number) => Value::Int(number as i64),
            (_, number) => Value::Real(number),
        },
    }
}
