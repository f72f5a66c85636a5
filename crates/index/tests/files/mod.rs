//! Index files in memory.

use anear_index::Index;
use anear_io::{About, Output, SegmentWriter};
use anear_types::Result;

/// The bytes of a file with some sections.
pub(crate) fn write(sections: impl FnOnce(&mut SegmentWriter) -> Result<()>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let mut writer = SegmentWriter::create(Output::create(&path, false).unwrap()).unwrap();
    sections(&mut writer).unwrap();
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}

/// The bytes of the file of an index and its rows.
pub(crate) fn save(index: &dyn Index) -> Vec<u8> {
    let rows = index.rows();
    let about = About {
        kind: index.info().name.to_owned(),
        metric: index.metric(),
        element: rows.element(),
        rows: rows.len() - index.removed().count(),
        dim: rows.dim(),
    };
    write(|writer| {
        index.save(writer)?;
        about.write(writer)
    })
}
