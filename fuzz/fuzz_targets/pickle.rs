//! Bytes as the pickle inside a `.pt` file.
#![no_main]

use std::io::{Cursor, Write};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in [("archive/data.pkl", bytes), ("archive/data/0", &[7; 256])] {
        zip.start_file(name, stored).expect("a file in memory");
        zip.write_all(content).expect("a file in memory");
    }
    let file = zip.finish().expect("a file in memory").into_inner();
    anear_fuzz::run(|| anear_fuzz::read_everything("x.pt", &file));
});
