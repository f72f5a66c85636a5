//! Every file the real libraries wrote opens with the shape, type and values they put in; every
//! hostile file ends in a clear error.

use anear_formats::{Container, ReadOptions, by_name, open};
use anear_io::Input;
use anear_testkit::fixtures::{expected, f32_bytes, sha256};
#[cfg(any(feature = "parquet", feature = "sqlite"))]
use anear_types::Value;
use anear_types::{Block, Element, Result};
use serde_json::Value as Json;
use std::path::Path;

fn options() -> ReadOptions {
    ReadOptions { threads: 2, ..ReadOptions::default() }
}

fn open_file(path: &Path) -> Result<Box<dyn Container>> {
    open(Input::open(path)?, &options())
}

/// All rows of an entry, read in blocks of `capacity` rows.
fn read_rows(container: &dyn Container, entry: usize, capacity: usize) -> Result<Block> {
    let schema = &container.entries()[entry].schema;
    let mut all = Block::new(schema.element, schema.dim, schema.rows as usize);
    let mut block = Block::new(schema.element, schema.dim, capacity);
    let mut source = container.rows(entry)?;
    while source.next_block(&mut block)? > 0 {
        let rows = block.rows();
        all.spare_mut()[..rows * schema.row_bytes()].copy_from_slice(block.matrix().bytes());
        all.advance(rows);
        block.clear();
    }
    Ok(all)
}

/// Compares one array with what `expected.json` says of it; returns the differences.
fn check_array(container: &dyn Container, name: &str, array: &Json) -> Result<(), String> {
    let entries = container.entries();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let found = names.iter().position(|entry| *entry == name);
    let entry = found.ok_or(format!("no entry {name:?} among {names:?}"))?;
    let schema = &entries[entry].schema;
    let shape: Vec<u64> =
        array["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    if schema.shape != shape {
        return Err(format!("{name:?}: shape {:?}, expected {shape:?}", schema.shape));
    }
    let element = array["dtype"].as_str().unwrap();
    if Element::from_name(element) != Some(schema.element) {
        return Err(format!("{name:?}: element {}, expected {element}", schema.element));
    }
    for capacity in [3, 1000] {
        let block =
            read_rows(container, entry, capacity).map_err(|error| format!("{name:?}: {error}"))?;
        if block.rows() as u64 != schema.rows {
            return Err(format!("{name:?}: {} rows of {}", block.rows(), schema.rows));
        }
        if let Some(expected) = array["sha256_f32"].as_str()
            && sha256(&f32_bytes(block.matrix())) != expected
        {
            return Err(format!("{name:?}: other f32 values, read {capacity} rows at a time"));
        }
        if cfg!(target_endian = "little")
            && sha256(block.matrix().bytes()) != array["sha256_native"]
        {
            return Err(format!("{name:?}: other stored values"));
        }
    }
    let source = container.rows(entry).map_err(|error| error.to_string())?;
    if let Some(matrix) = source.mapped()
        && sha256(matrix.bytes()) != array["sha256_native"]
    {
        return Err(format!("{name:?}: the mapped view has other values"));
    }
    Ok(())
}

/// Checks every file of a folder; `arrays` finds the named arrays in what is said of a file.
fn check_folder(folder: &str, arrays: impl Fn(&Json) -> Vec<(String, Json)>) {
    let mut wrong = Vec::new();
    let files = expected(folder);
    for (path, what) in &files {
        let name = path.file_name().unwrap().to_string_lossy();
        match open_file(path) {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok(container) => {
                for (entry, array) in arrays(what) {
                    if let Err(problem) = check_array(&*container, &entry, &array) {
                        wrong.push(format!("{name}: {problem}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

fn named(object: &Json) -> Vec<(String, Json)> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, array)| (name.clone(), array.clone()))
        .collect()
}

#[test]
fn numpy_files() {
    check_folder("numpy", |what| match what.get("array") {
        Some(array) => vec![(String::new(), array.clone())],
        None => named(&what["arrays"]),
    });
}

#[test]
fn torch_files() {
    check_folder("torch", |what| {
        let mut arrays = named(&what["tensors"]);
        arrays.extend(named(&what["numpy_arrays"]));
        arrays
    });
}

#[test]
fn safetensors_files() {
    check_folder("safetensors", |what| named(&what["tensors"]));
}

#[test]
#[cfg(feature = "hdf5")]
fn hdf5_files() {
    check_folder("hdf5", |what| named(&what["datasets"]));
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_files() {
    check_folder("parquet", |what| {
        vec![(what["column"].as_str().unwrap().to_owned(), what["array"].clone())]
    });
    for (path, what) in expected("parquet") {
        let container = open_file(&path).unwrap();
        let schema = &container.entries()[0].schema;
        let columns = ["file_name", "page_num"].map(|name| schema.column(name).expect(name));
        let columns = container.metadata(0, &columns, 0..schema.rows).unwrap();
        let names: Vec<String> = columns[0].values.iter().map(Value::to_string).collect();
        assert_eq!(
            sha256(names.join("\n").as_bytes()),
            what["file_name"]["sha256_lines"],
            "{}",
            path.display()
        );
        let pages: Vec<Json> =
            columns[1].values[..5].iter().map(|v| v.to_string().parse().unwrap()).collect();
        assert_eq!(Json::from(pages), what["page_num"]);
    }
}

#[test]
#[cfg(feature = "sqlite")]
fn sqlite_files() {
    for (path, what) in expected("sqlite") {
        if what["ragged"] == true {
            continue; // read row by row in the format's own tests
        }
        let container = open_file(&path).unwrap();
        check_table(&*container, "Embeddings.embedding", &what["rows"], &path);
        if let Some(other) = what.get("other_table") {
            let name = format!(
                "{}.{}",
                other["table"].as_str().unwrap(),
                other["column"].as_str().unwrap()
            );
            check_table(&*container, &name, &other["rows"], &path);
        }
    }
}

/// Compares vectors and metadata of a table row by row.
#[cfg(feature = "sqlite")]
fn check_table(container: &dyn Container, name: &str, rows: &Json, path: &Path) {
    let entry = container.entries().iter().position(|entry| entry.name == name);
    let entry = entry.unwrap_or_else(|| panic!("{}: no {name}", path.display()));
    let schema = &container.entries()[entry].schema;
    let rows = rows.as_array().unwrap();
    assert_eq!(schema.rows, rows.len() as u64, "{}", path.display());
    let block = read_rows(container, entry, 5).unwrap();
    for (row, expected) in rows.iter().enumerate() {
        let place = format!("{}::{name} row {row}", path.display());
        assert_eq!(
            Element::from_name(expected["dtype"].as_str().unwrap()),
            Some(schema.element),
            "{place}"
        );
        assert_eq!(sha256(block.matrix().row(row)), expected["sha256_native"], "{place}");
        for (key, value) in expected.as_object().unwrap() {
            let Some(column) = schema.column(key) else { continue };
            let columns = container.metadata(entry, &[column], row as u64..row as u64 + 1).unwrap();
            let found = match &columns[0].values[0] {
                Value::Null => Json::Null,
                Value::Int(number) => Json::from(*number),
                other => Json::from(other.to_string()),
            };
            assert_eq!(&found, value, "{place}, {key}");
        }
    }
    assert!(rows.is_empty() || schema.ids.is_some() || name != "Embeddings.embedding");
}

/// Opens a file and reads everything in it, as `info` followed by `convert` would.
fn read_everything(path: &Path, request: Option<&str>) -> Result<(), String> {
    let container = open_file(path).map_err(|error| error.to_string())?;
    if let Some(request) = request
        && !container.entries().iter().any(|entry| names_match(&entry.name, request))
    {
        return Err(format!("no entry {request}"));
    }
    if let ([], Some(skipped)) = (container.entries(), container.skipped().first()) {
        return Err(skipped.reason.clone());
    }
    for (position, entry) in container.entries().iter().enumerate() {
        let schema = &entry.schema;
        let limits = options().limits;
        limits
            .check_expansion("the entry", schema.total_bytes(), path.metadata().unwrap().len())
            .and_then(|()| read_rows(&*container, position, 100).map(drop))
            .map_err(|error| error.to_string())?;
        let columns: Vec<usize> = (0..schema.columns.len()).collect();
        container
            .metadata(position, &columns, 0..schema.rows)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The entry that is asked for, if any; of an Annoy file, a way to read it.
fn request(what: &Json) -> Option<String> {
    match (&what["request"], &what["metric"], &what["f"]) {
        (Json::Null, Json::String(metric), dim) if what["kind"] == "params" => {
            Some(format!("{metric}-{dim}"))
        }
        (request, ..) => request.as_str().map(str::to_owned),
    }
}

/// In a database the request is a table or a column.
fn names_match(entry: &str, request: &str) -> bool {
    entry == request || entry.split('.').any(|part| part == request)
}

fn check_bad(format: &str) {
    let mut wrong = Vec::new();
    for (path, what) in expected("bad") {
        if !what["format"].as_str().unwrap().starts_with(format) {
            continue;
        }
        let begin = std::time::Instant::now();
        let outcome = read_everything(&path, request(&what).as_deref());
        let place = format!("{} ({})", path.file_name().unwrap().to_string_lossy(), what["why"]);
        if begin.elapsed().as_secs() >= 5 {
            wrong.push(format!("{place}: took {:?}", begin.elapsed()));
        }
        match (what["expect"].as_str().unwrap(), outcome) {
            ("error" | "limit" | "open_then_error", Ok(())) => {
                wrong.push(format!("{place}: no error"));
            }
            ("nonfinite", Err(error)) => wrong.push(format!("{place}: {error}")),
            (_, Err(error)) if error.contains('\n') => wrong.push(format!("{place}: {error:?}")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(!Path::new("PWNED").exists(), "something from a file was executed");
}

#[test]
fn bad_npy_files() {
    check_bad("npy");
}

#[test]
fn bad_npz_files() {
    check_bad("npz");
}

#[test]
fn bad_torch_files() {
    check_bad("pt");
}

#[test]
fn bad_safetensors_files() {
    check_bad("safetensors");
}

#[test]
fn bad_annoy_files() {
    check_bad("annoy");
}

#[test]
fn bad_faiss_files() {
    check_bad("faiss");
}

#[test]
#[cfg(feature = "hdf5")]
fn bad_hdf5_files() {
    check_bad("hdf5");
}

#[test]
#[cfg(feature = "sqlite")]
fn bad_sqlite_files() {
    check_bad("sqlite");
}

#[test]
#[cfg(feature = "parquet")]
fn bad_parquet_files() {
    check_bad("parquet");
}

#[test]
fn every_format_is_listed_once() {
    for format in anear_formats::FORMATS {
        assert!(by_name(format.info().name).is_some());
    }
}
