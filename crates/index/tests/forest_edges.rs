//! Forests at the edges: without trees, and with numbers that are none.

use anear_index::forest::{Ask, Forest, Growth, Hit, Scratch};
use anear_types::{ErrorKind, Metric};

const METRICS: [Metric; 5] =
    [Metric::Angular, Metric::Euclidean, Metric::Manhattan, Metric::InnerProduct, Metric::Hamming];

/// Items with the numbers 0 to 9, of which 4 was never added.
fn with_a_gap(metric: Metric) -> Forest {
    let mut forest = Forest::new(metric, 3).unwrap();
    for item in (0..10).filter(|item| *item != 4) {
        forest.add_item(item, &[item as f32, 1.0, 0.25 * item as f32]).unwrap();
    }
    forest
}

fn items(hits: &[Hit]) -> Vec<u32> {
    hits.iter().map(|hit| hit.item).collect()
}

#[test]
fn a_file_without_trees_has_all_its_items() {
    let folder = tempfile::tempdir().unwrap();
    for metric in METRICS {
        let path = folder.path().join("x.ann");
        let mut forest = with_a_gap(metric);
        forest.build(&Growth::trees(0), None).unwrap();
        forest.save(&path, false).unwrap();
        let forest = Forest::load(&path, metric, 3, false).unwrap();
        assert_eq!((forest.len(), forest.trees()), (10, 0), "{metric}");
        assert!(forest.has_item(9) && !forest.has_item(4), "{metric}");
        let vector = if metric == Metric::Hamming { [1.0, 1.0, 1.0] } else { [9.0, 1.0, 2.25] };
        assert_eq!(forest.item_vector(9).unwrap(), vector, "{metric}");
        let mut scratch = Scratch::default();
        let ask = Ask::nearest(20);
        // No tree leads to an item; where as many as there are were asked for, all are looked at.
        assert_eq!(forest.nearest(&[9.0, 1.0, 2.25], &ask, &mut scratch).unwrap(), []);
        let ask = Ask { fill: true, ..ask };
        let found = forest.nearest(&[9.0, 1.0, 2.25], &ask, &mut scratch).unwrap();
        let each = forest.nearest_each(&[9.0, 1.0, 2.25], &ask, 1, None).unwrap();
        assert_eq!(each, std::slice::from_ref(&found), "{metric}");
        let mut found = items(&found);
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2, 3, 5, 6, 7, 8, 9], "{metric}");
    }
}

#[test]
fn one_item_is_not_taken_for_trees_and_trees_not_for_items() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    for metric in METRICS {
        for trees in [0, 1, 3] {
            let mut forest = Forest::new(metric, 3).unwrap();
            forest.add_item(0, &[1.0, 2.0, 3.0]).unwrap();
            forest.build(&Growth::trees(trees), None).unwrap();
            forest.save(&path, false).unwrap();
            assert_eq!(forest.len(), 1, "{metric}, {trees}");
            assert_eq!(forest.trees() == 0, trees == 0, "{metric}, {trees}");
            let ask = Ask { fill: true, ..Ask::nearest(3) };
            let found = forest.nearest(&[1.0, 2.0, 3.0], &ask, &mut Scratch::default()).unwrap();
            assert_eq!(items(&found), [0], "{metric}, {trees}");
        }
    }
}

#[test]
fn a_file_without_trees_holds_nothing_but_items() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    let mut forest = with_a_gap(Metric::Euclidean);
    forest.build(&Growth::trees(0), None).unwrap();
    forest.save(&path, false).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[3 * 28] = 7;
    let other = folder.path().join("y.ann");
    std::fs::write(&other, bytes).unwrap();
    let error = Forest::load(&other, Metric::Euclidean, 3, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("node 3"), "{error}");
}

#[test]
fn items_that_are_no_numbers_come_last() {
    for (metric, nan) in
        [Metric::Euclidean, Metric::Manhattan, Metric::InnerProduct, Metric::Angular]
            .into_iter()
            .flat_map(|metric| [(metric, f32::NAN), (metric, -f32::NAN)])
    {
        let mut forest = Forest::new(metric, 3).unwrap();
        for item in 0..60 {
            let third = if item == 7 { nan } else { 1.0 };
            forest.add_item(item, &[1.0 + item as f32, 2.0, third]).unwrap();
        }
        forest.build(&Growth::trees(4), None).unwrap();
        let ask = Ask { search_k: -2, ..Ask::nearest(60) };
        let mut scratch = Scratch::default();
        let found = forest.nearest(&[3.0, 2.0, 1.0], &ask, &mut scratch).unwrap();
        assert_eq!(found.len(), 60, "{metric}");
        assert_eq!(found[59].item, 7, "{metric}");
        // A query that is none is answered as well: all are equally far, by their numbers.
        let found = forest.nearest(&[3.0, nan, 1.0], &ask, &mut scratch).unwrap();
        assert_eq!(items(&found), (0..60).collect::<Vec<u32>>(), "{metric}");
    }
}
