//! The arithmetic of Annoy: however a sum is asked for, it is the same, and near the true one.

use anear_kernels::annoy::{Arithmetic, Norm, Rows, Sum};

/// Numbers that repeat from run to run.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn true_sum(sum: Sum, x: &[f32], y: &[f32]) -> f64 {
    let term = |(x, y): (&f32, &f32)| {
        let (x, y) = (f64::from(*x), f64::from(*y));
        match sum {
            Sum::Products => x * y,
            Sum::Squares => (x - y) * (x - y),
            Sum::Differences => (x - y).abs(),
        }
    };
    x.iter().zip(y).map(term).sum()
}

#[test]
fn all_ways_to_a_sum_give_the_same_bits() {
    for name in Arithmetic::names() {
        let arithmetic = Arithmetic::named(name).unwrap();
        assert_eq!(arithmetic.name(), name);
        for dim in (1..40).chain([63, 64, 65, 100, 257]) {
            let x = numbers(dim, 1);
            let words = numbers(20 * (dim + 3), 2);
            let starts: Vec<usize> = (0..20).map(|row| row * (dim + 3) + 3).collect();
            for sum in [Sum::Products, Sum::Squares, Sum::Differences] {
                let row = |start: usize| &words[start..start + dim];
                let one_by_one: Vec<f32> =
                    starts.iter().map(|start| arithmetic.sum(sum, row(*start), &x)).collect();
                for (start, found) in starts.iter().zip(&one_by_one) {
                    let expected = true_sum(sum, row(*start), &x);
                    let error = (f64::from(*found) - expected).abs();
                    assert!(error <= 1e-5 * dim as f64, "{name} {dim} {sum:?}: {found} {expected}");
                }
                let mut many = vec![0.0; starts.len()];
                arithmetic.sums(sum, &x, (&words, &starts), &starts[5..], &mut many);
                assert_eq!(many, one_by_one, "{name} {dim} {sum:?}");
                let two = arithmetic.two_sums(sum, [row(starts[4]), row(starts[7])], &x);
                assert_eq!(two[..], [one_by_one[4], one_by_one[7]], "{name} {dim} {sum:?}");
                let mut pairs = vec![0.0; starts.len()];
                let same = vec![0; starts.len()];
                arithmetic.pair_sums(sum, (&x, &same), (&words, &starts), dim, &mut pairs);
                assert_eq!(pairs, one_by_one, "{name} {dim} {sum:?}");
                // Rows with 1, 0, 9, 4 and 6 of the others.
                let rows = Rows { words: &x, starts: &[0; 5], ahead: &[0; 3], length: dim };
                let others = (&words[..], &starts[..], &[1, 1, 10, 14, 20][..]);
                let mut shared = vec![0.0; starts.len()];
                arithmetic.shared_sums(sum, rows, others, &mut shared);
                assert_eq!(shared, one_by_one, "{name} {dim} {sum:?}");
            }
            let squares = arithmetic.squares(&x, Norm::Vector);
            assert_eq!(squares, arithmetic.sum(Sum::Products, &x, &x), "{name} {dim}");
        }
    }
}

#[test]
fn the_plainest_target_adds_one_after_the_other() {
    let plain = Arithmetic::named("x86-64").unwrap();
    let (x, y) = (numbers(77, 3), numbers(77, 4));
    let in_order = x.iter().zip(&y).fold(0.0, |sum: f32, (x, y)| sum + x * y);
    assert_eq!(plain.sum(Sum::Products, &x, &y), in_order);
    assert!(Arithmetic::named("z80").is_none());
}

#[test]
fn angles_of_many_are_those_of_each() {
    let arithmetic = Arithmetic::native();
    let (mut products, mut norms) = (numbers(37, 6), numbers(37, 7));
    norms.iter_mut().for_each(|norm| *norm = norm.abs());
    norms[3] = 0.0;
    let one_by_one: Vec<f32> =
        norms.iter().zip(&products).map(|(norm, x)| arithmetic.angle(1.5, *norm, *x)).collect();
    let expected = 2.0 - 2.0 * f64::from(products[5]) / (1.5 * f64::from(norms[5])).sqrt();
    assert!((f64::from(one_by_one[5]) - expected).abs() < 1e-5 * expected.abs().max(1.0));
    assert_eq!(one_by_one[3], 2.0);
    arithmetic.angles(1.5, &norms, &mut products);
    assert_eq!(products, one_by_one);
}

#[test]
fn roots_and_means_are_near_the_true_ones() {
    for name in Arithmetic::names() {
        let arithmetic = Arithmetic::named(name).unwrap();
        for square in [1e-6f32, 0.3, 1.0, 2.0, 1e9] {
            let root = arithmetic.reciprocal_root(square);
            assert!((root * square.sqrt() - 1.0).abs() < 1e-6, "{name} {square}: {root}");
        }
        let mut roots: Vec<f32> = (0..60).map(|at| at as f32 - 2.0).collect();
        let squares = roots.clone();
        arithmetic.roots(&mut roots);
        for (root, square) in roots.iter().zip(squares) {
            assert!((root - square.max(0.0).sqrt()).abs() < 1e-5, "{name} {square}: {root}");
        }
        let (mut mean, row) = (vec![1.0f32; 21], numbers(21, 5));
        let squares = arithmetic.take_into_mean(&mut mean, 3.0, &row, 2.0, true);
        for (mean, x) in mean.iter().zip(&row) {
            assert!((mean - (3.0 + 2.0 * x) / 4.0).abs() < 1e-6, "{name}");
        }
        assert_eq!(squares, arithmetic.squares(&mean, Norm::Vector), "{name}");
    }
}
