//! Writing pickles that Python opens: NumPy arrays, and the plain values beside a tensor.

use super::opcode as op;
use anear_io::ByteOrder;
use anear_types::{Element, Error, Result, Value};

/// Most members that Python's own writer adds to a list at once.
pub(crate) const BATCH: usize = 1000;

/// Writes opcodes of protocol 2, with bytes as protocol 3 has them only where asked for.
#[derive(Debug, Default)]
pub(crate) struct PickleWriter {
    bytes: Vec<u8>,
}

impl PickleWriter {
    /// Begins a pickle.
    pub(crate) fn new(protocol: u8) -> PickleWriter {
        PickleWriter { bytes: vec![op::PROTO, protocol] }
    }

    /// An opcode without an argument.
    pub(crate) fn op(&mut self, opcode: u8) -> &mut PickleWriter {
        self.bytes.push(opcode);
        self
    }

    /// A name of a module.
    pub(crate) fn global(&mut self, module: &str, name: &str) -> &mut PickleWriter {
        self.op(op::GLOBAL);
        self.bytes.extend_from_slice(format!("{module}\n{name}\n").as_bytes());
        self
    }

    /// Text.
    ///
    /// # Errors
    /// If it is longer than 4 GiB.
    pub(crate) fn text(&mut self, text: &str) -> Result<&mut PickleWriter> {
        self.op(op::BINUNICODE);
        self.bytes.extend_from_slice(&count(text.len())?);
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(self)
    }

    /// True or false.
    pub(crate) fn bool(&mut self, value: bool) -> &mut PickleWriter {
        self.op(if value { op::NEWTRUE } else { op::NEWFALSE })
    }

    /// An integer, as short as possible.
    pub(crate) fn int(&mut self, value: i64) -> &mut PickleWriter {
        match value {
            0..=0xff => self.bytes.extend_from_slice(&[op::BININT1, value as u8]),
            0x100..=0xffff => {
                self.op(op::BININT2).bytes.extend_from_slice(&(value as u16).to_le_bytes());
            }
            _ if i32::try_from(value).is_ok() => {
                self.op(op::BININT).bytes.extend_from_slice(&(value as i32).to_le_bytes());
            }
            _ => {
                self.bytes.extend_from_slice(&[op::LONG1, size_of::<i64>() as u8]);
                self.bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
        self
    }

    /// A number.
    pub(crate) fn real(&mut self, value: f64) -> &mut PickleWriter {
        self.op(op::BINFLOAT).bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Bytes, as protocol 2 has them: text that is to be encoded.
    ///
    /// # Errors
    /// If they are longer than 4 GiB.
    pub(crate) fn encoded_bytes(&mut self, bytes: &[u8]) -> Result<&mut PickleWriter> {
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        self.global("_codecs", "encode").text(&text)?.text("latin1")?;
        Ok(self.op(op::TUPLE2).op(op::REDUCE))
    }

    /// Any metadata value.
    ///
    /// # Errors
    /// If it is longer than 4 GiB.
    pub(crate) fn value(&mut self, value: &Value) -> Result<&mut PickleWriter> {
        match value {
            Value::Null => Ok(self.op(op::NONE)),
            Value::Bool(value) => Ok(self.bool(*value)),
            Value::Int(value) => Ok(self.int(*value)),
            Value::Real(value) => Ok(self.real(*value)),
            Value::Text(value) => self.text(value),
            Value::Blob(value) => self.encoded_bytes(value),
        }
    }

    /// What was written so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what was written, keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }
}

fn count(length: usize) -> Result<[u8; 4]> {
    let length = u32::try_from(length);
    Ok(length.map_err(|_| Error::unsupported("a value longer than 4 GiB"))?.to_le_bytes())
}

/// Writes vectors of one type and dimension as pickled one-dimensional NumPy arrays.
///
/// Protocol 3, because every Python 3 reads it, and `numpy.core.multiarray`, because NumPy 1 has
/// no other name for it and NumPy 2 keeps that one for old pickles.
#[derive(Debug)]
pub(crate) struct ArrayPickler {
    before: Vec<u8>,
    data_bytes: usize,
}

/// What follows the data: the end of the state, the state given, the end.
const AFTER_DATA: &[u8] = &[op::TUPLE, op::BUILD, op::STOP];

impl ArrayPickler {
    /// For vectors of `dim` components of a type that NumPy has.
    ///
    /// # Errors
    /// If NumPy has no such type, or a vector is longer than 4 GiB.
    pub(crate) fn new(element: Element, dim: usize) -> Result<ArrayPickler> {
        let name = match element {
            Element::Bool => "b1",
            Element::I8 => "i1",
            Element::U8 => "u1",
            Element::I16 => "i2",
            Element::U16 => "u2",
            Element::I32 => "i4",
            Element::U32 => "u4",
            Element::I64 => "i8",
            Element::U64 => "u8",
            Element::F16 => "f2",
            Element::F32 => "f4",
            Element::F64 => "f8",
            Element::Bf16 | Element::F8E4M3 | Element::F8E5M2 => {
                return Err(Error::unsupported(format!("NumPy has no type {element}")));
            }
        };
        let order = match ByteOrder::NATIVE {
            _ if element.bytes() == 1 => "|",
            ByteOrder::Little => "<",
            ByteOrder::Big => ">",
        };
        let data_bytes = dim * element.bytes();
        let mut writer = PickleWriter::new(3);
        writer.global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray");
        writer.int(0).op(op::TUPLE1);
        writer.bytes.extend_from_slice(&[op::SHORT_BINBYTES, 1, b'b']);
        writer.op(op::TUPLE3).op(op::REDUCE);
        writer.op(op::MARK).int(1).int(dim as i64).op(op::TUPLE1);
        writer.global("numpy", "dtype").text(name)?.bool(false).bool(true);
        writer.op(op::TUPLE3).op(op::REDUCE);
        writer.op(op::MARK).int(3).text(order)?.op(op::NONE).op(op::NONE).op(op::NONE);
        writer.int(-1).int(-1).int(0).op(op::TUPLE).op(op::BUILD).bool(false);
        writer.op(op::BINBYTES).bytes.extend_from_slice(&count(data_bytes)?);
        Ok(ArrayPickler { before: writer.bytes, data_bytes })
    }

    /// The pickle of one vector, given its native-endian bytes, in place of what `out` holds.
    ///
    /// # Panics
    /// If the vector has another dimension.
    pub(crate) fn pickle(&self, vector: &[u8], out: &mut Vec<u8>) {
        assert_eq!(vector.len(), self.data_bytes);
        out.clear();
        out.extend_from_slice(&self.before);
        out.extend_from_slice(vector);
        out.extend_from_slice(AFTER_DATA);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::{Node, Pickle, VectorDecoder, load};
    use anear_types::Limits;

    #[test]
    fn arrays_come_back() {
        let limits = Limits::default();
        let vector: Vec<u8> = [0.5f32, -1.0, f32::MAX, 1e-40, 2.0].map(f32::to_ne_bytes).concat();
        let pickler = ArrayPickler::new(Element::F32, 5).unwrap();
        let mut out = Vec::new();
        let mut decoder = VectorDecoder::new(&limits);
        for _ in 0..3 {
            pickler.pickle(&vector, &mut out);
            let read = decoder.decode(&out).unwrap();
            assert_eq!(
                (read.element, read.shape, read.bytes),
                (Element::F32, &[5][..], &vector[..])
            );
        }
        assert!(ArrayPickler::new(Element::Bf16, 5).is_err());
    }

    #[test]
    fn values_come_back() {
        let limits = Limits::default();
        for value in [0, 255, 256, 65_535, 65_536, -1, i64::from(i32::MIN), i64::MAX, i64::MIN] {
            let mut writer = PickleWriter::new(2);
            writer.int(value).op(op::STOP);
            let loaded = load(writer.bytes(), 9, &limits).unwrap();
            assert_eq!(Pickle::new(&loaded.arena, writer.bytes()).int(loaded.root), Some(value));
        }
        let mut writer = PickleWriter::new(2);
        writer.value(&Value::Blob([0, 127, 128, 255].into())).unwrap().op(op::STOP);
        let loaded = load(writer.bytes(), 9, &limits).unwrap();
        let pickle = Pickle::new(&loaded.arena, writer.bytes());
        let bytes = pickle.byte_string(loaded.root).unwrap().decode().unwrap();
        assert_eq!(*bytes, [0, 127, 128, 255]);
        assert!(matches!(pickle.node(loaded.root), Node::Object(_)));
    }
}
