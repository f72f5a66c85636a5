//! Bytes as a file `x.faiss`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| anear_fuzz::read_everything("x.faiss", bytes));
});
