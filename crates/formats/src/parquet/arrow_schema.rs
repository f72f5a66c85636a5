//! The value of the footer key `ARROW:schema`: an Arrow schema message in Base64.
//!
//! Without it a fixed-size list reads back as a plain list. The message is a FlatBuffer with a
//! frame of eight bytes; sources: apache/arrow, `format/Schema.fbs` and `format/Message.fbs`, and
//! the FlatBuffers page on internals. A FlatBuffer is written here front to back: each table gets
//! a slot of eight bytes a field, larger than need be but always aligned, and an offset is filled
//! in when what it points to has been written.

use anear_types::{ColumnInfo, ColumnKind, Element};
use parquet::file::metadata::KeyValue;

/// The schema of a table: metadata columns, then one column of vectors. `notes` are repeated in it,
/// because Arrow's readers take them from here once there is a schema.
pub(super) fn arrow_schema(
    columns: &[ColumnInfo],
    vectors: &str,
    element: Element,
    dim: i32,
    notes: &[KeyValue],
) -> String {
    let mut buffer = Buffer::default();
    let root = buffer.reserve_offset();
    buffer.reserve_offset(); // keeps tables aligned to eight bytes
    // Message: version V5 = 4, header type Schema = 1, header, body length
    let message = buffer.table(&[Slot::Number(4, 2), Slot::Number(1, 1), Slot::Offset]);
    buffer.point(root, message);
    // Schema: endianness little = 0, fields, custom metadata
    let metadata = if notes.is_empty() { Slot::Absent } else { Slot::Offset };
    let schema = buffer.table(&[Slot::Number(0, 2), Slot::Offset, metadata]);
    buffer.point(slot(message, 2), schema);
    let fields = buffer.vector(columns.len() + 1);
    buffer.point(slot(schema, 1), fields[0] - 4);
    for (column, offset) in columns.iter().zip(&fields) {
        let (kind, numbers) = metadata_type(column.kind);
        let field = buffer.field(&column.name, true, kind, &numbers, 0);
        buffer.point(*offset, field);
    }
    let list = buffer.field(vectors, false, FIXED_SIZE_LIST, &[Slot::Number(dim.into(), 4)], 1);
    buffer.point(fields[columns.len()], list);
    let (kind, numbers) = element_type(element);
    let children = buffer.vector(1);
    buffer.point(slot(list, CHILDREN), children[0] - 4);
    let child = buffer.field("element", false, kind, &numbers, 0);
    buffer.point(children[0], child);
    if !notes.is_empty() {
        let offsets = buffer.vector(notes.len());
        buffer.point(slot(schema, 2), offsets[0] - 4);
        for (note, offset) in notes.iter().zip(offsets) {
            let pair = buffer.table(&[Slot::Offset, Slot::Offset]);
            buffer.point(offset, pair);
            let key = buffer.string(&note.key);
            buffer.point(slot(pair, 0), key);
            let value = buffer.string(note.value.as_deref().unwrap_or_default());
            buffer.point(slot(pair, 1), value);
        }
    }
    base64(&buffer.framed())
}

// Members of the union `Type`.
const INT: u8 = 2;
const FLOATING_POINT: u8 = 3;
const BINARY: u8 = 4;
const UTF8: u8 = 5;
const BOOL: u8 = 6;
const FIXED_SIZE_LIST: u8 = 16;
/// The position of `children` in the table `Field`.
const CHILDREN: usize = 5;

fn metadata_type(kind: ColumnKind) -> (u8, Vec<Slot>) {
    match kind {
        ColumnKind::Bool => (BOOL, Vec::new()),
        ColumnKind::Int => (INT, integer(64, true)),
        ColumnKind::Real => (FLOATING_POINT, vec![Slot::Number(2, 2)]),
        ColumnKind::Blob => (BINARY, Vec::new()),
        ColumnKind::Text | ColumnKind::Mixed => (UTF8, Vec::new()),
    }
}

fn element_type(element: Element) -> (u8, Vec<Slot>) {
    let bits = element.bytes() as u8 * 8;
    match element {
        Element::Bool => (BOOL, Vec::new()),
        // The precision: half, single, double
        Element::F16 => (FLOATING_POINT, vec![Slot::Number(0, 2)]),
        Element::F32 => (FLOATING_POINT, vec![Slot::Number(1, 2)]),
        Element::F64 => (FLOATING_POINT, vec![Slot::Number(2, 2)]),
        Element::I8 | Element::I16 | Element::I32 | Element::I64 => (INT, integer(bits, true)),
        _ => (INT, integer(bits, false)),
    }
}

fn integer(bits: u8, is_signed: bool) -> Vec<Slot> {
    vec![Slot::Number(bits.into(), 4), Slot::Number(is_signed.into(), 1)]
}

/// A field of a table.
#[derive(Clone, Copy)]
enum Slot {
    /// Left out: its default.
    Absent,
    /// A number of so many bytes.
    Number(i64, usize),
    /// Filled in by [`Buffer::point`].
    Offset,
}

/// Where the field at `position` of a table is.
fn slot(table: usize, position: usize) -> usize {
    table + 8 + 8 * position
}

/// A FlatBuffer that grows at its end.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl Buffer {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn reserve_offset(&mut self) -> usize {
        self.align(4);
        self.0.extend_from_slice(&[0; 4]);
        self.0.len() - 4
    }

    /// Makes the offset at `from` point to `to`, which lies behind it.
    fn point(&mut self, from: usize, to: usize) {
        self.0[from..from + 4].copy_from_slice(&((to - from) as u32).to_le_bytes());
    }

    /// A table behind its own vtable; returns where it begins.
    fn table(&mut self, slots: &[Slot]) -> usize {
        self.align(8);
        let vtable = self.0.len();
        let table_bytes = 8 + 8 * slots.len();
        self.u16(4 + 2 * slots.len());
        self.u16(table_bytes);
        for (position, field) in slots.iter().enumerate() {
            let is_absent = matches!(field, Slot::Absent);
            self.u16(if is_absent { 0 } else { slot(0, position) });
        }
        self.align(8);
        let table = self.0.len();
        self.0.resize(table + table_bytes, 0);
        self.0[table..table + 4].copy_from_slice(&((table - vtable) as i32).to_le_bytes());
        for (position, field) in slots.iter().enumerate() {
            if let Slot::Number(number, bytes) = field {
                let start = slot(table, position);
                self.0[start..start + bytes].copy_from_slice(&number.to_le_bytes()[..*bytes]);
            }
        }
        table
    }

    fn u16(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u16).to_le_bytes());
    }

    /// A vector of offsets, at least one; returns where each of them is.
    fn vector(&mut self, length: usize) -> Vec<usize> {
        self.align(4);
        self.0.extend_from_slice(&(length as u32).to_le_bytes());
        (0..length).map(|_| self.reserve_offset()).collect()
    }

    fn string(&mut self, text: &str) -> usize {
        self.align(4);
        let start = self.0.len();
        self.0.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        start
    }

    /// A `Field` with its name and type. Children come later, but their vector must be there, if
    /// empty.
    fn field(
        &mut self,
        name: &str,
        is_nullable: bool,
        kind: u8,
        numbers: &[Slot],
        children: usize,
    ) -> usize {
        // name, nullable, type_type, type, dictionary, children
        let field = self.table(&[
            Slot::Offset,
            Slot::Number(is_nullable.into(), 1),
            Slot::Number(kind.into(), 1),
            Slot::Offset,
            Slot::Absent,
            Slot::Offset,
        ]);
        let name = self.string(name);
        self.point(slot(field, 0), name);
        let kind = self.table(numbers);
        self.point(slot(field, 3), kind);
        if children == 0 {
            self.align(4);
            let empty = self.0.len();
            self.0.extend_from_slice(&[0; 4]);
            self.point(slot(field, CHILDREN), empty);
        }
        field
    }

    /// The message with its frame: a marker, the length, the buffer padded to eight bytes.
    fn framed(mut self) -> Vec<u8> {
        self.align(8);
        let mut framed = vec![0xff; 4];
        framed.extend_from_slice(&(self.0.len() as u32).to_le_bytes());
        framed.append(&mut self.0);
        framed
    }
}

/// Standard Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for position in 0..4 {
            let digit = (word >> (18 - 6 * position)) & 63;
            let is_padding = position > chunk.len();
            text.push(if is_padding { '=' } else { char::from(ALPHABET[digit as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn offsets_point_forward_and_stay_inside() {
        let mut buffer = Buffer::default();
        let root = buffer.reserve_offset();
        buffer.reserve_offset();
        let field = buffer.field("name", true, INT, &integer(64, true), 0);
        buffer.point(root, field);
        assert_eq!(field % 8, 0);
        let name = slot(field, 0);
        let to = u32::from_le_bytes(buffer.0[name..name + 4].try_into().unwrap()) as usize;
        assert_eq!(&buffer.0[name + to + 4..name + to + 9], b"name\0");
        assert!(buffer.framed().len().is_multiple_of(8));
    }
}
