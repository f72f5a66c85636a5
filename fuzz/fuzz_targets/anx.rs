//! Bytes as an index file: once as they are, once with every checksum made right, so that what
//! lies behind the checksums is reached too. What opens is read and searched.
#![no_main]

use anear_index::flat::{Goal, NonFinite};
use anear_index::{INDEX_KINDS, Keep, Plan, Rows};
use anear_io::{About, Input, Segment};
use anear_types::{MatrixRef, Result};

const HEADER_BYTES: usize = 64;
const RECORD_BYTES: usize = 64;
/// What is searched of one input at most.
const MAX_BYTES: usize = 1 << 20;

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        anear_fuzz::read_everything("x.anx", bytes);
        let repaired = repaired(bytes);
        anear_fuzz::read_everything("x.anx", &repaired);
        let _ = search(repaired);
    });
});

/// The file with the size and the checksums that go with its content, where there is room.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    if file.len() < HEADER_BYTES {
        return file;
    }
    let number = |file: &[u8], at: usize| {
        file.get(at..at + 8).map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight")))
    };
    let put = |file: &mut [u8], at: usize, checksum: u32| {
        file[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
    };
    let size = file.len() as u64;
    file[24..32].copy_from_slice(&size.to_le_bytes());
    let table = number(&file, 16).and_then(|offset| usize::try_from(offset).ok());
    if let Some(table) = table.filter(|table| *table <= file.len()) {
        let records = (table..file.len()).step_by(RECORD_BYTES);
        for record in records.filter(|record| record + RECORD_BYTES <= size as usize) {
            let (offset, length) = (number(&file, record + 32), number(&file, record + 40));
            let end = offset.zip(length).and_then(|(offset, length)| offset.checked_add(length));
            if let Some((offset, end)) = offset.zip(end).filter(|(_, end)| *end <= size) {
                let checksum = crc32fast::hash(&file[offset as usize..end as usize]);
                put(&mut file, record + 48, checksum);
            }
        }
        let checksum = crc32fast::hash(&file[table..]);
        put(&mut file, 32, checksum);
    }
    let checksum = crc32fast::hash(&file[..60]);
    put(&mut file, 60, checksum);
    file
}

fn search(file: Vec<u8>) -> Result<()> {
    let segment = Segment::open(Input::from_bytes("x.anx", file))?;
    let _ = segment.verify();
    let about = About::read(&segment)?;
    for kind in INDEX_KINDS.iter().filter(|kind| kind.info().name == about.kind) {
        let rows = Rows::in_file(&segment, &about)?;
        let mut index = kind.load(&segment, &about, rows)?;
        let row_bytes = about.dim * about.element.bytes();
        if row_bytes > MAX_BYTES {
            continue;
        }
        index.remove(0);
        let query = vec![1; row_bytes];
        let query = MatrixRef::new(&query, about.element, 1, about.dim);
        let plan = Plan {
            goal: Goal::Nearest { k: 3 },
            keep: Keep::All,
            nonfinite: NonFinite::Refuse,
            threads: 1,
            interrupt: None,
        };
        let found = index.search(query, &plan)?;
        assert!(found[0].iter().all(|hit| hit.row > 0 && hit.row < about.rows));
    }
    Ok(())
}
