//! Reading fields from bytes nobody vouches for.

use anear_types::{Error, Result};

/// A position in a slice. Every read is checked, and nothing is allocated on a file's word.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, position: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`Malformed`](anear_types::ErrorKind::Malformed) if fewer are left; `what` names the field.
    pub fn take(&mut self, count: u64, what: &str) -> Result<&'a [u8]> {
        match usize::try_from(count) {
            Ok(count) if count <= self.remaining() => {
                let taken = &self.bytes[self.position..self.position + count];
                self.position += count;
                Ok(taken)
            }
            _ => Err(Error::malformed(format!(
                "the file ends inside {what}: {count} bytes expected, {} left",
                self.remaining()
            ))
            .at_offset(self.position as u64)),
        }
    }

    /// The next `SIZE` bytes as an array.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn array<const SIZE: usize>(&mut self, what: &str) -> Result<[u8; SIZE]> {
        let taken = self.take(SIZE as u64, what)?;
        Ok(taken.try_into().expect("take returns what was asked for"))
    }

    /// A byte.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn u8(&mut self, what: &str) -> Result<u8> {
        Ok(self.array::<1>(what)?[0])
    }

    /// A little-endian u16.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn u16(&mut self, what: &str) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    /// A little-endian u32.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    /// A little-endian i32.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn i32(&mut self, what: &str) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array(what)?))
    }

    /// A little-endian u64.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn u64(&mut self, what: &str) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// A little-endian i64.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn i64(&mut self, what: &str) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array(what)?))
    }

    /// A little-endian f64.
    ///
    /// # Errors
    /// As for [`take`](Cursor::take).
    pub fn f64(&mut self, what: &str) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array(what)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_end_is_an_error_not_an_allocation() {
        let mut cursor = Cursor::new(&[1, 0, 0, 0, 9]);
        assert_eq!(cursor.u32("count").unwrap(), 1);
        let error = cursor.take(u64::MAX, "name").unwrap_err();
        assert!(error.to_string().contains("name"), "{error}");
        assert_eq!(cursor.u8("last").unwrap(), 9);
        assert!(cursor.u8("more").is_err());
    }
}
