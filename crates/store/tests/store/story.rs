//! A store from its making to its compaction, one step a test.

use crate::helpers::{Folder, add, clean, column, expected, files, matrix, rows, vectors};
use anear_store::{Batch, Existing, Spec, Storage, Store};
use anear_types::{ColumnKind, ErrorKind, Ids, Value};

#[test]
fn small_batches_wait_in_the_metadata_and_move_to_the_file_on_close() {
    for folder in Folder::each() {
        let store = folder.create();
        for id in 0..10 {
            add(&store, &[id], &[], Existing::Refuse).unwrap();
        }
        let marks = store.read().unwrap().marks();
        assert_eq!((marks.file_rows, marks.next_row), (0, 10));
        let expected = expected(0..10);
        assert_eq!(rows(&store), expected);
        clean(&store);
        drop(store);
        assert_eq!(files(&folder.path()), ["lock", "metadata.sqlite", &*folder.vectors(1)]);
        let store = folder.open();
        let marks = store.read().unwrap().marks();
        assert_eq!((marks.file_rows, marks.next_row), (10, 10));
        assert_eq!(rows(&store), expected);
        if folder.is_npy() {
            let bytes = std::fs::read(folder.path().join(folder.vectors(1))).unwrap();
            assert!(String::from_utf8_lossy(&bytes[..128]).contains("'shape': (10, 4)"));
        }
        clean(&store);
    }
}

#[test]
fn large_batches_go_to_the_file_behind_those_that_wait() {
    for folder in Folder::each() {
        let store = folder.create();
        add(&store, &[100_000], &[], Existing::Refuse).unwrap();
        let ids: Vec<i64> = (0..10_000).collect();
        assert_eq!(add(&store, &ids, &[], Existing::Refuse).unwrap(), 10_001);
        let marks = store.read().unwrap().marks();
        let in_file = if folder.is_npy() { 10_001 } else { 0 };
        assert_eq!((marks.file_rows, marks.next_row), (in_file, 10_001));
        let found = rows(&store);
        assert_eq!(found[0], (100_000, 100_000.0));
        assert!(found[1..].iter().all(|(id, first)| *id as f32 == *first));
        clean(&store);
    }
}

#[test]
fn a_batch_is_added_whole_or_not_at_all() {
    for folder in Folder::each() {
        let store = folder.create();
        add(&store, &[1, 2, 3], &[], Existing::Refuse).unwrap();
        let error = add(&store, &[4, 2], &[], Existing::Refuse).unwrap_err();
        assert_eq!((error.kind(), error.row()), (ErrorKind::BadData, Some(1)));
        assert_eq!(error.what(), "the id 2 is there already");
        let error = add(&store, &[7, 8, 7], &[], Existing::Replace).unwrap_err();
        assert_eq!(error.what(), "the id 7 is given twice");
        let large: Vec<i64> = (10..10_000).chain([3]).collect();
        assert!(add(&store, &large, &[], Existing::Refuse).is_err());
        assert_eq!(rows(&store), [(1, 1.0), (2, 2.0), (3, 3.0)]);
        assert_eq!(add(&store, &large, &[], Existing::Replace).unwrap(), 9_993);
        clean(&store);
    }
}

#[test]
fn rows_are_replaced_changed_and_deleted() {
    for folder in Folder::each() {
        let store = folder.create();
        let page = |pages: &[i64]| {
            vec![column("page_num", pages.iter().map(|page| Value::Int(*page)).collect())]
        };
        add(&store, &[1, 2, 3, 4], &page(&[10, 20, 30, 40]), Existing::Refuse).unwrap();
        add(&store, &[2], &page(&[21]), Existing::Replace).unwrap();
        let names = vec![column("file_name", vec![Value::text("a"), Value::text("b")])];
        assert_eq!(store.update(&Ids::Ints(vec![3, 99]), &names, &[]).unwrap(), 1);
        assert_eq!(store.delete(&Ids::Ints(vec![1, 77])).unwrap(), 1);
        let moment = store.read().unwrap();
        let where_21 = moment.rows_where("page_num = ?", &[Value::Int(21)], 1000).unwrap();
        assert_eq!(where_21, [4]);
        let columns = moment.columns().unwrap();
        let table = moment.table(&moment.live_rows().unwrap(), &columns).unwrap();
        assert_eq!(table[0].values, [Value::Int(3), Value::Int(4), Value::Int(2)]);
        assert_eq!(table[1].values, [Value::Int(30), Value::Int(40), Value::Int(21)]);
        assert_eq!(table[2].values, [Value::text("a"), Value::Null, Value::Null]);
        drop(moment);
        assert_eq!(store.delete_where("page_num >= 30", &[], 1000).unwrap(), 2);
        assert_eq!(rows(&store), [(2, 2.0)]);
        clean(&store);
    }
}

#[test]
fn compaction_leaves_what_there_is() {
    for folder in Folder::each() {
        let spec = Spec { file_bytes: 100_000, ..folder.spec() };
        let store = Store::create(folder.path(), &spec).unwrap();
        for start in [0, 5_000, 10_000, 15_000] {
            let ids: Vec<i64> = (start..start + 5_000).collect();
            add(&store, &ids, &[], Existing::Refuse).unwrap();
        }
        store.delete_where("id % 4 <> 0", &[], 10_000).unwrap();
        let before = rows(&store);
        let reader = store.read().unwrap();
        let compacted = store.compact(&mut |_| false).unwrap();
        assert_eq!((compacted.rows, compacted.removed), (5_000, 15_000));
        assert_eq!(rows(&store), before);
        assert_eq!(reader.live_rows().unwrap().len(), 5_000);
        let old = reader.vectors().expect("files stay as long as someone may read them");
        assert_eq!(old.row(19_999).unwrap()[..4], 19_999f32.to_ne_bytes());
        drop(reader);
        clean(&store);
        assert_eq!(folder.all_vectors().len(), 1);
        add(&store, &[3], &[], Existing::Refuse).unwrap();
        assert!(store.compact(&mut |_| true).is_ok(), "nothing was deleted");
        store.delete(&Ids::Ints(vec![0])).unwrap();
        assert_eq!(store.compact(&mut |_| true).unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(rows(&store).len(), 5_000);
        clean(&store);
    }
}

#[test]
fn compaction_gives_back_the_space_of_metadata() {
    let folder = Folder::of(Storage::Npy);
    let store = folder.create();
    let ids: Vec<i64> = (0..20_000).collect();
    add(&store, &ids, &[], Existing::Refuse).unwrap();
    store.close().unwrap();
    let size = || std::fs::metadata(folder.path().join("metadata.sqlite")).unwrap().len();
    let before = size();
    store.delete_where("id >= 1000", &[], 10_000).unwrap();
    store.compact(&mut |_| false).unwrap();
    store.close().unwrap();
    assert!(size() < before / 2, "{} of {before} bytes", size());
}

#[test]
fn columns_take_what_comes() {
    for folder in Folder::each() {
        let store = folder.create();
        let big = (1 << 53) + 1;
        let steps: [(&str, Value, ColumnKind); 8] = [
            ("a", Value::Int(1), ColumnKind::Int),
            ("a", Value::Real(0.5), ColumnKind::Real),
            ("a", Value::Int(big), ColumnKind::Mixed),
            ("b", Value::Null, ColumnKind::Text),
            ("b", Value::Bool(true), ColumnKind::Bool),
            ("c", Value::text("12"), ColumnKind::Text),
            ("c", Value::Int(12), ColumnKind::Mixed),
            ("C", Value::Blob(Box::new([1, 0])), ColumnKind::Blob),
        ];
        for (id, (name, value, kind)) in steps.iter().enumerate() {
            let column = column(name, vec![value.clone()]);
            add(&store, &[id as i64], &[column], Existing::Refuse).unwrap();
            let moment = store.read().unwrap();
            let columns = moment.columns().unwrap();
            let stored = columns.iter().find(|column| column.info.name == *name).unwrap();
            assert_eq!(stored.info.kind, *kind, "{name} {value:?}");
        }
        let moment = store.read().unwrap();
        let columns = moment.columns().unwrap();
        for (row, (name, value, _)) in steps.iter().enumerate() {
            let position = columns.iter().position(|column| column.info.name == *name).unwrap();
            let stored = moment.rows(&[row as u64], &columns).unwrap().remove(0).unwrap();
            let expected = match (row, value) {
                (0, _) => Value::Real(1.0),
                (_, value) => value.clone(),
            };
            assert_eq!(stored.values[position], expected, "row {row}");
        }
        assert_eq!(columns[3].stored_as, "C_2");
        clean(&store);
    }
}

#[test]
fn json_takes_plain_values_along() {
    for folder in Folder::each() {
        let store = folder.create();
        let mut id = 0;
        let mut put = |value: Value, json: bool| {
            let json = if json { vec!["tags".to_owned()] } else { Vec::new() };
            let vectors = vectors(std::iter::once(0));
            let metadata = [column("tags", vec![value])];
            let ids = Ids::Ints(vec![id]);
            let batch = Batch {
                vectors: matrix(&vectors),
                ids: Some(&ids),
                metadata: &metadata,
                json: &json,
            };
            store.add(&batch, Existing::Refuse).unwrap();
            id += 1;
        };
        put(Value::text("plain \"text\""), false);
        put(Value::text("{\"a\": [1]}"), true);
        put(Value::Int(7), false);
        let moment = store.read().unwrap();
        let columns = moment.columns().unwrap();
        assert!(columns[0].json);
        let table = moment.table(&[0, 1, 2], &columns).unwrap();
        let expected = ["\"plain \\\"text\\\"\"", "{\"a\": [1]}", "7"].map(Value::text);
        assert_eq!(table[1].values, expected);
        assert_eq!(moment.rows_where("tags ->> '$.a[0]' = 1", &[], 1000).unwrap(), [1]);
    }
}

#[test]
fn text_is_found_by_words_and_phrases() {
    for folder in Folder::each() {
        let store = folder.create();
        let texts = ["a quick brown fox", "the brown quick dog", "nothing"];
        let body = column("body", texts.iter().map(|text| Value::text(*text)).collect());
        add(&store, &[1, 2, 3], &[body], Existing::Refuse).unwrap();
        let found = |store: &Store, text: &str| -> Vec<u64> {
            let matches = store.read().unwrap().matching(text, 10, 1000, |_| true).unwrap();
            matches.into_iter().map(|(row, _)| row).collect()
        };
        let error = store.read().unwrap().matching("fox", 1, 1000, |_| true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        store.index_text(&["body".to_owned()]).unwrap();
        assert_eq!(found(&store, "fox"), [0]);
        assert_eq!(found(&store, "\"quick brown\""), [0]);
        assert_eq!(found(&store, "brown").len(), 2);
        store.delete(&Ids::Ints(vec![1])).unwrap();
        assert_eq!(found(&store, "brown fox"), [1]);
        let changed = [column("body", vec![Value::text("a fox")])];
        store.update(&Ids::Ints(vec![3]), &changed, &[]).unwrap();
        assert_eq!(found(&store, "fox"), [2]);
        store.compact(&mut |_| false).unwrap();
        assert_eq!(found(&store, "fox"), [1]);
        clean(&store);
    }
}

#[test]
fn ids_are_all_integers_or_all_text() {
    for folder in Folder::each() {
        let store = folder.create();
        let two = vectors(0..2);
        let texts = Ids::Texts(vec!["a".into(), "b".into()]);
        let batch = Batch { vectors: matrix(&two), ids: Some(&texts), metadata: &[], json: &[] };
        store.add(&batch, Existing::Refuse).unwrap();
        let error = add(&store, &[1], &[], Existing::Refuse).unwrap_err();
        assert_eq!(error.what(), "ids of this collection are text, not int");
        let without = Batch { ids: None, ..batch };
        assert_eq!(store.add(&without, Existing::Refuse).unwrap_err().what(), "ids are missing");
        assert_eq!(store.read().unwrap().rows_of(&texts).unwrap(), [Some(0), Some(1)]);
        clean(&store);

        let folder = folder.again();
        let store = folder.create();
        for expected in [vec![0, 1], vec![2, 3]] {
            let added = store.add(&without, Existing::Refuse).unwrap();
            assert_eq!(added.ids, Some(Ids::Ints(expected)));
        }
    }
}

#[test]
fn conditions_reach_nothing_but_the_rows() {
    for folder in Folder::each() {
        let store = folder.create();
        add(&store, &[1], &[], Existing::Refuse).unwrap();
        let moment = store.read().unwrap();
        for condition in [
            "id IN (SELECT key FROM settings)",
            "1) UNION SELECT 1 FROM settings WHERE (1",
            "1); DELETE FROM embeddings; --",
            "load_extension('x')",
            "id = (SELECT max(row) FROM deleted)",
            "nothing = 1",
        ] {
            let error = moment.rows_where(condition, &[], 1000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{condition}: {error}");
        }
        assert_eq!(rows(&store).len(), 1);
    }
}

#[test]
fn damage_is_found_and_what_can_be_is_set_right() {
    let folder = Folder::of(Storage::Npy);
    let store = folder.create();
    add(&store, &(0..20_000).collect::<Vec<_>>(), &[], Existing::Refuse).unwrap();
    drop(store);
    let path = folder.path().join("vectors-000001.npy");
    let mut bytes = std::fs::read(&path).unwrap();
    let whole = bytes.clone();
    bytes.extend_from_slice(b"torn");
    let count = bytes.windows(5).position(|part| part == b"20000").unwrap();
    bytes[count..count + 5].copy_from_slice(b"19999");
    std::fs::write(&path, &bytes).unwrap();
    std::fs::write(folder.path().join("vectors-000009.npy"), "x").unwrap();
    let store = folder.open();
    let problems = store.verify(true, &mut |_| false).unwrap().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.repaired));
    assert!(!folder.path().join("vectors-000009.npy").exists());
    clean(&store);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    drop(store);

    let last = bytes.len() - 10;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let store = folder.open();
    let problems = store.verify(false, &mut |_| false).unwrap().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].what.contains("damaged") && !problems[0].repaired);
}

#[test]
fn a_second_writer_waits_its_turn() {
    for folder in Folder::each() {
        let (one, two) = (folder.create(), folder.open());
        std::thread::scope(|scope| {
            for (store, start) in [(&one, 0), (&two, 1000)] {
                scope.spawn(move || {
                    for id in start..start + 50 {
                        add(store, &[id], &[], Existing::Refuse).unwrap();
                    }
                });
            }
        });
        assert_eq!(rows(&one).len(), 100);
        assert_eq!(rows(&two), rows(&one));
        clean(&one);
    }
}
