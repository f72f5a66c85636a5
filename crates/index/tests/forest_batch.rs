//! Searching a forest for many queries at once gives what it gives for each by itself.

use anear_index::forest::{Ask, Forest, Growth, Hit, Scratch};
use anear_index::{Keep, RowSet};
use anear_testkit::random::Random;
use anear_types::Metric;

const DIM: usize = 33;
const ITEMS: u32 = 1_500;
/// More than go through a forest together.
const QUERIES: usize = 300;

fn vectors(count: usize, random: &mut Random) -> Vec<f32> {
    (0..count * DIM).map(|_| random.below(2_001) as f32 / 1_000.0 - 1.0).collect()
}

fn grown(metric: Metric, random: &mut Random) -> Forest {
    let mut forest = Forest::new(metric, DIM).unwrap();
    for (item, vector) in (0..ITEMS).zip(vectors(ITEMS as usize, random).chunks(DIM)) {
        if item % 7 != 3 {
            forest.add_item(item, vector).unwrap();
        }
    }
    forest.build(&Growth::trees(6), None).unwrap();
    forest
}

#[test]
fn a_batch_finds_what_single_queries_find() {
    let mut random = Random::new(11);
    let every_third: RowSet = (0..ITEMS).map(|item| item % 3 == 0).collect();
    let few = [4, 900, 901, 1_300];
    for metric in [
        Metric::Angular,
        Metric::Euclidean,
        Metric::Manhattan,
        Metric::InnerProduct,
        Metric::Hamming,
    ] {
        let forest = grown(metric, &mut random);
        let queries = vectors(QUERIES, &mut random);
        for keep in [Keep::All, Keep::Set(&every_third), Keep::Listed(&few)] {
            for search_k in [-1, 400, -2] {
                let ask = Ask { search_k, keep, ..Ask::nearest(9) };
                let mut scratch = Scratch::default();
                let mut alone = |query| forest.nearest(query, &ask, &mut scratch).unwrap();
                let expected: Vec<Vec<Hit>> = queries.chunks(DIM).map(&mut alone).collect();
                for threads in [1, 3] {
                    let found = forest.nearest_each(&queries, &ask, threads, None).unwrap();
                    assert_eq!(found, expected, "{metric} {ask:?}");
                }
            }
        }
        assert!(forest.nearest_each(&[], &Ask::nearest(3), 2, None).unwrap().is_empty());
    }
}
