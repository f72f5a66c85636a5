//! Packed RaBitQ codes are searched by range, removed, merged and told like those that were packed at once.

use anear_index::ann::{AnnIndex, Hit, Settings, adopt, search_in_threads};
use anear_index::flat::Goal;
use anear_index::making::{Training, Vectors, Work, add, from_factory, merge, remove, train};
use anear_testkit::random::Random;
use anear_types::Measure;
use anear_types::parts::IndexParts;

const DIM: usize = 20;
const ROWS: usize = 150;
const KINDS: [&str; 7] = [
    "RaBitQfs",
    "RaBitQfs4",
    "RaBitQfs_64",
    "RaBitQfs3_64",
    "IVF4,RaBitQfs",
    "IVF4,RaBitQfs4",
    "IVF4,RaBitQfs3_64",
];

fn rows(seed: u64, count: usize) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..count * DIM).map(|_| random.below(2001) as f32 / 1000.0 - 1.0).collect()
}

fn floats(values: &[f32]) -> Vectors<'_> {
    Vectors::Floats { values, dim: DIM }
}

/// Every kind by every measure, trained.
fn empty() -> impl Iterator<Item = (String, IndexParts)> {
    let measures = [Measure::L2, Measure::InnerProduct];
    let kinds = KINDS.iter().flat_map(move |kind| measures.map(|measure| (*kind, measure)));
    kinds.map(|(kind, measure)| {
        let mut parts = from_factory(kind, DIM, measure).unwrap();
        let rows = rows(1, 200);
        train(&mut parts, floats(&rows), &Training::default(), &Work::default()).unwrap();
        (format!("{kind} by {measure}"), parts)
    })
}

/// Adds rows, with ids where the index takes some.
fn put(name: &str, parts: &mut IndexParts, values: &[f32], ids: &[i64]) {
    let ids = name.starts_with("IVF").then_some(ids);
    add(parts, floats(values), ids, &Work::default()).unwrap();
}

fn adopted(parts: &IndexParts) -> Box<dyn AnnIndex> {
    adopt(&parts.clone().check().unwrap()).unwrap()
}

fn search(parts: &IndexParts, queries: &[f32], goal: Goal) -> Vec<Vec<Hit>> {
    let settings = Settings { probes: Some(4), ..Settings::default() };
    search_in_threads(&*adopted(parts), floats(queries), goal, &settings, 1).unwrap()
}

/// Checks that two indexes tell the same of rows, by their ids, and find the same of all rows.
fn check_same(name: &str, found: &IndexParts, expected: &IndexParts, ids: &[i64]) {
    let (one, other) = (adopted(found), adopted(expected));
    assert_eq!(found.rows, expected.rows, "{name}");
    let told = |index: &dyn AnnIndex| -> Vec<Vec<f32>> {
        let ids_of_rows = index.ids(0..index.rows()).unwrap();
        let mut values = vec![0.0; ids_of_rows.len() * DIM];
        index.decode(0..index.rows(), &mut values).unwrap();
        let row = |id: &i64| {
            let row = ids_of_rows.iter().position(|other| other == id).unwrap();
            values[row * DIM..(row + 1) * DIM].to_vec()
        };
        ids.iter().map(row).collect()
    };
    assert_eq!(told(&*one), told(&*other), "{name}");
    // More than there are, so that none is left out for one that is nearer.
    let goal = Goal::Nearest { k: ROWS + 1 };
    let queries = rows(2, 5);
    let (one, other) = (search(found, &queries, goal), search(expected, &queries, goal));
    assert_eq!(one, other, "{name}");
    assert!(one.iter().all(|hits| hits.len() == ids.len()), "{name}");
}

#[test]
fn rows_within_a_radius_are_the_nearest_ones() {
    let (values, queries) = (rows(3, ROWS), rows(4, 8));
    let ids: Vec<i64> = (0..ROWS as i64).map(|row| 1000 - row).collect();
    for (name, mut parts) in empty() {
        put(&name, &mut parts, &values, &ids);
        let all = search(&parts, &queries, Goal::Nearest { k: ROWS + 1 });
        let has_one_bit = !name.contains("fs3") && !name.contains("fs4");
        let mut found_some = 0;
        for radius in [all[0][0].score, all[0][20].score, all[1][70].score, 1e9] {
            let how = adopted(&parts).how();
            let radius = f64::from(anear_index::ann::distance(how, radius));
            let within = search(&parts, &queries, Goal::Within { radius });
            for (within, all) in within.iter().zip(&all) {
                let bound = if name.ends_with("ip") { -radius } else { radius } as f32;
                let nearer: Vec<Hit> =
                    all.iter().filter(|hit| hit.score < bound).copied().collect();
                // Of several bits, rows are left out that their first bit puts a little too far.
                let left_out = nearer.iter().filter(|hit| !within.contains(hit)).count();
                let may_be_left_out = if has_one_bit { 0 } else { 1 + nearer.len() / 10 };
                assert!(left_out <= may_be_left_out, "{name}, {radius}: {left_out} are left out");
                assert_eq!(within.len(), nearer.len() - left_out, "{name}, {radius}");
                found_some += nearer.len();
            }
        }
        assert!(found_some > 8 * ROWS, "{name}");
    }
}

#[test]
fn removed_rows_leave_the_others_as_they_were() {
    let values = rows(5, ROWS);
    let ids: Vec<i64> = (0..ROWS as i64).collect();
    for (name, trained) in empty() {
        let mut parts = trained.clone();
        put(&name, &mut parts, &values, &ids);
        let is_meant = |id: i64| id % 4 == 1 || (64..100).contains(&id);
        let kept: Vec<i64> = ids.iter().copied().filter(|id| !is_meant(*id)).collect();
        let removed = remove(&mut parts, &is_meant).unwrap();
        assert_eq!(removed as usize, ROWS - kept.len(), "{name}");
        let row = |id: &i64| &values[*id as usize * DIM..][..DIM];
        let rest: Vec<f32> = kept.iter().flat_map(row).copied().collect();
        let mut expected = trained;
        put(&name, &mut expected, &rest, &kept);
        let numbers: Vec<i64> = (0..kept.len() as i64).collect();
        let has_ids = name.starts_with("IVF");
        check_same(&name, &parts, &expected, if has_ids { &kept } else { &numbers });
    }
}

#[test]
fn merged_and_added_rows_are_as_if_added_at_once() {
    let values = rows(6, ROWS);
    let ids: Vec<i64> = (0..ROWS as i64).collect();
    for (name, trained) in empty() {
        let (mut parts, mut other, mut expected) = (trained.clone(), trained.clone(), trained);
        put(&name, &mut parts, &values[..70 * DIM], &ids[..70]);
        put(&name, &mut other, &values[70 * DIM..110 * DIM], &ids[..40]);
        let added = if name.starts_with("IVF") { 70 } else { 0 };
        merge(&mut parts, other, added).unwrap();
        put(&name, &mut parts, &values[110 * DIM..], &ids[110..]);
        put(&name, &mut expected, &values, &ids);
        assert_eq!(parts, expected, "{name}");
        check_same(&name, &parts, &expected, &ids);
    }
}
