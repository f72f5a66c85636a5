#![no_main]
libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    let _ = (bytes, anear::Collection::is_at("x"), rusqlite::version());
});
