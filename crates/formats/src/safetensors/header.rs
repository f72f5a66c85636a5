//! The header of a safetensors file.
//!
//! A little-endian u64 gives the length of a JSON object, the data follow it. The object maps each
//! tensor's name to `dtype`, `shape` and `data_offsets`, which count from the end of the header;
//! `__metadata__` maps strings to strings. The tensors must cover the data without holes or
//! overlap. Source: the format's description in the README of huggingface/safetensors.

use anear_io::Cursor;
use anear_types::{Element, Error, Limits, Result};
use serde_json::{Map, Value as Json};

/// Bytes before the JSON.
pub(super) const LENGTH_BYTES: usize = 8;

/// What a file says it holds.
pub(super) struct Header {
    /// In the order of their data.
    pub(super) tensors: Vec<Tensor>,
    /// The texts of `__metadata__`.
    pub(super) metadata: Map<String, Json>,
    /// Bytes before the data.
    pub(super) data_offset: usize,
}

/// A tensor: its data lie within the file.
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dtype: String,
    /// `None` for types anear has no numbers for.
    pub(super) element: Option<Element>,
    pub(super) shape: Vec<u64>,
    /// Offsets from the start of the file.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads and checks the header of a whole file.
///
/// # Errors
/// If it is damaged, or does not account for every byte of the file.
pub(super) fn parse(file: &[u8], limits: &Limits) -> Result<Header> {
    let mut cursor = Cursor::new(file);
    let length = cursor.u64("the header length")?;
    let text = cursor.take(length, "the header")?;
    if length > limits.header_bytes {
        return Err(Error::limit(format!("the header is {length} bytes long"))
            .help("if you trust this file, read it with --no-limits"));
    }
    let json: Json = serde_json::from_slice(text)
        .map_err(|error| Error::malformed(format!("the header is not JSON: {error}")))?;
    let Json::Object(fields) = json else {
        return Err(Error::malformed("the header is JSON, but no object"));
    };
    let data_offset = cursor.position();
    let mut header = Header { tensors: Vec::new(), metadata: Map::new(), data_offset };
    for (name, field) in fields {
        if name == "__metadata__" {
            header.metadata = metadata(field)?;
        } else {
            let tensor = tensor(&name, &field, data_offset, file.len());
            header.tensors.push(tensor.map_err(|error| error.at_entry(&name))?);
        }
    }
    if header.tensors.len() > limits.entries {
        return Err(Error::limit(format!("the header lists {} tensors", header.tensors.len())));
    }
    header.tensors.sort_by_key(|tensor| (tensor.start, tensor.end));
    check_coverage(&header, file.len())?;
    Ok(header)
}

fn metadata(field: Json) -> Result<Map<String, Json>> {
    match field {
        Json::Object(map) if map.values().all(Json::is_string) => Ok(map),
        Json::Null => Ok(Map::new()),
        _ => Err(Error::malformed("the header's __metadata__ is no map of texts")),
    }
}

fn tensor(name: &str, field: &Json, data_offset: usize, file_bytes: usize) -> Result<Tensor> {
    let expected = |what: &str| Error::malformed(format!("the tensor has no valid {what}"));
    let dtype = field["dtype"].as_str().ok_or_else(|| expected("dtype"))?;
    let shape = whole_numbers(&field["shape"]).ok_or_else(|| expected("shape"))?;
    let offsets = whole_numbers(&field["data_offsets"]).ok_or_else(|| expected("data_offsets"))?;
    let [start, end] = offsets[..] else { return Err(expected("data_offsets")) };
    let bits = dtype_bits(dtype)
        .ok_or_else(|| Error::unsupported(format!("a tensor of unknown type '{dtype}'")))?;
    let bits = shape.iter().try_fold(bits, |bits, axis| bits.checked_mul(*axis));
    let bits = bits.ok_or_else(|| {
        Error::malformed(format!("a tensor of shape {shape:?} does not fit into memory"))
    })?;
    if !bits.is_multiple_of(8) || end.checked_sub(start) != Some(bits / 8) {
        return Err(Error::malformed(format!(
            "a tensor of shape {shape:?} and type {dtype} needs {} bytes, data_offsets are {start} and {end}",
            bits.div_ceil(8)
        )));
    }
    if end > (file_bytes - data_offset) as u64 {
        return Err(Error::malformed(format!(
            "the tensor ends {end} bytes behind the header, the file {}",
            file_bytes - data_offset
        )));
    }
    Ok(Tensor {
        name: name.to_owned(),
        dtype: dtype.to_owned(),
        element: element(dtype),
        shape,
        start: data_offset + start as usize,
        end: data_offset + end as usize,
    })
}

fn whole_numbers(list: &Json) -> Option<Vec<u64>> {
    list.as_array()?.iter().map(Json::as_u64).collect()
}

fn check_coverage(header: &Header, file_bytes: usize) -> Result<()> {
    let mut covered = header.data_offset;
    for tensor in &header.tensors {
        if tensor.start != covered {
            let what = if tensor.start > covered { "a hole before" } else { "an overlap with" };
            return Err(Error::malformed(format!("there is {what} the tensor's data"))
                .at_entry(&tensor.name)
                .at_offset(covered as u64));
        }
        covered = tensor.end;
    }
    if covered != file_bytes {
        let left = file_bytes - covered;
        return Err(Error::malformed(format!("{left} bytes follow the last tensor"))
            .at_offset(covered as u64));
    }
    Ok(())
}

/// The types of safetensors 0.8 by their size in bits.
fn dtype_bits(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" => 8,
        "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "C64" | "F64" | "I64" | "U64" => 64,
        _ => return None,
    })
}

fn element(dtype: &str) -> Option<Element> {
    Element::ALL.into_iter().find(|element| dtype_name(*element) == dtype)
}

/// What safetensors calls an element.
pub(super) const fn dtype_name(element: Element) -> &'static str {
    match element {
        Element::Bool => "BOOL",
        Element::I8 => "I8",
        Element::U8 => "U8",
        Element::I16 => "I16",
        Element::U16 => "U16",
        Element::I32 => "I32",
        Element::U32 => "U32",
        Element::I64 => "I64",
        Element::U64 => "U64",
        Element::F8E4M3 => "F8_E4M3",
        Element::F8E5M2 => "F8_E5M2",
        Element::F16 => "F16",
        Element::Bf16 => "BF16",
        Element::F32 => "F32",
        Element::F64 => "F64",
    }
}
