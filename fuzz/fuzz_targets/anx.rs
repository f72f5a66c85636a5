//! Bytes as an index file: once as they are, once with every checksum made right, so that what
//! lies behind the checksums is reached too. What opens is read and searched.
#![no_main]

use anear_index::flat::{Goal, NonFinite};
use anear_index::{INDEX_KINDS, Keep, Plan, Rows};
use anear_io::{About, Input, Segment};
use anear_types::{MatrixRef, Result};

/// What is searched of one input at most.
const MAX_BYTES: usize = 1 << 20;

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        anear_fuzz::read_everything("x.anx", bytes);
        let repaired = anear_fuzz::segment::repaired(bytes);
        anear_fuzz::read_everything("x.anx", &repaired);
        let _ = search(repaired);
    });
});

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
            exact: false,
        };
        let found = index.search(query, &plan)?;
        assert!(found[0].iter().all(|hit| hit.row > 0 && hit.row < about.rows));
    }
    Ok(())
}
