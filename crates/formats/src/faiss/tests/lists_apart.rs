//! Lists in a file of their own.

use crate::faiss::read::ListFiles;
use crate::faiss::{read_index, write_index_and_lists};
use crate::{ReadOptions, open};
use anear_io::{Input, Output};
use anear_testkit::fixtures::expected;
use anear_types::ErrorKind;
use anear_types::parts::{CheckedParts, Structure};
use std::path::Path;

/// Rows that each list has room for beyond those it has.
const ROOM: usize = 3;

/// An index with its lists inside, and the same as FAISS writes it and its lists where they have a file.
struct Apart {
    parts: CheckedParts,
    index: Vec<u8>,
    lists: Vec<u8>,
    /// Where in the index the first list is told of that holds something.
    place: usize,
}

fn apart(name: &str) -> Apart {
    let is_one = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.starts_with(b"IwFl") && bytes.windows(4).any(|letters| letters == b"ilar")
    };
    let holds = |parts: &CheckedParts| parts.parts().rows > 0;
    let read = |path| read_index(&Input::open(path).unwrap(), ListFiles::Beside).unwrap();
    let files = expected("faiss");
    let mut files = files.iter().filter(|(path, _)| is_one(path));
    let path = &files.find(|(path, _)| holds(&read(path))).expect("an index with lists").0;
    let (bytes, parts) = (std::fs::read(path).unwrap(), read(path));
    let Structure::Inverted(inverted) = &parts.parts().structure else { panic!() };
    let code_bytes = 4 * parts.parts().dim;
    let (mut lists, mut places) = (vec![0xee; 16], Vec::new());
    let mut first = None;
    for number in 0..inverted.list_count {
        let list = inverted.lists.iter().flatten().find(|list| list.number == number);
        let Some(list) = list else {
            places.extend([0, 0, u64::MAX]);
            continue;
        };
        first.get_or_insert(number);
        let size = list.ids.len();
        places.extend([size as u64, (size + ROOM) as u64, lists.len() as u64]);
        lists.extend_from_slice(&list.codes);
        lists.resize(lists.len() + ROOM * code_bytes, 0xee);
        lists.extend_from_slice(list.ids.bytes());
        lists.resize(lists.len() + ROOM * 8, 0xee);
    }
    let end = bytes.windows(4).rposition(|letters| letters == b"ilar").unwrap();
    let mut index = [&bytes[..end], b"ilod"].concat();
    let numbers = [inverted.list_count, code_bytes, inverted.list_count].map(|n| n as u64);
    let place = index.len() + 24 + 24 * first.unwrap();
    numbers.iter().chain(&places).for_each(|number| index.extend(number.to_le_bytes()));
    index.extend([1, 0, 16].map(u64::to_le_bytes).concat()); // a free place, at the beginning
    index.extend((name.len() as u64).to_le_bytes());
    index.extend(name.as_bytes());
    index.extend((lists.len() as u64).to_le_bytes());
    Apart { parts, index, lists, place }
}

fn opened(path: &Path) -> anear_types::Result<CheckedParts> {
    let container = open(Input::open(path)?, &ReadOptions::default())?;
    Ok(container.parts().expect("parts").clone())
}

#[test]
fn lists_beside_an_index_are_those_of_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.faiss");
    for name in ["x.lists", "/nowhere/x.lists", "C:\\nowhere\\x.lists"] {
        let Apart { parts, index, lists, .. } = apart(name);
        std::fs::write(folder.path().join("x.lists"), lists).unwrap();
        std::fs::write(&path, index).unwrap();
        assert_eq!(opened(&path).unwrap(), parts, "{name}");
        let input = Input::open(&path).unwrap();
        assert_eq!(read_index(&input, ListFiles::Anywhere).unwrap(), parts, "{name}");
    }
}

#[test]
fn files_elsewhere_are_opened_only_if_they_may_be() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lists_path = elsewhere.path().join("x.lists");
    let Apart { parts, index, lists, .. } = apart(lists_path.to_str().unwrap());
    let path = folder.path().join("x.faiss");
    std::fs::write(&path, &index).unwrap();
    std::fs::write(lists_path, lists).unwrap();
    let input = Input::open(&path).unwrap();
    assert_eq!(read_index(&input, ListFiles::Anywhere).unwrap(), parts);
    let error = read_index(&input, ListFiles::Beside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.to_string().contains("x.lists"), "{error}");
    let error = read_index(&Input::from_bytes("x.faiss", index), ListFiles::Anywhere).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    for name in ["", "..", "/", "x.faiss/", "/dev/zero"] {
        std::fs::write(&path, apart(name).index).unwrap();
        let input = Input::open(&path).unwrap();
        let error = read_index(&input, ListFiles::Anywhere).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{name:?}: {error}");
    }
}

#[test]
fn lists_are_left_where_they_are() {
    let Apart { parts, index, .. } = apart("x.lists");
    let input = Input::from_bytes("x.faiss", index.clone());
    let left = read_index(&input, ListFiles::Left).unwrap();
    let (left, whole) = (left.parts(), parts.parts());
    let Structure::Inverted(inverted) = &left.structure else { panic!() };
    assert_eq!((inverted.lists.as_ref(), left.rows, left.dim), (None, whole.rows, whole.dim));
    for length in 0..index.len() {
        let input = Input::from_bytes("x.faiss", index[..length].to_vec());
        read_index(&input, ListFiles::Left).unwrap_err();
    }
}

#[test]
fn places_beyond_the_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.faiss");
    let Apart { index, lists, place, .. } = apart("x.lists");
    std::fs::write(folder.path().join("x.lists"), &lists).unwrap();
    let refused = |index: &[u8]| {
        std::fs::write(&path, index).unwrap();
        let error = opened(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    };
    for (at, number) in [
        (0, u64::MAX),
        (8, u64::MAX),
        (8, u64::MAX / 24),
        (8, 1),
        (16, lists.len() as u64),
        (16, u64::MAX - 8),
    ] {
        let mut changed = index.clone();
        changed[place + at..][..8].copy_from_slice(&number.to_le_bytes());
        refused(&changed);
    }
    for length in (place..index.len()).step_by(5) {
        refused(&index[..length]);
    }
    std::fs::write(folder.path().join("x.lists"), &lists[..lists.len() - 1]).unwrap();
    refused(&index);
}

#[test]
fn written_lists_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let [path, lists_path] = ["x.faiss", "x.lists"].map(|name| folder.path().join(name));
    let Apart { parts, .. } = apart("x.lists");
    let [output, lists] = [&path, &lists_path].map(|path| Output::create(path, false).unwrap());
    let size = write_index_and_lists(&parts, output, lists, "elsewhere/x.lists").unwrap();
    assert_eq!(size, std::fs::metadata(&path).unwrap().len());
    assert_eq!(opened(&path).unwrap(), parts);
    let found = opened(&path).unwrap();
    let Structure::Inverted(inverted) = &found.parts().structure else { panic!() };
    let file = std::fs::read(&lists_path).unwrap();
    for list in inverted.lists.iter().flatten() {
        let bytes = list.ids.bytes();
        let at = file.windows(bytes.len()).position(|found| found == bytes).unwrap();
        assert!(at.is_multiple_of(8), "ids at {at}");
    }
    std::fs::remove_file(lists_path).unwrap();
    assert_eq!(opened(&path).unwrap_err().kind(), ErrorKind::Unsupported);
}
