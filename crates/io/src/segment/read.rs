//! Reading a file of sections.

use super::layout::{HEADER_BYTES, Section, parse};
use crate::Input;
use anear_types::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;

/// Sections up to this length are checked when the file is opened.
const SMALL_BYTES: u64 = 64 << 10;

/// An open file of sections.
#[derive(Debug)]
pub struct Segment {
    input: Input,
    sections: Vec<Section>,
    by_name: HashMap<String, usize>,
}

impl Segment {
    /// Opens a file: checks its header, the table and the checksums of small sections.
    ///
    /// # Errors
    /// [`Malformed`](anear_types::ErrorKind::Malformed) if anything does not fit together,
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if the file is of a newer version.
    pub fn open(input: Input) -> Result<Segment> {
        let sections = parse(input.bytes()).map_err(|error| error.at_path(input.path()))?;
        let names = sections.iter().enumerate();
        let by_name = names.map(|(position, section)| (section.name.clone(), position)).collect();
        let segment = Segment { input, sections, by_name };
        for section in segment.sections.iter().filter(|section| section.length <= SMALL_BYTES) {
            segment.verify_section(section)?;
        }
        Ok(segment)
    }

    /// The file.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// All sections, in file order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Where the section of this name lies in the file, if there is one.
    pub fn range(&self, name: &str) -> Option<Range<usize>> {
        let section = &self.sections[*self.by_name.get(name)?];
        Some(section.offset as usize..(section.offset + section.length) as usize)
    }

    /// The bytes of the section of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.range(name).map(|range| &self.input.bytes()[range])
    }

    /// The bytes of a section that must be there.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn require(&self, name: &str) -> Result<&[u8]> {
        self.get(name).ok_or_else(|| {
            let what = format!("there is no section {name}");
            Error::malformed(what).at_path(self.input.path())
        })
    }

    /// Reads the whole file and compares every checksum.
    ///
    /// # Errors
    /// [`Malformed`](anear_types::ErrorKind::Malformed) with the first section that is damaged.
    pub fn verify(&self) -> Result<()> {
        let mut end = HEADER_BYTES;
        for section in &self.sections {
            self.verify_zeros(end..section.offset as usize)?;
            self.verify_section(section)?;
            end = (section.offset + section.length) as usize;
        }
        let table = end.next_multiple_of(64);
        self.verify_zeros(end..table)
    }

    fn verify_section(&self, section: &Section) -> Result<()> {
        let bytes = self.require(&section.name)?;
        if crc32fast::hash(bytes) == section.checksum {
            return Ok(());
        }
        let what = format!("section {} is damaged: its checksum is another", section.name);
        Err(Error::malformed(what).at_offset(section.offset).at_path(self.input.path()))
    }

    fn verify_zeros(&self, gap: Range<usize>) -> Result<()> {
        match self.input.bytes()[gap.clone()].iter().position(|byte| *byte != 0) {
            None => Ok(()),
            Some(position) => Err(Error::malformed("there is something between two sections")
                .at_offset((gap.start + position) as u64)
                .at_path(self.input.path())),
        }
    }
}
