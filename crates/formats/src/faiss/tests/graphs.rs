//! Graphs that were written without their rows.

use super::{golden, open};
use crate::faiss::index_bytes;
use crate::testing::{mutate, read_everything};
use anear_types::parts::{Graph, IndexParts, Storage, StorageKind, Structure};
use anear_types::{ErrorKind, Value};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(golden(&format!("{name}.faiss"))).unwrap()
}

fn graph_of(index: &IndexParts) -> &Graph {
    match &index.structure {
        Structure::Graph(graph) => graph,
        Structure::IdMap(id_map) => graph_of(&id_map.inner),
        _ => panic!("no graph"),
    }
}

#[test]
fn they_come_back_byte_for_byte() {
    let kinds = [
        ("graph-over-no-flat", StorageKind::Raw),
        ("graph-over-no-scalar", StorageKind::Scalar),
        ("graph-over-no-product", StorageKind::Product),
        ("idmap-graph-over-no-flat", StorageKind::Raw),
    ];
    for (name, kind) in kinds {
        let container = open(&file(name)).unwrap();
        let parts = container.parts().unwrap();
        assert_eq!(graph_of(parts.parts()).storage, Storage::Left(kind), "{name}");
        assert_eq!((parts.parts().dim, parts.parts().rows), (3, 5), "{name}");
        assert_eq!(index_bytes(parts), file(name), "{name}");
    }
}

#[test]
fn they_say_what_they_are() {
    let container = open(&file("idmap-graph-over-no-flat")).unwrap();
    let index = container.index().unwrap();
    assert_eq!((&*index.kind, index.rows, index.dim), ("faiss:IxMp", Some(5), Some(3)));
    for (name, value) in
        [("index", Value::text("IHNf")), ("M", Value::Int(2)), ("storage", Value::text("none"))]
    {
        assert!(index.params.contains(&(name.to_owned(), value)), "{name}: {:?}", index.params);
    }
    assert!(container.entries().is_empty());
    let [skipped] = container.skipped() else { panic!() };
    assert_eq!(skipped.name, "IHNf");
    assert!(skipped.reason.contains("without the rows"), "{}", skipped.reason);
    assert_eq!(open(&file("kinds/HNSW4-SQ8")).unwrap().skipped()[0].reason.find("without"), None);
}

#[test]
fn damage_is_refused() {
    let bytes = file("graph-over-no-flat");
    for length in 0..bytes.len() {
        assert!(open(&bytes[..length]).is_err(), "{length} bytes");
    }
    mutate(&bytes, 500, |damaged| {
        if let Ok(container) = open(damaged) {
            read_everything(&*container);
        }
    });
    let mut other = bytes.clone();
    let end = other.len() - 1;
    other[end] = b'L';
    assert!(open(&other).is_err());
}

#[test]
fn a_graph_over_bits_is_never_without_its_rows() {
    let bytes = file("kinds/BHNSW4");
    let rows = bytes.windows(4).rposition(|letters| letters == b"IBxF").unwrap();
    let error = open(&[&bytes[..rows], b"null"].concat()).err().unwrap();
    assert!(error.to_string().contains("null"), "{error}");
    let mut parts = open(&bytes).unwrap().parts().unwrap().clone().into_parts();
    let Structure::Graph(graph) = &mut parts.structure else { panic!() };
    graph.storage = Storage::Left(StorageKind::Other);
    assert_eq!(parts.check().unwrap_err().kind(), ErrorKind::Malformed);
}
