//! Indexes are made, filled and changed, and are found to hold what they should.

use anear_index::ann::{AnnIndex, Settings, adopt, search_in_threads};
use anear_index::flat::Goal;
use anear_index::making::{
    Map, Training, Vectors, Work, add, from_factory, merge, remove, reset, set_direct_map, train,
};
use anear_testkit::random::Random;
use anear_types::parts::{DirectMap, IndexParts, Storage, Structure};
use anear_types::{ErrorKind, Measure};

const DIM: usize = 16;

/// Rows in a few clusters.
fn rows(seed: u64, count: usize) -> Vec<f32> {
    let mut random = Random::new(seed);
    let float = |random: &mut Random| random.below(2000) as f32 / 1000.0 - 1.0;
    let centers: Vec<f32> = (0..5 * DIM).map(|_| 5.0 * float(&mut random)).collect();
    let mut all = Vec::new();
    for _ in 0..count {
        let center = random.below(5) as usize * DIM;
        all.extend((0..DIM).map(|at| centers[center + at] + float(&mut random)));
    }
    all
}

fn floats(values: &[f32]) -> Vectors<'_> {
    Vectors::Floats { values, dim: DIM }
}

fn trained(description: &str, values: &[f32]) -> IndexParts {
    let mut parts = from_factory(description, DIM, Measure::L2).unwrap();
    train(&mut parts, floats(values), &Training::default(), &Work::default()).unwrap();
    parts
}

fn put(parts: &mut IndexParts, values: &[f32], ids: Option<&[i64]>) {
    add(parts, floats(values), ids, &Work::default()).unwrap();
}

fn adopted(parts: &IndexParts) -> Box<dyn AnnIndex> {
    adopt(&parts.clone().check().unwrap()).unwrap()
}

/// The ids that are found for each row, with as much effort as there is.
fn found(parts: &IndexParts, values: &[f32], k: usize) -> Vec<Vec<i64>> {
    let settings = Settings {
        probes: Some(1000),
        effort: Some(200),
        factor: Some(4.0),
        ..Settings::default()
    };
    let goal = Goal::Nearest { k };
    let found = search_in_threads(&*adopted(parts), floats(values), goal, &settings, 2).unwrap();
    found.into_iter().map(|hits| hits.into_iter().map(|hit| hit.id).collect()).collect()
}

/// Kinds, and how many of a hundred rows they find themselves at least.
const KINDS: [(&str, usize); 35] = [
    ("Flat", 100),
    ("SQ8", 100),
    ("SQ6", 100),
    ("SQ4", 95),
    ("SQfp16", 100),
    ("SQbf16", 100),
    ("PQ8x4", 60),
    ("PQ4x5", 25),
    ("PQ8x4fs", 60),
    ("LSH64r", 50),
    ("LSHt", 15),
    ("RaBitQ", 5),
    ("RaBitQ4", 95),
    ("RaBitQfs", 7),
    ("RaBitQfs4_64", 95),
    ("IVF9,Flat", 100),
    ("IVF9,FlatDedup", 100),
    ("IVF9,SQ8", 100),
    ("IVF9,PQ8x4", 60),
    ("IVF9,PQ8x4fs", 60),
    ("IVF9,PQ8x4fsr_64", 60),
    ("IVF9,RaBitQ", 15),
    ("IVF9,RaBitQ5", 95),
    ("IVF9,RaBitQfs_64", 15),
    ("IVF9,RaBitQfs3", 95),
    ("IVF9_HNSW4,SQfp16", 100),
    ("IVF9(SQ8),Flat", 100),
    ("HNSW8", 98),
    ("HNSW8,SQ8", 98),
    ("PCA12,Flat", 95),
    ("PCAWR16,HNSW8", 95),
    ("RR16,L2norm,Pad20,Flat", 100),
    ("ITQ12,Flat", 95),
    ("OPQ4_8,PQ4x4", 10),
    ("IVF9,PQ8x4fs,RFlat", 95),
];

#[test]
fn rows_of_every_kind_find_themselves() {
    let values = rows(1, 500);
    for (description, least) in KINDS {
        let mut parts = trained(description, &values);
        put(&mut parts, &values[..200 * DIM], None);
        put(&mut parts, &values[200 * DIM..], None);
        assert_eq!(parts.rows, 500, "{description}");
        let found = found(&parts, &values[150 * DIM..250 * DIM], 1);
        let right = found.iter().zip(150..).filter(|(ids, row)| ids[..] == [*row]).count();
        assert!(right >= least, "{description}: {right} of 100");
    }
}

#[test]
fn threads_change_nothing() {
    let values = rows(2, 1500);
    for description in ["IVF9,PQ8x4", "HNSW8", "OPQ4_8,IVF3,SQ8", "IVF9,FlatDedup"] {
        let make = |threads| {
            let work = Work { threads, ..Work::default() };
            let mut parts = from_factory(description, DIM, Measure::L2).unwrap();
            train(&mut parts, floats(&values), &Training::default(), &work).unwrap();
            add(&mut parts, floats(&values), None, &work).unwrap();
            parts
        };
        assert_eq!(make(1), make(3), "{description}");
    }
}

#[test]
fn removed_rows_are_found_no_more() {
    let values = rows(3, 300);
    let is_meant = |id: i64| id % 3 == 1;
    for description in [
        "Flat",
        "SQ8",
        "PQ8x4fs",
        "RaBitQfs4",
        "IVF9,Flat",
        "IVF9,PQ8x4fs",
        "IVF9,RaBitQfs4",
        "IVF9,FlatDedup",
        "RR16,IVF9,SQ8",
    ] {
        let mut parts = trained(description, &values);
        put(&mut parts, &values, None);
        assert_eq!(remove(&mut parts, &is_meant).unwrap(), 100, "{description}");
        assert_eq!(parts.rows, 200);
        let ids = adopted(&parts).ids(0..200).unwrap();
        if description.contains("IVF") {
            let mut expected: Vec<i64> = (0..300).filter(|id| !is_meant(*id)).collect();
            let mut ids = ids;
            ids.sort_unstable();
            expected.sort_unstable();
            assert_eq!(ids, expected, "{description}");
            let found = found(&parts, &values[6 * DIM..7 * DIM], 1);
            assert!(description.contains("PQ") || found == [[6]], "{description}: {found:?}");
        } else {
            // Others have moved up: row 6 of before is the fifth now.
            let found = found(&parts, &values[6 * DIM..7 * DIM], 1);
            assert!(description.contains("PQ") || found == [[4]], "{description}: {found:?}");
        }
        put(&mut parts, &values[..DIM], None);
        adopted(&parts);
    }
}

#[test]
fn rows_of_an_id_map_go_with_their_ids() {
    let values = rows(4, 60);
    let ids: Vec<i64> = (0..60).map(|row| 1000 - 7 * row).collect();
    let mut parts = trained("IDMap2,SQ8", &values);
    put(&mut parts, &values, Some(&ids));
    assert_eq!(remove(&mut parts, &|id| id == 1000 || id == 1000 - 70).unwrap(), 2);
    assert_eq!(found(&parts, &values[11 * DIM..12 * DIM], 1), [[1000 - 77]]);
    let mut other = trained("IDMap2,SQ8", &values);
    put(&mut other, &values[..2 * DIM], Some(&[5, 6]));
    merge(&mut parts, other, 100).unwrap();
    assert_eq!(found(&parts, &values[..DIM], 1), [[105]]);
}

#[test]
fn equal_rows_are_stored_once_and_outlive_each_other() {
    let values = rows(5, 40);
    let mut parts = trained("IVF2,FlatDedup", &values);
    let twice: Vec<f32> = values.iter().chain(&values).copied().collect();
    put(&mut parts, &twice, None);
    let stored = |parts: &IndexParts| match &parts.structure {
        Structure::Inverted(lists) => {
            lists.lists.iter().flatten().map(|list| list.ids.len()).sum::<usize>()
        }
        _ => panic!(),
    };
    assert_eq!((stored(&parts), parts.rows), (40, 80));
    assert_eq!(found(&parts, &values[..DIM], 2), [[0, 40]]);
    assert_eq!(remove(&mut parts, &|id| id == 0 || id == 41).unwrap(), 2);
    assert_eq!((stored(&parts), parts.rows), (40, 78));
    assert_eq!(found(&parts, &values[..2 * DIM], 1), [[40], [1]]);
    adopted(&parts);
}

#[test]
fn direct_maps_are_kept() {
    let values = rows(6, 100);
    let mut parts = trained("IVF4,Flat", &values);
    put(&mut parts, &values[..50 * DIM], None);
    set_direct_map(&mut parts, Map::Array).unwrap();
    put(&mut parts, &values[50 * DIM..], None);
    let reconstructs = |parts: &IndexParts, id: i64, row: usize| {
        let mut told = vec![0.0; DIM];
        adopted(parts).reconstruct(id, &mut told).unwrap();
        assert_eq!(told, values[row * DIM..(row + 1) * DIM]);
    };
    reconstructs(&parts, 20, 20);
    reconstructs(&parts, 80, 80);
    let refused = |error: anear_types::Result<u64>| error.unwrap_err().kind();
    assert_eq!(refused(remove(&mut parts, &|id| id == 3)), ErrorKind::Unsupported);
    let with_ids = add(&mut parts, floats(&values[..DIM]), Some(&[7]), &Work::default());
    assert_eq!(with_ids.unwrap_err().kind(), ErrorKind::Usage);
    set_direct_map(&mut parts, Map::Pairs).unwrap();
    put(&mut parts, &values[..DIM], Some(&[500]));
    assert_eq!(remove(&mut parts, &|id| id % 2 == 1).unwrap(), 50);
    reconstructs(&parts, 80, 80);
    reconstructs(&parts, 500, 0);
    let Structure::Inverted(lists) = &parts.structure else { panic!() };
    assert!(matches!(&lists.direct_map, DirectMap::Pairs(pairs, _) if pairs.len() == 102));
}

#[test]
fn merged_indexes_hold_the_rows_of_both() {
    let values = rows(7, 120);
    for description in ["Flat", "PQ8x4fs", "IVF4,Flat", "IVF4,PQ8x4fsr", "PCA8,IVF4,SQ8"] {
        let empty = trained(description, &values);
        let (mut both, mut other, mut whole) = (empty.clone(), empty.clone(), empty);
        put(&mut both, &values[..50 * DIM], None);
        put(&mut other, &values[50 * DIM..], None);
        put(&mut whole, &values, None);
        let added = if description.contains("IVF") { 50 } else { 0 };
        merge(&mut both, other, added).unwrap();
        assert_eq!(both, whole, "{description}");
    }
    let (mut flat, other) = (trained("Flat", &values), trained("SQ8", &values));
    assert_eq!(merge(&mut flat, other, 0).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_graph_grows_as_if_it_were_made_at_once() {
    let values = rows(8, 200);
    let mut parts = trained("HNSW4,Flat", &values);
    put(&mut parts, &values[..150 * DIM], None);
    let Structure::Graph(graph) = &parts.structure else { panic!() };
    let levels = graph.levels.clone();
    put(&mut parts, &values[150 * DIM..], None);
    let mut whole = trained("HNSW4,Flat", &values);
    put(&mut whole, &values, None);
    let (Structure::Graph(grown), Structure::Graph(whole)) = (&parts.structure, &whole.structure)
    else {
        panic!()
    };
    assert_eq!((&grown.levels, &grown.levels[..150]), (&whole.levels, &levels[..]));
    assert_eq!(remove(&mut parts, &|_| true).unwrap_err().kind(), ErrorKind::Unsupported);
    reset(&mut parts);
    put(&mut parts, &values, None);
    let Structure::Graph(again) = &parts.structure else { panic!() };
    assert_eq!(again, whole);
}

#[test]
fn a_graph_without_its_rows_waits_for_them() {
    let values = rows(14, 150);
    for description in ["HNSW4,Flat", "HNSW4,SQ8", "HNSW4,PQ4x4np", "IDMap,HNSW4"] {
        let mut parts = trained(description, &values);
        let ids: Vec<i64> = (7..157).collect();
        put(&mut parts, &values, description.contains("IDMap").then_some(&ids));
        let (whole, expected) = (parts.clone(), found(&parts, &values, 3));
        let rows = swap_storage(&mut parts, None);
        let checked = parts.clone().check().unwrap();
        let refused = [
            adopt(&checked).err(),
            add(&mut parts, floats(&values), Some(&ids), &Work::default()).err(),
            add(&mut parts, floats(&values), None, &Work::default()).err(),
            train(&mut parts, floats(&values), &Training::default(), &Work::default()).err(),
        ];
        let kinds = refused.map(|error| error.unwrap().kind());
        assert_eq!(kinds.iter().filter(|kind| **kind == ErrorKind::Unsupported).count(), 3);
        assert_eq!(checked.into_parts(), parts, "{description}");
        swap_storage(&mut parts, Some(rows));
        assert_eq!(found(&parts, &values, 3), expected, "{description}");
        assert_eq!(parts, whole, "{description}");
        swap_storage(&mut parts, None);
        reset(&mut parts);
        assert_eq!(parts.check().unwrap().parts().rows, 0);
    }
}

/// Puts rows, or none, under the graph of an index, and gives those that were there.
fn swap_storage(parts: &mut IndexParts, storage: Option<Storage>) -> Storage {
    match &mut parts.structure {
        Structure::Graph(graph) => {
            let storage = storage.unwrap_or(Storage::Left(graph.storage.kind()));
            std::mem::replace(&mut graph.storage, storage)
        }
        Structure::IdMap(id_map) => swap_storage(&mut id_map.inner, storage),
        _ => panic!("no graph"),
    }
}

#[test]
fn rows_unlike_all_others_of_a_graph_find_each_other() {
    let values = rows(12, 5000);
    let mut parts = trained("HNSW8", &values);
    put(&mut parts, &values, None);
    let far: Vec<f32> = rows(13, 100).iter().map(|x| x + 100.0).collect();
    put(&mut parts, &far, None);
    let found = found(&parts, &far, 10);
    let right = found.iter().zip(5000..).filter(|(ids, row)| ids.contains(row)).count();
    let together = found.iter().flatten().filter(|id| **id >= 5000).count();
    assert!(right >= 99 && together >= 990, "{right} rows found, {together} near ones");
}

#[test]
fn indexes_of_bits_are_made_and_changed() {
    let mut random = Random::new(9);
    let bytes: Vec<u8> = (0..200 * 4).map(|_| random.number() as u8).collect();
    for description in ["BFlat", "BIVF4", "BIVF4_HNSW4", "BHNSW8", "IDMap,BFlat"] {
        let mut parts = from_factory(description, 32, Measure::Hamming).unwrap();
        let vectors = Vectors::Bits { bytes: &bytes, dim: 32 };
        train(&mut parts, vectors, &Training::default(), &Work::default()).unwrap();
        let ids: Vec<i64> = (0..200).collect();
        let ids = description.contains("IDMap").then_some(&ids[..]);
        add(&mut parts, vectors, ids, &Work::default()).unwrap();
        let settings = Settings { probes: Some(4), effort: Some(100), ..Settings::default() };
        let goal = Goal::Nearest { k: 1 };
        let found = search_in_threads(&*adopted(&parts), vectors, goal, &settings, 1).unwrap();
        let right = found.iter().zip(0..).filter(|(hits, row)| hits[0].id == *row).count();
        assert!(right >= 195, "{description}: {right}");
        let as_floats = add(&mut parts, floats(&[0.0; DIM]), ids, &Work::default());
        assert_eq!(as_floats.unwrap_err().kind(), ErrorKind::Usage);
    }
}

#[test]
fn what_faiss_refuses_is_refused() {
    let values = rows(10, 30);
    let kind = |parts: &mut IndexParts, ids: Option<&[i64]>| {
        let before = parts.clone();
        let error = add(parts, floats(&values[..2 * DIM]), ids, &Work::default()).unwrap_err();
        assert_eq!(*parts, before, "an error changes nothing");
        error.kind()
    };
    let mut untrained = from_factory("SQ8", DIM, Measure::L2).unwrap();
    assert_eq!(kind(&mut untrained, None), ErrorKind::Usage);
    let mut flat = trained("Flat", &values);
    assert_eq!(kind(&mut flat, Some(&[1, 2])), ErrorKind::Usage);
    let mut map = trained("IDMap,Flat", &values);
    assert_eq!(kind(&mut map, None), ErrorKind::Usage);
    assert_eq!(kind(&mut map, Some(&[1])), ErrorKind::Usage);
    let mut lists = from_factory("IVF31,Flat", DIM, Measure::L2).unwrap();
    let few = train(&mut lists, floats(&values), &Training::default(), &Work::default());
    assert_eq!(few.unwrap_err().kind(), ErrorKind::Usage);
    let mut not_finite = values.clone();
    not_finite[5] = f32::NAN;
    let mut lists = from_factory("IVF3,Flat", DIM, Measure::L2).unwrap();
    let bad = train(&mut lists, floats(&not_finite), &Training::default(), &Work::default());
    assert_eq!(bad.unwrap_err().kind(), ErrorKind::BadData);
    let stop = || true;
    let work = Work { interrupt: Some(&stop), ..Work::default() };
    let stopped = train(&mut lists, floats(&values), &Training::default(), &work);
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Interrupted);
}

#[test]
fn work_that_is_stopped_leaves_an_index_as_it_was() {
    let values = rows(11, 600);
    for description in ["HNSW4,SQ8", "IVF4,PQ8x4fs,RFlat", "IDMap,HNSW4", "IVF4,Flat"] {
        let mut parts = trained(description, &values);
        let ids: Vec<i64> = (0..600).collect();
        let own = |ids: &'_ [i64]| description.contains("IDMap").then(|| ids.to_vec());
        put(&mut parts, &values[..50 * DIM], own(&ids[..50]).as_deref());
        let before = parts.clone();
        let mut stopped = 0;
        for stops_at in 1.. {
            let questions = std::cell::Cell::new(0);
            let interrupt = || {
                questions.set(questions.get() + 1);
                questions.get() == stops_at
            };
            let work = Work { interrupt: Some(&interrupt), ..Work::default() };
            let ids = own(&ids[50..]);
            if add(&mut parts, floats(&values[50 * DIM..]), ids.as_deref(), &work).is_ok() {
                break;
            }
            assert_eq!(parts, before, "{description}, stopped at question {stops_at}");
            stopped += 1;
        }
        assert!(stopped > 1, "{description}");
        assert_eq!(parts.rows, 600, "{description}");
    }
}
