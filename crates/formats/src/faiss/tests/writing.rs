//! Written files have the bytes that the real library writes.

use super::{Faiss, golden, open};
use crate::faiss::write_index;
use crate::testing::{entry_rows, write_bytes};
use crate::{Container, WriteOptions};
use anear_io::Output;
use anear_testkit::fixtures::expected;
use anear_types::parts::{Bytes, CodecParts, Structure};
use anear_types::{Column, ColumnInfo, ColumnKind, Element, ErrorKind, Metric, Schema, Value};

/// Writes what a container holds, as it is.
fn written_again(container: &dyn Container) -> anear_types::Result<Vec<u8>> {
    let schema = &container.entries()[0].schema;
    let all: Vec<usize> = (0..schema.columns.len()).collect();
    let columns = container.metadata(0, &all, 0..schema.rows)?;
    let rows = entry_rows(container, 0)?;
    write_bytes(&Faiss, schema, &rows, &columns, &WriteOptions::default())
}

#[test]
fn golden_files_come_back_byte_for_byte() {
    for metric in Metric::ALL {
        for kind in ["flat", "idmap"] {
            let path = golden(&format!("{kind}-{metric}.faiss"));
            let Ok(bytes) = std::fs::read(&path) else { continue };
            assert_eq!(written_again(&*open(&bytes).unwrap()).unwrap(), bytes, "{metric}");
        }
    }
    let id_map_2 = std::fs::read(golden("idmap2-l2.faiss")).unwrap();
    let id_map = std::fs::read(golden("idmap-l2.faiss")).unwrap();
    assert_eq!(written_again(&*open(&id_map_2).unwrap()).unwrap(), id_map);
}

#[test]
fn fixtures_come_back_byte_for_byte() {
    let mut same = 0;
    for (path, _) in expected("faiss") {
        let bytes = std::fs::read(&path).unwrap();
        let container = open(&bytes).unwrap();
        let index = container.index().unwrap();
        let is_written =
            matches!(&*index.kind, "faiss:IxF2" | "faiss:IxFI" | "faiss:IxFl" | "faiss:IxMp");
        if is_written && !container.entries().is_empty() && index.metric.is_some() {
            assert_eq!(written_again(&*container).unwrap(), bytes, "{}", path.display());
            same += 1;
        }
    }
    assert!(same >= 3, "{same} files");
}

#[test]
fn what_has_learned_nothing_has_room_for_it() {
    let bytes = std::fs::read(golden("kinds/PQ4x4fs.faiss")).unwrap();
    let mut parts = open(&bytes).unwrap().parts().unwrap().clone().into_parts();
    let Structure::Coded(coded) = &mut parts.structure else { panic!() };
    let CodecParts::Product(product) = &mut coded.codec else { panic!() };
    product.centroids.clear();
    coded.codes = Bytes::default();
    (parts.rows, parts.trained) = (0, false);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("untrained.faiss");
    write_index(&parts.check().unwrap(), Output::create(&path, false).unwrap()).unwrap();
    let read = open(&std::fs::read(path).unwrap()).unwrap().parts().unwrap().clone().into_parts();
    let Structure::Coded(coded) = read.structure else { panic!() };
    let CodecParts::Product(product) = coded.codec else { panic!() };
    assert_eq!((read.trained, product.centroids), (false, vec![0.0; 8 * 16]));
}

#[test]
fn indexes_of_every_kind_that_is_read_come_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    for (path, _) in expected("faiss") {
        let bytes = std::fs::read(&path).unwrap();
        let container = open(&bytes).unwrap();
        let Some(parts) = container.parts() else { continue };
        let copy = folder.path().join(path.file_name().unwrap());
        let size = write_index(parts, Output::create(&copy, false).unwrap()).unwrap();
        assert_eq!(size, bytes.len() as u64, "{}", path.display());
        assert_eq!(std::fs::read(copy).unwrap(), bytes, "{}", path.display());
        written += 1;
    }
    assert!(written >= 12, "{written} files");
}

fn schema(metric: Metric) -> Schema {
    Schema { metric: Some(metric), ..Schema::matrix(Element::F32, 2, 2) }
}

#[test]
fn cosine_is_the_inner_product_of_rows_of_length_1() {
    let write = |rows: [f32; 4], metric| {
        let rows: &[u8] = bytemuck::cast_slice(&rows);
        write_bytes(&Faiss, &schema(metric), rows, &[], &WriteOptions::default())
    };
    for metric in [Metric::Cosine, Metric::Angular] {
        let file = write([0.6, -0.8, 0.0, 1.0], metric).unwrap();
        assert_eq!(open(&file).unwrap().entries()[0].schema.metric, Some(Metric::InnerProduct));
        for second in [[0.0, 0.0], [1.0, 1.0], [f32::NAN, 0.0]] {
            let error = write([0.6, 0.8, second[0], second[1]], metric).unwrap_err();
            assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(1)), "{error}");
        }
    }
    let file = write([3.0, 4.0, 0.0, 1.0], Metric::Euclidean).unwrap();
    assert_eq!(open(&file).unwrap().entries()[0].schema.metric, Some(Metric::L2));
    assert_eq!(write([0.0; 4], Metric::Jaccard).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn every_row_needs_an_id_or_none() {
    let column = |name: &str, values: [Value; 2]| Column {
        name: name.into(),
        kind: ColumnKind::Int,
        values: values.into(),
    };
    let columns = [ColumnInfo { name: "number".into(), kind: ColumnKind::Int }];
    let schema = Schema { columns: columns.to_vec(), ids: Some(0), ..schema(Metric::L2) };
    let write = |values| {
        let columns = [column("number", values)];
        write_bytes(&Faiss, &schema, &[0; 16], &columns, &WriteOptions::default())
    };
    let file = write([Value::Int(i64::MIN), Value::Int(9)]).unwrap();
    let read = open(&file).unwrap().metadata(0, &[0], 0..2).unwrap();
    assert_eq!(read, [column("id", [Value::Int(i64::MIN), Value::Int(9)])]);
    let error = write([Value::Int(1), Value::Null]).unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(1)), "{error}");
}

#[test]
fn no_dimension_is_no_index() {
    let schema = Schema::matrix(Element::F32, 2, 0);
    let error = write_bytes(&Faiss, &schema, &[], &[], &WriteOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
