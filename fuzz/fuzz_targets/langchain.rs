//! Bytes as the documents of a LangChain store, beside an index of five rows.
#![no_main]

use anear_formats::{ReadOptions, langchain};
use anear_io::Input;

static INDEX: &[u8] = include_bytes!("../../testdata/golden/faiss/flat-l2.faiss");

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        let index = Input::from_bytes("index.faiss", INDEX.to_vec());
        let pickle = Input::from_bytes("index.pkl", bytes.to_vec());
        if let Ok(container) = langchain::open(&index, &pickle, "index", &ReadOptions::default()) {
            anear_fuzz::read_container(&*container);
        }
    });
});
