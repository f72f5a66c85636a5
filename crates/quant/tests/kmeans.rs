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

/// Rows around as many centers, of which each has twice as many as the one before.
fn skewed(centers: usize) -> Vec<f32> {
    let mut random = Random::new(5);
    let mut noise = || random.below(1000) as f32 / 250.0 - 2.0;
    let around = |at: usize| std::iter::repeat_n(10.0 * at as f32, 4 << at);
    let row = |height: f32| [noise(), noise(), noise() + height];
    (0..centers).flat_map(around).flat_map(row).collect()
}

fn sizes(numbers: &[u32], k: usize) -> Vec<usize> {
    (0..k as u32).map(|number| numbers.iter().filter(|at| **at == number).count()).collect()
}

#[test]
fn balanced_centroids_have_as_many_rows_each() {
    let rows = skewed(8);
    let count = rows.len() / DIM;
    for measure in [Measure::L2, Measure::InnerProduct, Measure::Manhattan] {
        let how = How { measure, argument: 0.0 };
        for (k, balance) in [(8, 1.0), (10, 1.0), (40, 1.5)] {
            let plain = KmeansSettings { how, iterations: 12, ..KmeansSettings::default() };
            let settings = KmeansSettings { balance: Some(balance), ..plain };
            let found = |threads| {
                let work = Work { threads, ..Work::default() };
                kmeans(&rows, DIM, k, &settings, &work).unwrap()
            };
            let balanced = found(1);
            assert_eq!(balanced, found(3), "threads change nothing");
            let last = balanced.iterations.last().unwrap();
            assert!(last.imbalance <= f64::from(balance) * 1.1, "{measure}: {}", last.imbalance);
            let assigner = Assigner::new(&balanced.centroids, DIM, how);
            let work = Work::default();
            let assigned = assigner.assign_balanced(&rows, balance, &work).unwrap();
            let most = (count as f32 / k as f32 * balance).ceil() as usize;
            let sizes = sizes(&assigned.numbers, k);
            assert!(sizes.iter().all(|size| *size <= most), "{measure}: {sizes:?}, {most} at most");
            // The longest centroid is the one with the largest product for nearly all rows.
            if measure != Measure::InnerProduct {
                let nearest = assigner.assign(&rows, &work).unwrap();
                let same = nearest.numbers.iter().zip(&assigned.numbers).filter(|(x, y)| x == y);
                assert!(same.count() >= count / 2, "most rows are with their nearest");
                assert!(balanced.objective() < balanced.iterations[0].objective);
            }
            let told = assigned.numbers.iter().zip(&assigned.distances);
            for (row, (number, distance)) in told.enumerate().step_by(50) {
                let alone = Assigner::new(one_of(&balanced.centroids, *number as usize), DIM, how);
                let alone = alone.assign(one_of(&rows, row), &work).unwrap().distances[0];
                assert!((alone - distance).abs() <= 1e-3 * (1.0 + alone.abs()), "{measure}");
            }
        }
    }
}

fn one_of(rows: &[f32], row: usize) -> &[f32] {
    &rows[row * DIM..][..DIM]
}

#[test]
fn rows_move_where_they_lose_little() {
    let mut random = Random::new(8);
    let how = How { measure: Measure::L2, argument: 0.0 };
    let (mut all, mut least) = (0.0, 0.0);
    for _ in 0..20 {
        let mut some = |count: usize| -> Vec<f32> {
            (0..count * DIM).map(|_| random.below(100) as f32 / 10.0).collect()
        };
        let (rows, centroids) = (some(9), some(3));
        let assigner = Assigner::new(&centroids, DIM, how);
        let found = assigner.assign_balanced(&rows, 1.0, &Work::default()).unwrap();
        assert_eq!(sizes(&found.numbers, 3), [3, 3, 3]);
        all += found.distances.iter().sum::<f32>();
        // Every way to share nine rows out evenly.
        let ways = (0..3u32.pow(9))
            .map(|way| -> Vec<u32> { (0..9).map(|row| way / 3u32.pow(row) % 3).collect() });
        let even = ways.filter(|numbers| sizes(numbers, 3) == [3, 3, 3]);
        least += even.map(|numbers| squares(&rows, &centroids, &numbers)).fold(f32::MAX, f32::min);
    }
    assert!(all <= 1.1 * least, "{all}, {least} at best");
}

fn squares(rows: &[f32], centroids: &[f32], numbers: &[u32]) -> f32 {
    let square = |(row, number): (usize, &u32)| -> f32 {
        let terms = one_of(rows, row).iter().zip(one_of(centroids, *number as usize));
        terms.map(|(x, y)| (x - y) * (x - y)).sum()
    };
    numbers.iter().enumerate().map(square).sum()
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
    for balance in [0.9, f32::NAN] {
        let balance = Some(balance);
        assert_eq!(kind(&rows, 2, &KmeansSettings { balance, ..usual }), ErrorKind::Usage);
    }
    assert_eq!(
        kind(&rows, 2, &KmeansSettings { weights: Some(&[1.0]), ..usual }),
        ErrorKind::Usage
    );
    let mut bad = rows.clone();
    bad[4] = f32::INFINITY;
    assert_eq!(kind(&bad, 2, &usual), ErrorKind::BadData);
}
