//! One metadata value of any kind, in bytes: a tag, then
//!
//! | tag | kind | bytes |
//! | --- | --- | --- |
//! | 0 | null | none |
//! | 1 | bool | 1, zero or one |
//! | 2 | int | 8, i64 |
//! | 3 | real | 8, f64 |
//! | 4 | text | 8, the length in bytes, u64; then UTF-8 |
//! | 5 | blob | 8, the length, u64; then the bytes |

use anear_io::Cursor;
use anear_types::{Error, Result, Value};

pub(super) fn encode(value: &Value, out: &mut Vec<u8>) {
    let joined = |out: &mut Vec<u8>, tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend((bytes.len() as u64).to_le_bytes());
        out.extend(bytes);
    };
    match value {
        Value::Null => out.push(0),
        Value::Bool(value) => out.extend([1, u8::from(*value)]),
        Value::Int(value) => {
            out.push(2);
            out.extend(value.to_le_bytes());
        }
        Value::Real(value) => {
            out.push(3);
            out.extend(value.to_le_bytes());
        }
        Value::Text(text) => joined(out, 4, text.as_bytes()),
        Value::Blob(bytes) => joined(out, 5, bytes),
    }
}

pub(super) fn decode(cursor: &mut Cursor<'_>) -> Result<Value> {
    let joined = |cursor: &mut Cursor<'_>| {
        let length = cursor.u64("a value's length")?;
        cursor.take(length, "a value").map(<[u8]>::to_vec)
    };
    Ok(match cursor.u8("a value's kind")? {
        0 => Value::Null,
        1 => Value::Bool(cursor.u8("a value")? != 0),
        2 => Value::Int(cursor.i64("a value")?),
        3 => Value::Real(cursor.f64("a value")?),
        4 => match String::from_utf8(joined(cursor)?) {
            Ok(text) => Value::text(text),
            Err(_) => return Err(Error::malformed("a text is not UTF-8")),
        },
        5 => Value::Blob(joined(cursor)?.into()),
        tag => return Err(Error::malformed(format!("a value of the unknown kind {tag}"))),
    })
}
