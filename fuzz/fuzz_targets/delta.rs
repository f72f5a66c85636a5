//! Bytes as what is kept beside an Annoy file: once as they are, once with every checksum made right
//! and as if they belonged to the file. What is read is laid beside the file and searched.
#![no_main]

use anear_index::Keep;
use anear_index::forest::Amended;
use anear_io::{Delta, Input};
use anear_types::{Metric, Result};
use std::sync::OnceLock;

const DIM: usize = 3;

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        let base = base();
        for bytes in [bytes.to_vec(), anear_fuzz::segment::repaired(bytes)] {
            if Delta::read(Input::from_bytes("x.ann.delta", bytes.clone()), base).is_ok() {
                std::fs::write(Delta::path_for(base.path()), bytes).expect("room");
                anear_fuzz::run(|| search(base).expect("it was read before"));
            }
        }
    });
});

/// The file that the seed of the corpus belongs to.
fn base() -> &'static Input {
    static BASE: OnceLock<Input> = OnceLock::new();
    BASE.get_or_init(|| {
        let path = anear_fuzz::scratch().join(format!("anear-fuzz-{}.ann", std::process::id()));
        let file = include_bytes!("../../testdata/golden/annoy-delta/x.ann");
        std::fs::write(&path, file).expect("room");
        Input::open(path).expect("it was written")
    })
}

fn search(base: &Input) -> Result<()> {
    let _ = anear_formats::open(base.clone(), &anear_formats::ReadOptions::default())
        .map(|container| anear_fuzz::read_container(&*container));
    let Ok(amended) = Amended::from_input(base, Metric::Euclidean, DIM) else { return Ok(()) };
    let found = amended.nearest_each(&[1.0, 2.0, 3.0], 5, Keep::All, 1, None)?;
    assert!(found[0].len() <= 5 && found[0].iter().all(|hit| amended.has_item(hit.item)));
    Ok(())
}
