//! Forests that are built in a file: the bytes of those built in memory, or no forest at all.

use anear_index::forest::{Ask, Forest, Growth, Scratch};
use anear_types::{ErrorKind, Metric};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

const METRICS: [Metric; 5] =
    [Metric::Angular, Metric::Euclidean, Metric::Manhattan, Metric::InnerProduct, Metric::Hamming];
const DIM: usize = 2;

/// Numbers that look random.
fn vector(item: u32) -> [f32; DIM] {
    let mixed = |salt: u32| (item ^ salt).wrapping_mul(0x9e37_79b1).rotate_left(13) as i32;
    [mixed(1) as f32 / 1e9, mixed(77) as f32 / 1e9]
}

fn add(forest: &mut Forest, items: impl Iterator<Item = u32>) {
    items.for_each(|item| forest.add_item(item, &vector(item)).unwrap());
}

fn in_memory(metric: Metric, items: &[u32], growth: &Growth, path: &Path) -> Vec<u8> {
    let mut forest = Forest::new(metric, DIM).unwrap();
    add(&mut forest, items.iter().copied());
    forest.build(growth, None).unwrap();
    forest.save(path, false).unwrap();
    std::fs::read(path).unwrap()
}

fn on_disk(metric: Metric, path: &Path) -> Forest {
    let mut forest = Forest::new(metric, DIM).unwrap();
    forest.on_disk_build(path).unwrap();
    forest
}

#[test]
fn the_file_is_that_of_a_build_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, disk) = (folder.path().join("memory.ann"), folder.path().join("disk.ann"));
    let many: Vec<u32> = (0..6_000).filter(|item| item % 7 != 3).collect();
    let few: Vec<u32> = vec![5, 2, 9, 0];
    for metric in METRICS {
        for (items, growth) in [
            (&many, Growth::trees(12)),
            (&many, Growth::trees(11).on_threads(2)),
            (&many, Growth::trees(5).on_threads(2).each_alone()),
            (&many, Growth::trees(-1).on_threads(3)),
            (&few, Growth::trees(3)),
            (&few, Growth::trees(0)),
        ] {
            let expected = in_memory(metric, items, &growth, &memory);
            let mut forest = on_disk(metric, &disk);
            add(&mut forest, items.iter().copied());
            forest.build(&growth, None).unwrap();
            let place = format!("{metric}, {} items, {growth:?}", items.len());
            assert!(std::fs::read(&disk).unwrap() == expected, "{place}");
            let loaded = Forest::load(&memory, metric, DIM, false).unwrap();
            let ask = Ask::nearest(5);
            let answer = |forest: &Forest| {
                forest.nearest(&vector(4), &ask, &mut Scratch::default()).unwrap()
            };
            assert_eq!(answer(&forest), answer(&loaded), "{place}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }
}

#[test]
fn an_interrupted_build_leaves_no_forest_and_can_be_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, disk) = (folder.path().join("memory.ann"), folder.path().join("disk.ann"));
    let items: Vec<u32> = (0..6_000).collect();
    let growth = Growth::trees(12);
    let expected = in_memory(Metric::Euclidean, &items, &growth, &memory);
    let mut forest = on_disk(Metric::Euclidean, &disk);
    let is_none = || Forest::load(&disk, Metric::Euclidean, DIM, false).unwrap_err().to_string();
    assert!(is_none().contains("not a multiple"));
    add(&mut forest, items.iter().copied());
    assert!(is_none().contains("not a multiple"));
    let asked = AtomicUsize::new(0);
    let soon = || {
        let asked = asked.fetch_add(1, Ordering::Relaxed);
        assert!(!asked.is_multiple_of(2000) || is_none().contains("not a multiple"));
        asked > 20_000
    };
    let error = forest.build(&growth, Some(&soon)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(is_none().contains("not a multiple"));
    forest.build(&growth, None).unwrap();
    assert!(std::fs::read(&disk).unwrap() == expected);
}

#[test]
fn trees_in_a_file_are_taken_away_and_items_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, disk) = (folder.path().join("memory.ann"), folder.path().join("disk.ann"));
    let growth = Growth::trees(4);
    let mut forest = Forest::new(Metric::Angular, DIM).unwrap();
    add(&mut forest, 0..50); // those there are go along
    forest.on_disk_build(&disk).unwrap();
    add(&mut forest, 50..100);
    assert_eq!(forest.item_vector(7).unwrap(), vector(7));
    forest.build(&growth, None).unwrap();
    // Over the trees there were, numbers that are left out have to be empty.
    forest.unbuild().unwrap();
    assert!(Forest::load(&disk, Metric::Angular, DIM, false).is_err());
    add(&mut forest, (100..400).filter(|item| item % 2 == 0));
    forest.build(&growth, None).unwrap();
    let items: Vec<u32> = (0..100).chain((100..400).filter(|item| item % 2 == 0)).collect();
    let expected = in_memory(Metric::Angular, &items, &growth, &memory);
    assert!(std::fs::read(&disk).unwrap() == expected);

    forest.add_item(3, &[5.0, 6.0]).unwrap();
    assert!(forest.add_item(400, &[5.0, 6.0]).is_err());
    let loaded = Forest::load(&disk, Metric::Angular, DIM, false).unwrap();
    assert_eq!(loaded.item_vector(3).unwrap(), [5.0, 6.0]);
    assert_eq!((loaded.len(), loaded.trees()), (forest.len(), forest.trees()));
    forest.unload();
    assert!(!forest.is_on_disk() && forest.is_empty());
}
