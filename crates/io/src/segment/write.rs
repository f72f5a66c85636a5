//! Writing a file of sections, one after the other.

use super::layout::{HEADER_BYTES, Section, align, encode_header, encode_table, is_name};
use crate::Output;
use anear_types::{Error, Result};
use crc32fast::Hasher;
use std::io::{BufWriter, Seek, SeekFrom, Write};

/// A file being written: [`begin`](SegmentWriter::begin) a section,
/// [`write`](SegmentWriter::write) its bytes, begin the next, and
/// [`finish`](SegmentWriter::finish). Dropping it before leaves no file.
#[derive(Debug)]
pub struct SegmentWriter {
    output: BufWriter<Output>,
    sections: Vec<Section>,
    checksum: Hasher,
    position: u64,
}

impl SegmentWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn create(output: Output) -> Result<SegmentWriter> {
        let output = BufWriter::new(output);
        let checksum = Hasher::new();
        let mut writer = SegmentWriter { output, sections: Vec::new(), checksum, position: 0 };
        writer.put(&[0; HEADER_BYTES])?;
        Ok(writer)
    }

    /// Begins a section; the one before is complete.
    ///
    /// # Errors
    /// If writing fails.
    ///
    /// # Panics
    /// If the name is not 1 to 32 printable ASCII characters, or was used before.
    pub fn begin(&mut self, name: &str) -> Result<()> {
        assert!(is_name(name.as_bytes()), "{name:?} is no name of a section");
        assert!(self.sections.iter().all(|section| section.name != name), "{name} twice");
        self.complete()?;
        let offset = self.position;
        self.sections.push(Section { name: name.to_owned(), offset, length: 0, checksum: 0 });
        Ok(())
    }

    /// Appends bytes to the section begun last.
    ///
    /// # Errors
    /// If writing fails.
    ///
    /// # Panics
    /// If no section was begun.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let section = self.sections.last_mut().expect("a section was begun");
        section.length += bytes.len() as u64;
        self.checksum.update(bytes);
        self.put(bytes)
    }

    /// Writes the table and the header, syncs the file, gives it its name, and returns its size
    /// in bytes.
    ///
    /// # Errors
    /// If writing fails, or a file of that name appeared meanwhile.
    pub fn finish(mut self) -> Result<u64> {
        self.complete()?;
        let offset = self.position;
        let table = encode_table(&self.sections);
        self.put(&table)?;
        let header = encode_header(&self.sections, &table, offset);
        self.output.seek(SeekFrom::Start(0)).map_err(|source| self.failed(source))?;
        self.put(&header)?;
        let output = self.output.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        output.commit()
    }

    /// Notes the checksum of the section written last, and goes to where the next may begin.
    fn complete(&mut self) -> Result<()> {
        if let Some(section) = self.sections.last_mut() {
            section.checksum = std::mem::take(&mut self.checksum).finalize();
        }
        let next = align(self.position).expect("a file is smaller than 64 bits");
        let zeros = [0; 64];
        self.put(&zeros[..(next - self.position) as usize])
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.output.write_all(bytes).map_err(|source| self.failed(source))?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, source: std::io::Error) -> Error {
        self.output.get_ref().failed(source)
    }
}
