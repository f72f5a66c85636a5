//! What is computed beside an index once many queries have asked for it, and changes no answer.

use anear_index::ann::{Queries, Settings, adopt};
use anear_index::flat::Goal;
use anear_index::making::{Training, Vectors, Work, add, from_factory, train};
use anear_testkit::random::Random;
use anear_types::Measure;

const DIM: usize = 300;
const ROWS: usize = 900;
/// More than are waited for.
const ROUNDS: usize = 60;

/// Rows of whole numbers, or of others.
fn rows(random: &mut Random, count: usize, whole: bool) -> Vec<f32> {
    let scale = if whole { 1.0 } else { 0.013 };
    let middles: Vec<f32> = (0..7 * DIM).map(|_| random.below(200) as f32).collect();
    let mut rows = Vec::new();
    for _ in 0..count {
        let middle = random.below(7) as usize * DIM;
        let near = |middle: &f32| (middle + random.below(56) as f32) * scale;
        rows.extend(middles[middle..][..DIM].iter().map(near));
    }
    rows
}

#[test]
fn answers_stay_the_same() {
    // Graphs and lists of floats, centroids worth codes, packed codes with whole vectors and without.
    let kinds =
        ["HNSW8,Flat", "IVF256,Flat", "IVF256,PQ12x4fs", "PQ12x4fs", "PQ10x4fs", "PQ30x4fs"];
    let mut random = Random::new(5);
    for (kind, whole) in kinds.iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        for measure in [Measure::L2, Measure::InnerProduct] {
            let values = rows(&mut random, ROWS + 5, whole);
            let (values, queries) = values.split_at(ROWS * DIM);
            let vectors = Vectors::Floats { values, dim: DIM };
            let mut parts = from_factory(kind, DIM, measure).unwrap();
            train(&mut parts, vectors, &Training::default(), &Work::default()).unwrap();
            add(&mut parts, vectors, None, &Work::default()).unwrap();
            let index = adopt(&parts.check().unwrap()).unwrap();
            let settings = Settings { probes: Some(8), effort: Some(40), ..Settings::default() };
            let ask = || {
                let one = |values| {
                    let query = Queries::Floats { values, dim: DIM };
                    let goal = Goal::Nearest { k: 10 };
                    index.search(query, goal, &settings).unwrap().remove(0)
                };
                queries.chunks_exact(DIM).map(one).collect::<Vec<_>>()
            };
            let first = ask();
            assert!(first.iter().all(|hits| hits.len() == 10), "{kind} {whole} {measure:?}");
            for round in 0..ROUNDS {
                assert_eq!(ask(), first, "{kind} {whole} {measure:?} {round}");
            }
        }
    }
}
