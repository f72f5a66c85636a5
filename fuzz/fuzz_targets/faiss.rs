//! Bytes as a file `x.faiss`; an index that can be searched is.
#![no_main]

use anear_io::Input;

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| anear_fuzz::ann::read(Input::from_bytes("x.faiss", bytes.to_vec())));
});
