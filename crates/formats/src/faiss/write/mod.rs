//! Writing the parts of an index: the bytes that FAISS writes.

mod blocks;
mod codecs;
mod fields;
mod graph;
mod lists;
mod transforms;

use super::header::Header;
use super::kinds::{NO_INDEX, layout, letters};
use anear_io::Output;
use anear_types::Result;
use anear_types::parts::{
    CheckedParts, CodecParts, Coded, IndexParts, Storage, Structure, TransformParts,
};
use fields::{Apart, Fields};
use std::io::{self, BufWriter, Write};

/// Bytes written at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// Writes an index as a file; returns its size in bytes.
///
/// # Errors
/// If writing fails; nothing is left behind then.
pub fn write_index(parts: &CheckedParts, mut output: Output) -> Result<u64> {
    let mut buffer = BufWriter::with_capacity(BUFFER_BYTES, &mut output);
    let written = write_parts(parts.parts(), &mut buffer).and_then(|()| buffer.flush());
    drop(buffer);
    written.map_err(|source| output.failed(source))?;
    output.commit()
}

/// Writes an index and its lists, those in a file of their own that FAISS maps, and which the index calls by
/// `name`. Lists of codes in blocks stay in the index. Returns the size of the index in bytes.
///
/// # Errors
/// If writing fails; then the index is not there, and what it was before is as it was.
pub fn write_index_and_lists(
    parts: &CheckedParts,
    mut output: Output,
    mut lists: Output,
    name: &str,
) -> Result<u64> {
    let mut index_buffer = BufWriter::with_capacity(BUFFER_BYTES, &mut output);
    let mut lists_buffer = BufWriter::with_capacity(BUFFER_BYTES, &mut lists);
    let apart = Some(Apart { out: &mut lists_buffer, name, bytes: 0 });
    let written = write(parts.parts(), &mut Fields { out: &mut index_buffer, apart })
        .and_then(|()| index_buffer.flush());
    let lists_written = lists_buffer.flush();
    drop((index_buffer, lists_buffer));
    written.map_err(|source| output.failed(source))?;
    lists_written.map_err(|source| lists.failed(source))?;
    lists.commit()?;
    output.commit()
}

/// The bytes of the file that [`write_index`] writes.
pub fn index_bytes(parts: &CheckedParts) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_parts(parts.parts(), &mut bytes).expect("memory takes all bytes");
    bytes
}

/// The bytes of a file that holds a transform and no index.
pub fn transform_bytes(transform: &TransformParts) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut fields = Fields { out: &mut bytes, apart: None };
    transforms::write(transform, &mut fields).expect("memory takes all bytes");
    bytes
}

/// Writes an index to where the bytes go.
fn write_parts(parts: &IndexParts, out: &mut dyn Write) -> io::Result<()> {
    write(parts, &mut Fields { out, apart: None })
}

fn write(index: &IndexParts, fields: &mut Fields<'_>) -> io::Result<()> {
    write_header(index, fields)?;
    match &index.structure {
        Structure::Coded(coded) => write_coded(index, coded, fields),
        Structure::Inverted(inverted) => lists::write(index, inverted, fields),
        Structure::Graph(graph) => {
            graph::write(graph, fields)?;
            match &graph.storage {
                Storage::Index(storage) => write(storage, fields),
                Storage::Left(_) => fields.bytes(NO_INDEX),
            }
        }
        Structure::IdMap(id_map) => {
            write(&id_map.inner, fields)?;
            fields.elements(size_of::<i64>(), id_map.ids.bytes())
        }
        Structure::Transformed(transformed) => {
            fields.dim(transformed.transforms.len())?;
            for transform in &transformed.transforms {
                transforms::write(transform, fields)?;
            }
            write(&transformed.inner, fields)
        }
        Structure::Refined(refined) => {
            write(&refined.base, fields)?;
            write(&refined.refinement, fields)?;
            fields.float(refined.factor)
        }
    }
}

fn write_header(index: &IndexParts, fields: &mut Fields<'_>) -> io::Result<()> {
    let fourcc = letters(index);
    let header = Header {
        fourcc,
        layout: layout(&fourcc).expect("a known kind"),
        dim: index.dim,
        rows: index.rows,
        trained: index.trained,
        measure: (index.measure, index.argument),
    };
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    fields.bytes(&bytes)
}

fn write_coded(index: &IndexParts, coded: &Coded, fields: &mut Fields<'_>) -> io::Result<()> {
    match &coded.codec {
        CodecParts::Raw => return fields.elements(size_of::<f32>(), &coded.codes),
        CodecParts::Bits => {}
        CodecParts::Scalar(scalar) => codecs::scalar(scalar, index.dim, fields)?,
        CodecParts::Product(product) => codecs::product(product, index.dim, fields)?,
        CodecParts::TwoLevel(two_level) => {
            write(&two_level.coarse, fields)?;
            codecs::two_level(two_level, index.dim, fields)?;
        }
        CodecParts::Lsh(lsh) => codecs::lsh(lsh, fields)?,
        CodecParts::Rabitq(rabitq) => {
            let says_bits = rabitq.bits > 1 || coded.blocks.is_some();
            codecs::rabitq(rabitq, index.dim, index.measure, says_bits, fields)?;
            if let Some(blocks) = &coded.blocks {
                blocks::write_rabitq(index.rows as usize, index.dim, rabitq, blocks, fields)?;
                return fields.elements(1, &coded.codes);
            }
            fields.elements(1, &coded.codes)?;
            fields.floats(&rabitq.center)?;
            return fields.byte(rabitq.query_bits);
        }
    }
    if let (Some(blocks), CodecParts::Product(product)) = (&coded.blocks, &coded.codec) {
        blocks::write(index.rows as usize, product.parts, blocks, fields)?;
        return fields.elements(1, &coded.codes);
    }
    fields.elements(1, &coded.codes)?;
    if matches!(coded.codec, CodecParts::Product(_)) {
        codecs::product_search(coded.product_search, fields)?;
    }
    Ok(())
}
