//! Bytes as an Annoy file of every metric and dimension whose nodes fill it: what opens is searched
//! by vector, by item, many at once and among few, and ends in answers or an error.
#![no_main]

use anear_index::Keep;
use anear_index::forest::{Ask, Forest, Scratch};
use anear_io::Input;
use anear_types::{Metric, Result};

const METRICS: [Metric; 5] = [
    Metric::Angular,
    Metric::Euclidean,
    Metric::Manhattan,
    Metric::InnerProduct,
    Metric::Hamming,
];
/// The largest dimension tried; for bits, words of 64.
const MAX_DIM: usize = 40;

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        let input = Input::from_bytes("x.ann", bytes.to_vec());
        for metric in METRICS {
            let step = if metric == Metric::Hamming { 64 } else { 1 };
            for dim in (1..=MAX_DIM).map(|dim| dim * step) {
                let _ = search(&input, metric, dim);
            }
        }
    });
});

fn search(input: &Input, metric: Metric, dim: usize) -> Result<()> {
    let forest = Forest::from_input(input, metric, dim)?;
    let mut scratch = Scratch::default();
    let query = vec![1.0; dim];
    for search_k in [-1, 1, 100_000] {
        let ask = Ask { search_k, ..Ask::nearest(3) };
        let found = forest.nearest(&query, &ask, &mut scratch)?;
        assert!(found.len() <= 3 && found.iter().all(|hit| (hit.item as usize) < forest.len()));
        assert!(forest.nearest_each(&query.repeat(2), &ask, 1, None)?.len() == 2);
        let few = Ask { keep: Keep::Listed(&[0, 2]), fill: true, ..ask };
        let found = forest.nearest(&query, &few, &mut scratch)?;
        assert!(found.iter().all(|hit| hit.item == 0 || hit.item == 2));
    }
    for item in [0, 1].into_iter().filter(|item| (*item as usize) < forest.len()) {
        forest.nearest_to_item(item, &Ask::nearest(2), &mut scratch)?;
        forest.item_vector(item)?;
        forest.distance(item, 0)?;
    }
    Ok(())
}
