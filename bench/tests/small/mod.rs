//! A small data set.

use std::path::Path;

/// Writes vectors as the benchmarks read them, no two the same, and returns their folder.
pub(crate) fn set(folder: &Path) -> &Path {
    let component = |row: u32, column: u32| (row * row * 31 + row * 7 + column * 1_709) % 10_007;
    let row = |row: u32| (0..8).map(move |column| component(row, column) as f32);
    for (name, rows) in [("base", 0..800), ("queries", 1_000..1_020)] {
        let mut bytes = npy_header(rows.len());
        bytes.extend(rows.flat_map(row).flat_map(f32::to_le_bytes));
        std::fs::write(folder.join(format!("{name}.npy")), bytes).expect("a file");
    }
    let info = r#"{"name": "small", "metric": "angular"}"#;
    std::fs::write(folder.join("info.json"), info).expect("a file");
    folder
}

fn npy_header(rows: usize) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 8), }}");
    let padded = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00".as_slice(), &(padded.len() as u16).to_le_bytes(), padded.as_bytes()]
        .concat()
}
