//! Files of trees with changes beside them, against a look at every item.

use anear_index::forest::{Amended, Ask, Forest, Growth, Hit, Scratch};
use anear_index::{Keep, RowSet};
use anear_io::Delta;
use anear_types::{ErrorKind, Metric};
use std::collections::BTreeMap;
use std::path::Path;

const METRICS: [Metric; 5] =
    [Metric::Angular, Metric::Euclidean, Metric::Manhattan, Metric::InnerProduct, Metric::Hamming];
const DIM: usize = 9;
const ITEMS: u32 = 300;

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, count: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(count)) as u32
    }

    fn vector(&mut self) -> Vec<f32> {
        (0..DIM).map(|_| self.below(1000) as f32 / 500.0 - 0.5).collect()
    }
}

type Model = BTreeMap<u32, Vec<f32>>;

/// A file of items with some numbers left out, and what is in it.
fn file(path: &Path, metric: Metric, random: &mut Random) -> Model {
    let mut forest = Forest::new(metric, DIM).unwrap();
    let mut model = Model::new();
    for item in (0..ITEMS).filter(|item| item % 11 != 3) {
        let vector = random.vector();
        forest.add_item(item, &vector).unwrap();
        model.insert(item, vector);
    }
    forest.build(&Growth::trees(5), None).unwrap();
    forest.save(path, false).unwrap();
    model
}

/// The nearest of those that pass, by a look at every one.
fn expected(metric: Metric, model: &Model, query: &[f32], k: usize) -> Vec<Hit> {
    let mut forest = Forest::new(metric, DIM).unwrap();
    for (item, vector) in model {
        forest.add_item(*item, vector).unwrap();
    }
    let all: Vec<u64> = model.keys().map(|item| u64::from(*item)).collect();
    let ask = Ask { fill: true, keep: Keep::Listed(&all), ..Ask::nearest(k) };
    forest.nearest(query, &ask, &mut Scratch::default()).unwrap()
}

fn check(amended: &Amended, metric: Metric, model: &Model, random: &mut Random) {
    for item in 0..amended.bound() as u32 + 2 {
        assert_eq!(amended.has_item(item), model.contains_key(&item), "{metric}, item {item}");
        let vector = amended.item_vector(item);
        if metric != Metric::Hamming {
            assert_eq!(vector.as_ref(), model.get(&item), "{metric}, item {item}");
        }
    }
    let query = random.vector();
    // As many as there are: then nothing hangs on trees.
    for k in [model.len(), model.len() + 50] {
        let found = amended.nearest_each(&query, k, Keep::All, 1, None).unwrap().remove(0);
        assert_eq!(found, expected(metric, model, &query, k), "{metric}");
    }
    let few = amended.nearest_each(&query, 7, Keep::All, 1, None).unwrap().remove(0);
    assert_eq!(few.len(), 7.min(model.len()), "{metric}");
    assert!(few.iter().all(|hit| model.contains_key(&hit.item)), "{metric}");
    // Filters, among them numbers that are gone or never were.
    let listed: Vec<u64> = (0..500).filter(|_| random.below(3) == 0).collect();
    let mut set = RowSet::none_of(500);
    listed.iter().for_each(|item| _ = set.insert(*item));
    let passing: Model = model
        .iter()
        .filter(|(item, _)| set.contains(u64::from(**item)))
        .map(|(item, vector)| (*item, vector.clone()))
        .collect();
    for keep in [Keep::Listed(&listed), Keep::Set(&set)] {
        let found = amended.nearest_each(&query, 400, keep, 2, None).unwrap().remove(0);
        assert_eq!(found, expected(metric, &passing, &query, 400), "{metric}");
        let found = amended.nearest_each(&query, 5, keep, 2, None).unwrap().remove(0);
        assert_eq!(found.len(), 5.min(passing.len()), "{metric}");
    }
}

#[test]
fn what_changed_is_found_with_the_rest_and_after_it_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    for metric in METRICS {
        let path = folder.path().join(format!("{metric}.ann"));
        let mut random = Random(7);
        let mut model = file(&path, metric, &mut random);
        let bytes = std::fs::read(&path).unwrap();
        let mut amended = Amended::open(&path, metric, DIM).unwrap();
        check(&amended, metric, &model, &mut random);
        for round in 0..6 {
            for _ in 0..60 {
                let item = random.below(ITEMS + 100);
                if random.below(2) == 0 {
                    assert_eq!(amended.delete(item), model.remove(&item).is_some());
                } else {
                    let vector = random.vector();
                    amended.put(item, &vector).unwrap();
                    model.insert(item, vector);
                }
            }
            check(&amended, metric, &model, &mut random);
            amended.save().unwrap();
            if round % 2 == 1 {
                let changes = amended.changes();
                amended = Amended::open(&path, metric, DIM).unwrap();
                assert_eq!(amended.changes(), changes);
                check(&amended, metric, &model, &mut random);
            }
        }
        (0..amended.bound() as u32).for_each(|item| _ = amended.delete(item));
        amended.save().unwrap();
        let amended = Amended::open(&path, metric, DIM).unwrap();
        check(&amended, metric, &Model::new(), &mut random);
        assert!(std::fs::read(&path).unwrap() == bytes, "the file itself stays as it is");
    }
}

#[test]
fn changes_go_with_their_file_and_its_vectors_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    file(&path, Metric::Angular, &mut Random(1));
    let mut amended = Amended::open(&path, Metric::Angular, DIM).unwrap();
    for (item, vector, kind) in [
        (1, vec![1.0; DIM - 1], ErrorKind::Usage),
        (1, vec![f32::NAN; DIM], ErrorKind::BadData),
        (u32::MAX, vec![1.0; DIM], ErrorKind::Usage),
    ] {
        assert_eq!(amended.put(item, &vector).unwrap_err().kind(), kind);
    }
    amended.put(i32::MAX as u32 - 1, &[2.0; DIM]).unwrap();
    amended.save().unwrap();
    assert_eq!(Amended::open(&path, Metric::Angular, DIM).unwrap().changes(), (1, 0));
    let kept = std::fs::read(Delta::path_for(&path)).unwrap();
    // A delta of another file, and one of vectors that are longer.
    file(&path, Metric::Angular, &mut Random(2));
    let error = Amended::open(&path, Metric::Angular, DIM).unwrap_err();
    assert!(error.to_string().contains("another") && error.help_text().is_some(), "{error}");
    file(&path, Metric::Angular, &mut Random(1));
    assert!(Amended::open(&path, Metric::Angular, DIM).is_ok());
    for cut in [0, 10, kept.len() / 2, kept.len() - 1] {
        std::fs::write(Delta::path_for(&path), &kept[..cut]).unwrap();
        let error = Amended::open(&path, Metric::Angular, DIM).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{cut}");
    }
}

#[test]
fn changes_that_were_kept_once_are_read_for_ever() {
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/annoy-delta/x.ann");
    let amended = Amended::open(&golden, Metric::Euclidean, 3).unwrap();
    assert_eq!(amended.changes(), (2, 1));
    let found = amended.nearest_each(&[4.0, 1.0, 2.0], 4, Keep::All, 1, None).unwrap();
    let items: Vec<u32> = found[0].iter().map(|hit| hit.item).collect();
    assert_eq!((items, found[0][1].distance), (vec![4, 11, 3, 6], 0.25));
}

#[test]
fn changes_are_whole_at_any_moment() {
    // A file is renamed when it is whole; what a reader finds is what a process leaves that is killed.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    file(&path, Metric::Euclidean, &mut Random(3));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut amended = Amended::open(&path, Metric::Euclidean, DIM).unwrap();
            for count in 0..100 {
                amended.put(1000 + count, &[count as f32; DIM]).unwrap();
                amended.save().unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let mut before = 0;
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let (added, _) = Amended::open(&path, Metric::Euclidean, DIM).unwrap().changes();
            assert!(added >= before, "{added} after {before}");
            before = added;
        }
    });
}
