//! K-means finds clusters, and does what its settings say.

use anear_quant::kmeans::{Assigner, KmeansSettings, kmeans};
use anear_quant::{How, Work};
use anear_testkit::random::Random;
use anear_types::{ErrorKind, Measure};

const DIM: usize = 3;

/// Rows around the corners `(0, 0, 10 * cluster)`, as many in each.
fn clusters(count: usize, each: usize) -> Vec<f32> {
    let mut random = Random::new(1);
    let mut row = |at: usize| {
        let mut noise = || random.below(1000) as f32 / 1000.0 - 0.5;
        [noise(), noise(), noise() + 10.0 * (at % count) as f32]
    };
    (0..count * each).flat_map(&mut row).collect()
}

fn run(rows: &[f32], k: usize, settings: &KmeansSettings<'_>) -> (Vec<f32>, f32) {
    let found = kmeans(rows, DIM, k, settings, &Work::default()).unwrap();
    (found.centroids.clone(), found.objective())
}

#[test]
fn each_cluster_has_a_centroid() {
    let rows = clusters(6, 50);
    let settings = KmeansSettings { redo: 8, ..KmeansSettings::default() };
    let (centroids, objective) = run(&rows, 6, &settings);
    let mut heights: Vec<f32> = centroids.chunks(DIM).map(|row| (row[2] / 10.0).round()).collect();
    heights.sort_unstable_by(f32::total_cmp);
    assert_eq!(heights, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert!(objective < 0.3 * 300.0, "{objective}");
    assert!(objective <= run(&rows, 6, &KmeansSettings::default()).1, "the best of several");
}

#[test]
fn assigned_centroids_are_the_nearest_by_every_measure() {
    let (rows, centroids) = (clusters(5, 20), clusters(3, 7));
    let plain = |measure: Measure, x: &[f32], y: &[f32]| -> f32 {
        let terms = x.iter().zip(y);
        match measure {
            Measure::L2 => terms.map(|(x, y)| (x - y) * (x - y)).sum(),
            Measure::InnerProduct => -terms.map(|(x, y)| x * y).sum::<f32>(),
            _ => terms.map(|(x, y)| (x - y).abs()).sum(),
        }
    };
    for measure in [Measure::L2, Measure::InnerProduct, Measure::Manhattan] {
        let how = How { measure, argument: 0.0 };
        let work = Work { threads: 2, ..Work::default() };
        let found = Assigner::new(&centroids, DIM, how).assign(&rows, &work).unwrap();
        for (row, values) in rows.chunks(DIM).enumerate() {
            let score = |centroid: &[f32]| plain(measure, values, centroid);
            let least = centroids.chunks(DIM).map(score).fold(f32::INFINITY, f32::min);
            let number = found.numbers[row] as usize;
            assert!(score(&centroids[number * DIM..][..DIM]) <= least + 1e-3);
            let sign = if measure == Measure::InnerProduct { -1.0 } else { 1.0 };
            assert!((sign * found.distances[row] - least).abs() < 1e-3, "{measure}");
        }
    }
}

#[test]
fn centroids_without_rows_take_half_of_others() {
    // Most rows are the same, so most of the centroids that are drawn are too.
    let mut rows = vec![1.0; 90 * DIM];
    rows.extend(clusters(10, 1));
    let found = kmeans(&rows, DIM, 12, &KmeansSettings::default(), &Work::default()).unwrap();
    assert!(found.iterations[0].splits > 0);
    assert!(found.iterations[0].imbalance > 2.0);
    assert!(found.objective() < found.iterations[0].objective);
}

#[test]
fn settings_are_heeded() {
    let rows = clusters(4, 30);
    let unit = KmeansSettings { spherical: true, ..KmeansSettings::default() };
    for row in run(&rows, 4, &unit).0.chunks(DIM) {
        let square: f32 = row.iter().map(|x| x * x).sum();
        assert!((square - 1.0).abs() < 1e-5);
    }
    let whole = KmeansSettings { integer: true, ..KmeansSettings::default() };
    assert!(run(&rows, 4, &whole).0.iter().all(|x| x.fract() == 0.0));
    let initial = [7.0, 7.0, 7.0];
    let frozen = KmeansSettings { initial: &initial, frozen: true, ..KmeansSettings::default() };
    assert_eq!(run(&rows, 4, &frozen).0[..DIM], initial);
    let mut weights = vec![0.0; 120];
    weights[5] = 2.0;
    let weighed = KmeansSettings { weights: Some(&weights), ..KmeansSettings::default() };
    assert_eq!(run(&rows, 1, &weighed).0, rows[5 * DIM..6 * DIM]);
    let few = KmeansSettings { max_points: 2, ..KmeansSettings::default() };
    assert_ne!(run(&rows, 4, &few), run(&rows, 4, &KmeansSettings::default()));
    assert_eq!(run(&rows, 120, &KmeansSettings::default()).0, rows, "a centroid for each row");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let rows = clusters(2, 5);
    let kind = |rows: &[f32], k: usize, settings: &KmeansSettings<'_>| {
        kmeans(rows, DIM, k, settings, &Work::default()).unwrap_err().kind()
    };
    let usual = KmeansSettings::default();
    assert_eq!(kind(&rows, 11, &usual), ErrorKind::Usage);
    assert_eq!(kind(&rows, 0, &usual), ErrorKind::Usage);
    assert_eq!(kind(&rows, 2, &KmeansSettings { max_points: 0, ..usual }), ErrorKind::Usage);
    assert_eq!(kind(&rows, 2, &KmeansSettings { initial: &[1.0], ..usual }), ErrorKind::Usage);
    assert_eq!(
        kind(&rows, 2, &KmeansSettings { weights: Some(&[1.0]), ..usual }),
        ErrorKind::Usage
    );
    let mut bad = rows.clone();
    bad[4] = f32::INFINITY;
    assert_eq!(kind(&bad, 2, &usual), ErrorKind::BadData);
}
