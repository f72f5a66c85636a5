//! What the values of a data set or an attribute are, out of HDF5's many types.

use anear_io::ByteOrder;
use anear_types::Element;
use hdf5_reader::messages::datatype::{
    Datatype, EnumMember, StringPadding, StringSize, VarLenKind,
};

/// The type of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, or a bool.
    Number(Element, ByteOrder),
    /// Text of this many bytes.
    FixedText {
        /// Bytes of every value.
        bytes: usize,
        /// Whether spaces at the end are padding.
        space_padded: bool,
    },
    /// Text somewhere in a global heap.
    HeapText,
    /// Bytes somewhere in a global heap.
    HeapBytes,
    /// Plain bytes, of which only the writer knows the meaning.
    Opaque {
        /// Bytes of every value.
        bytes: usize,
    },
    /// Anything else, with a clause that says why it is not read.
    Other(&'static str),
}

/// A type, and the axes that every value adds to the shape (HDF5's array types).
pub(super) fn kind_of(datatype: &Datatype) -> (Kind, Vec<u64>) {
    let kind = match datatype {
        Datatype::FixedPoint { size, signed, byte_order } => integer(*size, *signed, *byte_order),
        Datatype::Bitfield { size, byte_order } => integer(*size, false, *byte_order),
        Datatype::FloatingPoint { size, byte_order } => match size {
            1 => Kind::Number(Element::F8E4M3, ByteOrder::NATIVE),
            2 => Kind::Number(Element::F16, order(*byte_order)),
            4 => Kind::Number(Element::F32, order(*byte_order)),
            8 => Kind::Number(Element::F64, order(*byte_order)),
            _ => Kind::Other("its floats are of an unusual size"),
        },
        Datatype::String { size: StringSize::Fixed(bytes), padding, .. } => Kind::FixedText {
            bytes: *bytes as usize,
            space_padded: *padding == StringPadding::SpacePad,
        },
        Datatype::String { size: StringSize::Variable, .. } => Kind::HeapText,
        Datatype::VarLen { kind: VarLenKind::String, .. } => Kind::HeapText,
        Datatype::VarLen { base, .. } => match **base {
            Datatype::FixedPoint { size: 1, signed: false, .. } => Kind::HeapBytes,
            _ => Kind::Other("its rows are of varying length"),
        },
        Datatype::Enum { base, members } => match kind_of(base).0 {
            Kind::Number(Element::I8 | Element::U8, order) if is_bool(members) => {
                Kind::Number(Element::Bool, order)
            }
            number => number,
        },
        Datatype::Array { base, dims } => {
            let (kind, inner) = kind_of(base);
            return (kind, dims.iter().copied().chain(inner).collect());
        }
        Datatype::Opaque { size, .. } => Kind::Opaque { bytes: *size as usize },
        Datatype::Compound { fields, .. } if is_complex(fields) => {
            Kind::Other("it holds complex numbers")
        }
        Datatype::Compound { .. } => Kind::Other("it is a table of compound values"),
        Datatype::Reference { .. } => Kind::Other("it holds references"),
    };
    (kind, Vec::new())
}

/// The float of two bytes or one that this datatype message describes; `None` for one no
/// [`Element`] has. HDF5 spells floats out by the place and size of their parts (File Format
/// Specification 3.0, section IV.A.2.d, class 1).
pub(super) fn small_float(message: &[u8]) -> Option<Element> {
    let parts = message.get(12..20)?;
    let (exponent, mantissa) = ((parts[0], parts[1]), (parts[2], parts[3]));
    let bias = u32::from_le_bytes([parts[4], parts[5], parts[6], parts[7]]);
    match (message[4], exponent, mantissa, bias) {
        (2, (10, 5), (0, 10), 15) => Some(Element::F16),
        (2, (7, 8), (0, 7), 127) => Some(Element::Bf16),
        (1, (3, 4), (0, 3), 7) => Some(Element::F8E4M3),
        (1, (2, 5), (0, 2), 15) => Some(Element::F8E5M2),
        _ => None,
    }
}

fn integer(size: u8, signed: bool, byte_order: hdf5_reader::ByteOrder) -> Kind {
    let element = match (size, signed) {
        (1, true) => Element::I8,
        (1, false) => Element::U8,
        (2, true) => Element::I16,
        (2, false) => Element::U16,
        (4, true) => Element::I32,
        (4, false) => Element::U32,
        (8, true) => Element::I64,
        (8, false) => Element::U64,
        _ => return Kind::Other("its integers are of an unusual size"),
    };
    Kind::Number(element, order(byte_order))
}

fn order(order: hdf5_reader::ByteOrder) -> ByteOrder {
    match order {
        hdf5_reader::ByteOrder::LittleEndian => ByteOrder::Little,
        hdf5_reader::ByteOrder::BigEndian => ByteOrder::Big,
    }
}

/// h5py's bools: an enum of `FALSE` = 0 and `TRUE` = 1.
fn is_bool(members: &[EnumMember]) -> bool {
    let value = |name: &str| {
        let member = members.iter().find(|member| member.name.eq_ignore_ascii_case(name));
        member.and_then(|member| member.value.first().copied())
    };
    members.len() == 2 && value("false") == Some(0) && value("true") == Some(1)
}

/// h5py's complex numbers: a pair of floats `r` and `i`.
fn is_complex(fields: &[hdf5_reader::CompoundField]) -> bool {
    matches!(fields, [real, imaginary] if real.name == "r" && imaginary.name == "i")
}
