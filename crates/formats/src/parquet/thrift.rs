//! Just enough of Thrift's compact protocol to look at Parquet's headers before the library
//! decodes them.
//!
//! Source: the protocol's specification (apache/thrift, `doc/specs/thrift-compact-protocol.md`).
//! Nothing is allocated here, every loop step takes at least one byte, and nesting is bounded, so
//! a walk is linear in the bytes walked.

use anear_io::Cursor;
use anear_types::{Error, Result};

/// Types of fields and list elements; booleans of fields carry their value in the type.
pub(super) mod kind {
    pub(in super::super) const TRUE: u8 = 1;
    pub(in super::super) const FALSE: u8 = 2;
    pub(in super::super) const I32: u8 = 5;
    pub(in super::super) const BINARY: u8 = 8;
    pub(in super::super) const LIST: u8 = 9;
    pub(in super::super) const STRUCT: u8 = 12;
}

/// How deep values may nest; Parquet's own structures stay below ten.
const MAX_DEPTH: usize = 32;

/// A position in a Thrift message.
pub(super) struct Thrift<'a> {
    cursor: Cursor<'a>,
    what: &'a str,
}

impl<'a> Thrift<'a> {
    /// Starts at the first byte; `what` names the message in errors.
    pub(super) fn new(bytes: &'a [u8], what: &'a str) -> Thrift<'a> {
        Thrift { cursor: Cursor::new(bytes), what }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.cursor.position()
    }

    /// Bytes not read yet.
    pub(super) fn remaining(&self) -> u64 {
        self.cursor.remaining() as u64
    }

    fn broken(&self, problem: &str) -> Error {
        let what = self.what;
        Error::malformed(format!("{what}: {problem}")).at_offset(self.position() as u64)
    }

    /// An unsigned number of up to ten bytes.
    fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.cursor.u8(self.what)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.broken("a number takes more than ten bytes"))
    }

    fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A 32-bit number.
    pub(super) fn i32(&mut self) -> Result<i32> {
        let value = self.zigzag()?;
        i32::try_from(value).map_err(|_| self.broken("a number does not fit 32 bits"))
    }

    /// Raw bytes.
    pub(super) fn binary(&mut self) -> Result<&'a [u8]> {
        let length = self.varint()?;
        self.cursor.take(length, self.what)
    }

    /// The next field of a struct as id and type; `None` at its end. `id` is the previous one, 0
    /// at first.
    pub(super) fn field(&mut self, id: &mut i64) -> Result<Option<(i64, u8)>> {
        let byte = self.cursor.u8(self.what)?;
        if byte & 0xf == 0 {
            return Ok(None);
        }
        *id = match byte >> 4 {
            0 => self.zigzag()?,
            delta => *id + i64::from(delta),
        };
        if i16::try_from(*id).is_err() {
            return Err(self.broken("a field number does not fit 16 bits"));
        }
        Ok(Some((*id, byte & 0xf)))
    }

    /// The head of a list as element type and count.
    pub(super) fn list(&mut self) -> Result<(u8, u64)> {
        let byte = self.cursor.u8(self.what)?;
        let count = match byte >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        if count > self.remaining() {
            return Err(self.broken("a list is longer than what is left of the file"));
        }
        Ok((byte & 0xf, count))
    }

    /// Checks that a field has the type its number asks for.
    pub(super) fn expect(&self, found: u8, expected: u8) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        Err(self.broken(&format!("a field has type {found} where {expected} is expected")))
    }

    /// Passes over the value of a struct's field.
    pub(super) fn skip(&mut self, kind: u8) -> Result<()> {
        match kind {
            kind::TRUE | kind::FALSE => Ok(()),
            _ => self.skip_value(kind, 0),
        }
    }

    /// Passes over a list element (there booleans take a byte).
    pub(super) fn skip_value(&mut self, kind: u8, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(self.broken("values nest too deeply"));
        }
        match kind {
            1..=3 => self.cursor.u8(self.what).map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.cursor.take(8, self.what).map(drop),
            kind::BINARY => self.binary().map(drop),
            kind::LIST | 10 => {
                let (element, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_value(element, depth + 1))
            }
            11 => self.skip_map(depth),
            kind::STRUCT => {
                let mut id = 0;
                while let Some((_, kind)) = self.field(&mut id)? {
                    if kind != kind::TRUE && kind != kind::FALSE {
                        self.skip_value(kind, depth + 1)?;
                    }
                }
                Ok(())
            }
            13 => self.cursor.take(16, self.what).map(drop),
            _ => Err(self.broken(&format!("there is no value type {kind}"))),
        }
    }

    fn skip_map(&mut self, depth: usize) -> Result<()> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.cursor.u8(self.what)?;
        for _ in 0..count {
            self.skip_value(kinds >> 4, depth + 1)?;
            self.skip_value(kinds & 0xf, depth + 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_walked_to_its_end() {
        // 1: i32 = -2, 2: list<i32> [1, 2], 20: bool true, 21: binary "ab", stop; one byte more
        let bytes = [0x15, 3, 0x19, 0x25, 2, 4, 0x01, 40, 0x18, 2, b'a', b'b', 0, 9];
        let mut thrift = Thrift::new(&bytes, "test");
        let mut id = 0;
        assert_eq!(thrift.field(&mut id).unwrap(), Some((1, kind::I32)));
        assert_eq!(thrift.i32().unwrap(), -2);
        let mut seen = vec![];
        while let Some((id, kind)) = thrift.field(&mut id).unwrap() {
            seen.push(id);
            thrift.skip(kind).unwrap();
        }
        assert_eq!(seen, [2, 20, 21]);
        assert_eq!(thrift.remaining(), 1);
    }

    #[test]
    fn hostile_messages_end_in_errors() {
        let deep = [kind::STRUCT | 0x10; 200];
        assert!(Thrift::new(&deep, "deep").skip_value(kind::STRUCT, 0).is_err());
        let long_list = [0xf5, 0xff, 0xff, 0xff, 0x7f];
        assert!(Thrift::new(&long_list, "long").list().is_err());
        assert!(Thrift::new(&[0xff; 11], "number").varint().is_err());
        assert!(Thrift::new(&[0x7e], "unknown type").skip_value(14, 0).is_err());
    }
}
