use super::layout::{HEADER_BYTES, NAME_BYTES, RECORD_BYTES, encode_header, encode_table};
use super::*;
use crate::{Input, Output};
use anear_types::{Error, ErrorKind, Result};

/// Lengths on both sides of the alignment, and one that is too long to be checked on opening.
const SECTIONS: [(&str, usize); 6] =
    [("about", 7), ("rows", 640), ("empty", 0), ("column.0.ends", 64), ("a", 65), ("big", 70_000)];

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|position| (position * 31 + 7) as u8).collect()
}

fn file() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let mut writer = SegmentWriter::create(Output::create(&path, false).unwrap()).unwrap();
    for (name, length) in SECTIONS {
        writer.begin(name).unwrap();
        let content = content(length);
        let (first, second) = content.split_at(length / 3);
        writer.write(first).unwrap();
        writer.write(second).unwrap();
    }
    let bytes = writer.finish().unwrap();
    let file = std::fs::read(path).unwrap();
    assert_eq!(bytes, file.len() as u64);
    file
}

fn open(bytes: &[u8]) -> Result<Segment> {
    Segment::open(Input::from_bytes("x.anx", bytes.to_vec()))
}

#[test]
fn sections_come_back_aligned_and_in_order() {
    let segment = open(&file()).unwrap();
    segment.verify().unwrap();
    let names: Vec<&str> = segment.sections().iter().map(|section| &*section.name).collect();
    assert_eq!(names, SECTIONS.map(|(name, _)| name));
    for (name, length) in SECTIONS {
        assert_eq!(segment.get(name).unwrap(), content(length), "{name}");
        assert!(segment.range(name).unwrap().start.is_multiple_of(64), "{name}");
    }
    assert_eq!(segment.get("other"), None);
    assert_eq!(segment.require("other").unwrap_err().kind(), ErrorKind::Malformed);
}

#[test]
fn a_file_without_sections_is_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let writer = SegmentWriter::create(Output::create(&path, false).unwrap()).unwrap();
    assert!(!path.exists());
    assert_eq!(writer.finish().unwrap(), HEADER_BYTES as u64);
    assert!(Segment::open(Input::open(&path).unwrap()).unwrap().sections().is_empty());
}

#[test]
fn a_file_cut_anywhere_or_longer_is_an_error() {
    let bytes = file();
    for length in 0..bytes.len() {
        let error = open(&bytes[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{length}: {error}");
    }
    assert!(open(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn every_changed_byte_is_found() {
    let bytes = file();
    let big = open(&bytes).unwrap().range("big").unwrap();
    // One in the middle of much is like another.
    let few = |position: &usize| {
        !(big.start + 99..big.end - 99).contains(position) || position.is_multiple_of(997)
    };
    for position in (0..bytes.len()).filter(few) {
        for flip in [1, 0x80] {
            let mut damaged = bytes.clone();
            damaged[position] ^= flip;
            match open(&damaged) {
                Err(error) => {
                    assert!(!big.contains(&position), "{position}: read on opening: {error}");
                }
                Ok(segment) => {
                    let error = segment.verify().unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Malformed, "{position}: {error}");
                }
            }
        }
    }
}

/// A file with this table, whose checksums are right.
fn with_table(sections: &[Section], content_bytes: usize) -> Vec<u8> {
    let table = encode_table(sections);
    let offset = HEADER_BYTES + content_bytes;
    let header = encode_header(sections, &table, offset as u64);
    [header, vec![0; content_bytes], table].concat()
}

fn section(name: &str, offset: u64, length: u64) -> Section {
    let checksum = crc32fast::hash(&vec![0; length.min(1 << 20) as usize]);
    Section { name: name.to_owned(), offset, length, checksum }
}

fn refused(file: &[u8]) -> Error {
    let error = open(file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    error
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let fine = [section("a", 64, 64), section("b", 128, 10)];
    assert!(open(&with_table(&fine, 128)).unwrap().verify().is_ok());
    let wrong = [
        [section("a", 64, 64), section("a", 128, 10)], // one name twice
        [section("a", 64, 64), section("b", 64, 10)],  // one on the other
        [section("a", 64, 65), section("b", 128, 10)], // one into the other
        [section("a", 64, 64), section("b", 192, 10)], // a gap
        [section("b", 128, 10), section("a", 64, 64)], // out of order
        [section("a", 0, 64), section("b", 128, 10)],  // in the header
        [section("a", 65, 63), section("b", 128, 10)], // not aligned
        [section("a", 64, 64), section("b", 128, 65)], // into the table
        [section("a", 64, 64), section("b", 128, u64::MAX)], // beyond the file
        [section("a", 64, u64::MAX - 64), section("b", 0, 0)], // around the end of numbers
        [section("a", 64, 64), section("", 128, 10)],  // no name
        [section("a b", 64, 64), section("b", 128, 10)], // a space
        [section("a\0b", 64, 64), section("b", 128, 10)], // a zero inside
        [section("é", 64, 64), section("b", 128, 10)], // not ASCII
    ];
    for sections in wrong {
        let error = refused(&with_table(&sections, 128));
        assert!(error.path().is_some(), "{error}");
    }
    refused(&with_table(&fine, 192));
    let longest = "n".repeat(NAME_BYTES);
    let one = [section(&longest, 64, 5)];
    assert_eq!(open(&with_table(&one, 64)).unwrap().sections()[0].name, longest);
}

/// Changes the header and makes its checksum right again.
fn with_header(change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut file = with_table(&[section("a", 64, 64)], 64);
    change(&mut file);
    let checksum = crc32fast::hash(&file[..60]);
    file[60..64].copy_from_slice(&checksum.to_le_bytes());
    file
}

#[test]
fn headers_that_do_not_fit_are_refused() {
    assert!(open(&with_header(|_| ())).is_ok());
    refused(&with_header(|file| file[0] = b'x'));
    refused(&with_header(|file| file[8..12].fill(0))); // version 0
    refused(&with_header(|file| file[12..16].fill(0xff))); // four billion sections
    refused(&with_header(|file| file[12] = 0));
    refused(&with_header(|file| file[16..24].fill(0xff))); // the table at the end of numbers
    refused(&with_header(|file| file[16..24].fill(0))); // the table in the header
    refused(&with_header(|file| file[24] += 1)); // another size
    refused(&with_header(|file| file[32] += 1)); // another checksum of the table
    assert_eq!(with_header(|_| ()).len(), HEADER_BYTES + 64 + RECORD_BYTES);
}

#[test]
fn a_newer_version_says_so() {
    // Whatever a newer header looks like behind the version.
    for file in [with_header(|file| file[8] = 2), with_header(|file| file[8..].fill(9))] {
        let error = open(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.help_text().unwrap().contains("newer"), "{error}");
    }
}
