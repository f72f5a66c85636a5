//! Stores whose vectors are in HDF5 files.

use crate::helpers::{Folder, add, clean, column, expected, files, hdf5, problems, rows};
use anear_formats::{Container, ReadOptions, by_name};
use anear_io::Input;
use anear_store::{Batch, Existing, Spec, Storage, Store};
use anear_types::{Block, Element, ErrorKind, Ids, MatrixRef, Metric, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Adds rows, one metadata value each, in a column `file_name`.
fn add_named(store: &Store, named: &[(i64, Value)]) {
    let ids: Vec<i64> = named.iter().map(|(id, _)| *id).collect();
    let names = named.iter().map(|(_, name)| name.clone()).collect();
    add(store, &ids, &[column("file_name", names)], Existing::Refuse).unwrap();
}

fn container(path: &Path) -> Box<dyn Container> {
    let format = by_name("hdf5").unwrap();
    format.open(Input::open(path).unwrap(), &ReadOptions::default()).unwrap()
}

/// What another program sees in a file: for each group its row numbers and first components.
fn groups(path: &Path) -> BTreeMap<String, Vec<(i64, f32)>> {
    let container = container(path);
    let mut groups = BTreeMap::new();
    for (entry, described) in container.entries().iter().enumerate() {
        let Some(group) = described.name.strip_suffix("embeddings") else { continue };
        let (schema, mut rows) = (&described.schema, Vec::new());
        let numbers = schema.column("row").unwrap();
        let numbers = container.metadata(entry, &[numbers], 0..schema.rows).unwrap().remove(0);
        let mut block = Block::new(schema.element, schema.dim, schema.rows as usize);
        container.rows(entry).unwrap().next_block(&mut block).unwrap();
        for (row, number) in numbers.values.iter().enumerate() {
            let Value::Int(number) = number else { panic!("{number:?}") };
            rows.push((*number, block.matrix().get_f64(row, 0) as f32));
        }
        groups.insert(group.trim_end_matches('/').to_owned(), rows);
    }
    groups
}

#[test]
fn rows_with_one_value_lie_in_a_group_named_after_it() {
    let folder = Folder::of(hdf5(Some("file_name")));
    let store = folder.create();
    add_named(
        &store,
        &[
            (0, Value::text("b.pdf")),
            (1, Value::text("a/b.pdf")),
            (2, Value::Null),
            (3, Value::text("b.pdf")),
            (4, Value::text("")),
            (5, Value::text("gone")),
        ],
    );
    store.delete(&Ids::Ints(vec![5])).unwrap();
    drop(store);
    let found = groups(&folder.path().join("vectors-000001.h5"));
    let with = |ids: &[i64]| expected(ids.iter().copied());
    let wanted = [
        ("%empty", with(&[4])),
        ("%null", with(&[2, 5])),
        ("a%2Fb.pdf", with(&[1])),
        ("b.pdf", with(&[0, 3])),
    ];
    assert_eq!(found, wanted.map(|(name, rows)| (name.to_owned(), rows)).into());
    let store = folder.open();
    assert_eq!(rows(&store), expected(0..5));
    clean(&store);
}

#[test]
fn groups_are_those_of_the_metadata_when_a_file_is_written() {
    let folder = Folder::of(hdf5(Some("file_name")));
    let store = folder.create();
    let name = |name: &str| Value::text(name);
    add_named(&store, &[(0, name("a")), (1, name("a")), (2, name("b"))]);
    let changed = [column("file_name", vec![name("c")])];
    store.update(&Ids::Ints(vec![1]), &changed, &[]).unwrap();
    store.close().unwrap();
    let path = |number: u32| folder.path().join(folder.vectors(number));
    assert_eq!(groups(&path(1)).into_keys().collect::<Vec<_>>(), ["a", "b", "c"]);

    store.update(&Ids::Ints(vec![2]), &changed, &[]).unwrap();
    store.delete(&Ids::Ints(vec![0])).unwrap();
    store.compact(&mut |_| false).unwrap();
    assert_eq!(groups(&path(2)), [("c".to_owned(), vec![(0, 1.0), (1, 2.0)])].into());
    assert_eq!(rows(&store), expected(1..3));
    clean(&store);
}

#[test]
fn without_groups_all_rows_lie_in_the_root() {
    let folder = Folder::of(hdf5(None));
    let store = folder.create();
    add_named(&store, &[(0, Value::text("a")), (1, Value::text("b"))]);
    store.close().unwrap();
    let path = folder.path().join("vectors-000001.h5");
    assert_eq!(groups(&path), [(String::new(), expected(0..2))].into());
    let schema = container(&path).entries()[0].schema.clone();
    assert_eq!(schema.metric, Some(Metric::L2));
}

#[test]
fn small_files_are_replaced_by_larger_ones() {
    for folder in Folder::each() {
        drop(folder.create());
        for id in 0..20 {
            let store = folder.open();
            add(&store, &[2 * id, 2 * id + 1], &[], Existing::Refuse).unwrap();
        }
        assert_eq!(folder.all_vectors().len(), 1);
        assert_eq!(files(&folder.path()).len(), 3, "{:?}", files(&folder.path()));
        let store = folder.open();
        assert_eq!(rows(&store), expected(0..40));
        clean(&store);
    }
}

#[test]
fn a_reader_keeps_the_file_that_was_replaced() {
    let folder = Folder::of(hdf5(None));
    let (writer, reader) = (folder.create(), folder.open());
    add(&writer, &[0, 1], &[], Existing::Refuse).unwrap();
    writer.close().unwrap();
    let moment = reader.read().unwrap();
    add(&writer, &[2], &[], Existing::Refuse).unwrap();
    writer.close().unwrap();
    assert_eq!(folder.all_vectors(), [folder.vectors(1), folder.vectors(2)]);
    assert_eq!(moment.vectors().unwrap().row(1).unwrap()[..4], 1f32.to_ne_bytes());
    drop(moment);
    assert_eq!(rows(&reader), expected(0..3));
    add(&writer, &[3], &[], Existing::Refuse).unwrap();
    assert_eq!(folder.all_vectors(), [folder.vectors(2)]);
}

/// Rows of 2,048 bytes, each of which begins with its number.
fn wide(rows: std::ops::Range<u32>) -> Vec<f32> {
    rows.flat_map(|row| (0..512).map(move |column| (row + column * 7) as f32)).collect()
}

const WIDE: usize = 512;

fn wide_batch(vectors: &[f32]) -> Batch<'_> {
    let bytes: &[u8] = bytemuck::cast_slice(vectors);
    let vectors = MatrixRef::new(bytes, Element::F32, vectors.len() / WIDE, WIDE);
    Batch { vectors, ids: None, metadata: &[], json: &[] }
}

#[test]
fn large_batches_are_written_at_once_and_gathered_into_files() {
    let folder = Folder::of(hdf5(None));
    let spec = Spec { dim: WIDE, ..folder.spec() };
    let store = Store::create(folder.path(), &spec).unwrap();
    let batch = |rows| store.add(&wide_batch(&wide(rows)), Existing::Refuse).unwrap().rows;
    assert_eq!(batch(0..10), 10);
    assert_eq!(batch(10..5_000), 5_000);
    assert_eq!(store.read().unwrap().marks().file_rows, 5_000);
    assert_eq!(folder.all_vectors().len(), 1);
    store
        .add_all(Existing::Refuse, |adding| {
            (1..9).try_for_each(|part| {
                adding.add(&wide_batch(&wide(5_000 * part..5_000 * (part + 1))))
            })
        })
        .unwrap();
    assert_eq!(store.read().unwrap().marks().file_rows, 45_000);
    assert_eq!(folder.all_vectors().len(), 3, "10 MB, 64 MiB and the rest");
    let vectors = store.read().unwrap().vectors().unwrap();
    for row in (0..45_000).step_by(997) {
        let wanted = wide(row..row + 1);
        assert_eq!(vectors.row(u64::from(row)).unwrap(), bytemuck::cast_slice::<f32, u8>(&wanted));
    }
    clean(&store);
}

#[test]
fn a_file_has_not_too_many_groups() {
    let folder = Folder::of(hdf5(Some("file_name")));
    let named = |ids: std::ops::Range<i64>| -> Vec<(i64, Value)> {
        ids.map(|id| (id, Value::text(format!("page {id}")))).collect()
    };
    let store = folder.create();
    add_named(&store, &named(0..1_500));
    store.close().unwrap();
    assert_eq!(folder.all_vectors(), [folder.vectors(1), folder.vectors(2)]);
    add_named(&store, &named(1_500..1_600));
    store.close().unwrap();
    // The first is small, but has as many groups as a file may have.
    assert_eq!(folder.all_vectors(), [folder.vectors(1), folder.vectors(3)]);
    assert_eq!(groups(&folder.path().join(folder.vectors(3))).len(), 600);
    assert_eq!(rows(&store), expected(0..1_600));
    clean(&store);
}

#[test]
fn every_element_comes_back_bit_for_bit() {
    let bytes: Vec<u8> = (0..=255).cycle().take(40 * 16 * 2).collect();
    let names = column("file_name", (0..40).map(|row| Value::Int(row % 3)).collect());
    for (element, gzip, shuffle) in
        [(Element::F16, 4, true), (Element::I8, 9, false), (Element::I8, 0, true)]
    {
        let storage = Storage::Hdf5 { gzip, shuffle, group_by: Some("file_name".to_owned()) };
        let folder = Folder::of(storage.clone());
        let spec = Spec { dim: 16, element, ..folder.spec() };
        let store = Store::create(folder.path(), &spec).unwrap();
        // No infinities among numbers of two bytes.
        let bytes: Vec<u8> = match element {
            Element::F16 => bytes.iter().map(|byte| byte & 0x3f).collect(),
            _ => bytes[..40 * 16].to_vec(),
        };
        let vectors = MatrixRef::new(&bytes, element, 40, 16);
        let metadata = std::slice::from_ref(&names);
        let batch = Batch { vectors, ids: None, metadata, json: &[] };
        store.add(&batch, Existing::Refuse).unwrap();
        drop(store);
        let store = folder.open();
        assert_eq!(store.spec().storage, storage);
        let moment = store.read().unwrap();
        assert_eq!(moment.marks().file_rows, 40);
        let stored = moment.vectors().unwrap();
        assert_eq!(stored.range(0..40).unwrap().bytes(), bytes, "{element}");
    }
}

#[test]
fn what_a_writer_that_was_killed_has_left_is_removed() {
    let folder = Folder::of(hdf5(None));
    let store = folder.create();
    add(&store, &[0], &[], Existing::Refuse).unwrap();
    drop(store);
    for name in [".vectors-000002.h5.AbCdEf.part", "vectors-000002.h5", "vectors-000007.h5"] {
        std::fs::write(folder.path().join(name), "half a file").unwrap();
    }
    let store = folder.open();
    assert_eq!(rows(&store), expected(0..1));
    add(&store, &[1], &[], Existing::Refuse).unwrap();
    assert_eq!(folder.all_vectors(), [folder.vectors(1)]);
    drop(store);
    assert_eq!(files(&folder.path()), ["lock", "metadata.sqlite", "vectors-000002.h5"]);
    assert_eq!(rows(&folder.open()), expected(0..2));
}

#[test]
fn what_an_add_that_failed_has_left_is_replaced() {
    let folder = Folder::of(hdf5(None));
    let spec = Spec { dim: WIDE, file_bytes: 1 << 20, ..folder.spec() };
    let store = Store::create(folder.path(), &spec).unwrap();
    let good = wide(0..5_000);
    let failed = store.add_all(Existing::Refuse, |adding| {
        adding.add(&wide_batch(&good))?;
        adding.add(&wide_batch(&good))?;
        adding.add(&Batch { ids: Some(&Ids::Texts(Vec::new())), ..wide_batch(&good) })
    });
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Usage);
    assert!(!folder.all_vectors().is_empty(), "a full file was written before");
    store.add(&wide_batch(&good), Existing::Refuse).unwrap();
    drop(store);
    let store = folder.open();
    clean(&store);
    let vectors = store.read().unwrap().vectors().unwrap();
    assert_eq!(vectors.row(4_999).unwrap()[..4], 4_999f32.to_ne_bytes());
    assert_eq!(store.info().unwrap().rows, 5_000);
}

#[test]
fn damaged_and_foreign_files_are_told() {
    let folder = Folder::of(hdf5(Some("file_name")));
    let store = folder.create();
    let named = |ids: std::ops::Range<i64>| -> Vec<(i64, Value)> {
        ids.map(|id| (id, Value::Int(id % 3))).collect()
    };
    add_named(&store, &named(0..100));
    drop(store);
    let path = folder.path().join("vectors-000001.h5");
    let good = std::fs::read(&path).unwrap();
    let tell = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        problems(&folder.open(), false)
    };
    assert_eq!(tell(&good), [] as [String; 0]);
    assert_eq!(tell(&good[..good.len() / 2]).len(), 1);
    assert_eq!(tell(b"").len(), 1);

    let other = folder.again();
    let store = other.create();
    add_named(&store, &named(0..99));
    drop(store);
    let fewer = tell(&std::fs::read(other.path().join("vectors-000001.h5")).unwrap());
    assert!(fewer[0].contains("the file has 99 rows, 100 are counted"), "{fewer:?}");

    let other = folder.again();
    let store = other.create();
    add_named(&store, &named(100..200));
    drop(store);
    let others = tell(&std::fs::read(other.path().join("vectors-000001.h5")).unwrap());
    assert!(others[0].contains("checksum"), "{others:?}");

    std::fs::remove_file(&path).unwrap();
    assert_eq!(problems(&folder.open(), false).len(), 1);
}

#[test]
fn flipped_bytes_never_panic() {
    let folder = Folder::of(hdf5(Some("file_name")));
    let store = folder.create();
    add_named(&store, &(0..30).map(|id| (id, Value::Int(id % 2))).collect::<Vec<_>>());
    drop(store);
    let path = folder.path().join("vectors-000001.h5");
    let good = std::fs::read(&path).unwrap();
    let store = folder.open();
    let mut told = 0;
    for place in (0..good.len()).step_by(good.len() / 300 + 1) {
        let mut bytes = good.clone();
        bytes[place] ^= 0x55;
        std::fs::write(&path, &bytes).unwrap();
        told += usize::from(!problems(&store, false).is_empty());
    }
    assert!(told > 20, "{told}");
}

#[test]
fn a_damaged_file_is_not_taken_into_another() {
    let folder = Folder::of(Storage::Hdf5 { gzip: 0, shuffle: false, group_by: None });
    let store = folder.create();
    add(&store, &[0, 1, 2], &[], Existing::Refuse).unwrap();
    drop(store);
    let path = folder.path().join("vectors-000001.h5");
    let mut bytes = std::fs::read(&path).unwrap();
    let value = 2f32.to_le_bytes();
    let place = bytes.windows(4).position(|part| part == value).unwrap();
    bytes[place] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let store = folder.open();
    add(&store, &[3], &[], Existing::Refuse).unwrap();
    drop(store);
    assert_eq!(folder.all_vectors(), [folder.vectors(1), folder.vectors(2)]);
    let told = problems(&folder.open(), true);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("rows 0 to 2 are damaged"), "{told:?}");
}

#[test]
fn levels_there_are_not_are_refused() {
    let storage = Storage::Hdf5 { gzip: 10, shuffle: true, group_by: None };
    let folder = Folder::of(storage);
    let error = Store::create(folder.path(), &folder.spec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}
