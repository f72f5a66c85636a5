//! Bytes as a file `x.db`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| anear_fuzz::read_everything("x.db", bytes));
});
