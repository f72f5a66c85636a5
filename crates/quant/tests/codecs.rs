//! Every codec decodes as its formula says, and scores codes as the rows they stand for.

use anear_kernels::lookup::near::{PIECE, Taker};
use anear_quant::bits::Bits;
use anear_quant::lsh::Lsh;
use anear_quant::packed::Layout;
use anear_quant::product::{Packed, Product};
use anear_quant::rabitq::{self, Rabitq};
use anear_quant::raw::Raw;
use anear_quant::scalar::Scalar;
use anear_quant::transform::Transform;
use anear_quant::two_level::TwoLevel;
use anear_quant::{Codec, How, Query, Rounding, Scorer};
use anear_testkit::random::Random;
use anear_types::parts::{
    Blocks, CodecParts, LinearOrigin, LshParts, ProductParts, RabitqParts, ScalarKind,
    TransformKind, TransformParts,
};
use anear_types::{ErrorKind, Measure};
use half::{bf16, f16};

fn floats(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.below(2001) as f32 / 500.0 - 2.0).collect()
}

fn bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.number() as u8).collect()
}

/// `bits` bits of a code from a bit on, the lowest first.
fn number(code: &[u8], first: usize, bits: usize) -> usize {
    (0..bits).fold(0, |number, bit| {
        let at = first + bit;
        number | usize::from(code[at / 8] >> (at % 8) & 1) << bit
    })
}

fn plain_score(measure: Measure, exponent: f64, query: &[f32], row: &[f32]) -> f64 {
    let pairs = || query.iter().zip(row).map(|(x, y)| (f64::from(*x), f64::from(*y)));
    match measure {
        Measure::InnerProduct => -pairs().map(|(x, y)| x * y).sum::<f64>(),
        Measure::L2 => pairs().map(|(x, y)| (x - y).powi(2)).sum(),
        Measure::Manhattan => pairs().map(|(x, y)| (x - y).abs()).sum(),
        Measure::Chebyshev => pairs().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max),
        Measure::Lp => pairs().map(|(x, y)| (x - y).abs().powf(exponent)).sum(),
        Measure::Canberra => pairs().map(|(x, y)| (x - y).abs() / (x.abs() + y.abs())).sum(),
        Measure::BrayCurtis => {
            let apart: f64 = pairs().map(|(x, y)| (x - y).abs()).sum();
            apart / pairs().map(|(x, y)| (x + y).abs()).sum::<f64>()
        }
        Measure::JensenShannon => {
            let half = |x: f64, y: f64| 0.5 * x * (2.0 * x / (x + y)).ln();
            pairs().map(|(x, y)| half(x, y) + half(y, x)).sum()
        }
        Measure::Jaccard => {
            let both: f64 = pairs().map(|(x, y)| x.min(y)).sum();
            -both / pairs().map(|(x, y)| x.max(y)).sum::<f64>()
        }
        Measure::NanEuclidean => {
            let known = || pairs().filter(|(x, y)| !x.is_nan() && !y.is_nan());
            let squares: f64 = known().map(|(x, y)| (x - y).powi(2)).sum();
            squares * query.len() as f64 / known().count() as f64
        }
        Measure::Gower => {
            let known = || pairs().filter(|(x, y)| !x.is_nan() && !y.is_nan());
            let apart = |(x, y): (f64, f64)| match x < 0.0 {
                true => f64::from(u8::from(x != y)),
                false => (x - y).abs(),
            };
            known().map(apart).sum::<f64>() / known().count() as f64
        }
        Measure::Hamming => unreachable!("of bits"),
    }
}

fn assert_close(found: f32, expected: f64, place: &str) {
    let tolerance = 3e-5 * expected.abs().max(1.0);
    assert!((f64::from(found) - expected).abs() <= tolerance, "{place}: {found}, {expected}");
}

/// Checks blocks, gathered codes and differences to a center against decoded rows.
fn check_scores(codec: &dyn Codec, codes: &[u8], query: &[f32], measures: &[Measure]) {
    let (dim, count) = (codec.dim(), codes.len() / codec.code_bytes());
    let mut rows = vec![0.0; count * dim];
    codec.decode(codes, &mut rows);
    let numbers: Vec<u32> = (0..count as u32).rev().step_by(3).collect();
    for measure in measures {
        let place = format!("{codec:.20?} {measure}");
        let how = How { measure: *measure, argument: 3.0 };
        let expected = |row: usize, query: &[f32]| {
            plain_score(*measure, 3.0, query, &rows[row * dim..][..dim])
        };
        let mut scorer = codec.scorer(Query::Floats(query), how).unwrap();
        let mut scores = vec![0.0; count];
        scorer.block(codes, &mut scores);
        for (row, score) in scores.iter().enumerate() {
            assert_close(*score, expected(row, query), &place);
        }
        let mut gathered = vec![0.0; numbers.len()];
        scorer.gather(codes, &numbers, &mut gathered);
        for (number, score) in numbers.iter().zip(&gathered) {
            assert_close(*score, expected(*number as usize, query), &place);
        }
        if matches!(measure, Measure::L2 | Measure::InnerProduct) {
            let center: Vec<f32> = query.iter().rev().map(|component| component * 0.5).collect();
            scorer.announce(&[(0, &center)]);
            scorer.center_at(0, &center);
            scorer.block(codes, &mut scores);
            add_own_terms(codec, &center, codes, how, &mut scores);
            for (row, score) in scores.iter().enumerate() {
                let row = rows[row * dim..][..dim].iter().zip(&center).map(|(x, y)| x + y);
                let row: Vec<f32> = row.collect();
                assert_close(*score, plain_score(*measure, 3.0, query, &row), &place);
            }
        }
    }
}

#[test]
fn raw_rows_are_scored_by_every_measure() {
    let mut random = Random::new(1);
    for dim in [1, 7, 32, 100] {
        let rows: Vec<f32> = floats(&mut random, 50 * dim).iter().map(|x| x.abs() / 2.0).collect();
        let query: Vec<f32> =
            floats(&mut random, dim).iter().map(|x| x.abs() / 2.0 + 1e-3).collect();
        let codes: Vec<u8> = rows.iter().flat_map(|component| component.to_le_bytes()).collect();
        let measures = [
            Measure::InnerProduct,
            Measure::L2,
            Measure::Manhattan,
            Measure::Chebyshev,
            Measure::Lp,
            Measure::Canberra,
            Measure::BrayCurtis,
            Measure::Jaccard,
            Measure::NanEuclidean,
            Measure::Gower,
        ];
        check_scores(&Raw::new(dim), &codes, &query, &measures);
        let positive = rows.iter().flat_map(|component| (component + 0.01).to_le_bytes());
        let positive: Vec<u8> = positive.collect();
        check_scores(&Raw::new(dim), &positive, &query, &[Measure::JensenShannon]);
    }
}

#[test]
fn what_is_missing_counts_as_the_rest() {
    let row = [1.0, f32::NAN, 3.0, -1.0];
    let codes: Vec<u8> = row.iter().flat_map(|component: &f32| component.to_le_bytes()).collect();
    let score = |query: &[f32], measure| {
        let raw = Raw::new(4);
        let how = How { measure, argument: 0.0 };
        let mut score = [0.0];
        raw.scorer(Query::Floats(query), how).unwrap().block(&codes, &mut score);
        score[0]
    };
    assert_eq!(score(&[0.0, 9.0, f32::NAN, 1.0], Measure::NanEuclidean), 2.0 * (1.0 + 4.0));
    assert!(score(&[0.0, 9.0, f32::NAN, 1.0], Measure::Gower).is_nan(), "a number and a category");
    assert_eq!(score(&[0.5, 9.0, f32::NAN, -2.0], Measure::Gower), (0.5 + 1.0) / 2.0);
    assert!(score(&[0.0; 4], Measure::L2).is_nan());
}

#[test]
fn scalar_codes_are_steps_between_two_values() {
    let mut random = Random::new(2);
    for (bits, uniform) in [(4, false), (4, true), (6, false), (8, false), (8, true)] {
        for dim in [1, 2, 3, 5, 8, 33] {
            let kind = ScalarKind::Steps { bits, uniform };
            let learned: Vec<f32> =
                floats(&mut random, kind.learned(dim)).iter().map(|x| x.abs()).collect();
            let scalar = Scalar::new(kind, dim, &learned);
            let codes = bytes(&mut random, 40 * scalar.code_bytes());
            let mut rows = vec![0.0; 40 * dim];
            scalar.decode(&codes, &mut rows);
            let (leasts, extents) = learned.split_at(learned.len() / 2);
            for (at, found) in rows.iter().enumerate() {
                let (row, component) = (at / dim, at % dim);
                let code = &codes[row * scalar.code_bytes()..][..scalar.code_bytes()];
                let code = number(code, component * bits as usize, bits as usize) as f64;
                let of = if uniform { 0 } else { component };
                let share = (code + 0.5) / f64::from((1 << bits) - 1);
                let expected = f64::from(leasts[of]) + f64::from(extents[of]) * share;
                assert_close(*found, expected, &format!("{bits} bits, {component}"));
            }
            let query = floats(&mut random, dim);
            check_scores(&scalar, &codes, &query, &[Measure::L2, Measure::InnerProduct]);
        }
    }
}

#[test]
fn small_floats_and_whole_numbers_are_widened() {
    let mut random = Random::new(3);
    let dim = 5;
    let halves = floats(&mut random, 20 * dim);
    let decode = |kind, codes: &[u8]| {
        let scalar = Scalar::new(kind, dim, &[]);
        let mut rows = vec![0.0; codes.len() / scalar.code_bytes() * dim];
        scalar.decode(codes, &mut rows);
        rows
    };
    let as_f16 = halves.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes());
    let expected: Vec<f32> = halves.iter().map(|value| f16::from_f32(*value).to_f32()).collect();
    assert_eq!(decode(ScalarKind::F16, &as_f16.collect::<Vec<u8>>()), expected);
    let as_bf16 = halves.iter().flat_map(|value| bf16::from_f32(*value).to_le_bytes());
    let expected: Vec<f32> = halves.iter().map(|value| bf16::from_f32(*value).to_f32()).collect();
    assert_eq!(decode(ScalarKind::Bf16, &as_bf16.collect::<Vec<u8>>()), expected);
    assert_eq!(decode(ScalarKind::Direct, &[0, 1, 127, 128, 255]), [0.0, 1.0, 127.0, 128.0, 255.0]);
    let signed = decode(ScalarKind::DirectSigned, &[0, 1, 127, 128, 255]);
    assert_eq!(signed, [-128.0, -127.0, -1.0, 0.0, 127.0]);
    for kind in [ScalarKind::F16, ScalarKind::Bf16, ScalarKind::Direct, ScalarKind::DirectSigned] {
        let scalar = Scalar::new(kind, dim, &[]);
        let query = floats(&mut random, dim);
        let codes: Vec<u8> =
            bytes(&mut random, 20 * scalar.code_bytes()).iter().map(|byte| byte & 0x3f).collect();
        check_scores(&scalar, &codes, &query, &[Measure::L2, Measure::InnerProduct]);
        let how = How { measure: Measure::Manhattan, argument: 0.0 };
        let error = scalar.scorer(Query::Floats(&query), how).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn whole_rows_of_bytes_are_compared_with_the_whole_parts_of_a_query() {
    let scalar = Scalar::new(ScalarKind::Direct, 16, &[]);
    let (query, mut score) = ([2.9; 16], [0.0]);
    let how = How { measure: Measure::L2, argument: 0.0 };
    scalar.scorer(Query::Floats(&query), how).unwrap().block(&[3; 16], &mut score);
    assert_eq!(score, [16.0]);
}

fn product(random: &mut Random, dim: usize, parts: usize, bits: usize) -> Product {
    let centroids = floats(random, dim << bits);
    Product::new(dim, &ProductParts { parts, bits, centroids })
}

#[test]
fn product_codes_are_numbers_of_centroids() {
    let mut random = Random::new(4);
    for (dim, parts, bits) in [(8, 4, 8), (6, 3, 4), (12, 4, 6), (6, 2, 10), (3, 3, 1), (4, 1, 5)] {
        let centroids = floats(&mut random, dim << bits);
        let parts_of = ProductParts { parts, bits, centroids: centroids.clone() };
        let product = Product::new(dim, &parts_of);
        assert_eq!(product.code_bytes(), (parts * bits).div_ceil(8));
        let codes = bytes(&mut random, 30 * product.code_bytes());
        let mut rows = vec![0.0; 30 * dim];
        product.decode(&codes, &mut rows);
        let part_dim = dim / parts;
        for (at, found) in rows.iter().enumerate() {
            let (row, part) = (at / dim, at % dim / part_dim);
            let code = &codes[row * product.code_bytes()..][..product.code_bytes()];
            let centroid = (part << bits) + number(code, part * bits, bits);
            assert_eq!(*found, centroids[centroid * part_dim + at % part_dim]);
        }
        let query = floats(&mut random, dim);
        check_scores(&product, &codes, &query, &[Measure::L2, Measure::InnerProduct]);
    }
}

/// What codes have by themselves completes the scores of centers that were announced.
#[test]
fn own_terms_make_the_scores_of_differences_whole() {
    let mut random = Random::new(21);
    let (dim, count) = (12, 70);
    let centers = floats(&mut random, 5 * dim);
    for (parts, bits) in [(6, 8), (4, 8), (3, 5)] {
        let product = product(&mut random, dim, parts, bits);
        let codes = bytes(&mut random, count * product.code_bytes());
        for measure in [Measure::L2, Measure::InnerProduct] {
            let query = floats(&mut random, dim);
            let how = How { measure, argument: 0.0 };
            let announced: Vec<(usize, &[f32])> =
                [3, 1, 3].map(|number| (number, &centers[number * dim..][..dim])).to_vec();
            let scores = |announces: bool| -> Vec<f32> {
                let mut scorer = product.scorer(Query::Floats(&query), how).unwrap();
                if announces {
                    scorer.announce(&announced);
                }
                let mut all = Vec::new();
                for (at, (_, center)) in announced.iter().enumerate() {
                    let mut scores = vec![0.0; count];
                    scorer.center_at(at, center);
                    scorer.block(&codes, &mut scores);
                    if announces {
                        add_own_terms(&product, center, &codes, how, &mut scores);
                    }
                    all.extend(scores);
                }
                all
            };
            for (found, expected) in scores(true).iter().zip(scores(false)) {
                assert_close(*found, f64::from(expected), "terms of its own");
            }
        }
    }
}

/// Codes in groups stand for the rows that they stand for one behind another.
#[test]
fn packed_codes_are_the_codes_of_the_same_rows() {
    let mut random = Random::new(22);
    for (dim, parts, count) in [(12, 6, 40), (9, 3, 64), (5, 5, 1)] {
        let centroids = floats(&mut random, dim << 4);
        let parts = ProductParts { parts, bits: 4, centroids };
        let (plain, packed) = (Product::new(dim, &parts), Packed::new(dim, &parts));
        let rows = floats(&mut random, count * dim);
        let mut codes = vec![0; count * plain.code_bytes()];
        plain.encode(&rows, &mut codes);
        let together = count.next_multiple_of(packed.codes_together());
        let mut groups = vec![0; together * packed.code_bytes()];
        packed.encode(&rows, &mut groups);
        let (mut expected, mut found) = (rows.clone(), rows.clone());
        plain.decode(&codes, &mut expected);
        packed.decode(&groups, &mut found);
        assert_eq!(found, expected);
        for (number, row) in expected.chunks_exact(dim).enumerate() {
            let mut found = vec![0.0; dim];
            packed.decode_at(&groups, number, &mut found);
            assert_eq!(found, row, "{number}");
        }
        for block_rows in [32, 64] {
            let blocks = Blocks { rows: block_rows, implementation: 0, queries: 0 };
            let layout = Layout::new(&blocks, &CodecParts::Product(parts.clone()), dim);
            let in_blocks = layout.pack(&codes).into();
            assert_eq!(layout.grouped(&in_blocks, count).to_vec(), groups);
        }
    }
}

/// The numbers and scores of so many codes that a scorer tells of below a limit that stays.
fn told_near(scorer: &mut dyn Scorer, codes: &[u8], count: usize, limit: f32) -> Vec<(usize, f32)> {
    struct Told(f32, Vec<(usize, f32)>);
    impl Taker for Told {
        fn take(&mut self, first: usize, which: u32, scores: &[f32; PIECE]) -> f32 {
            for (at, score) in scores.iter().enumerate() {
                if which >> at & 1 == 1 && *score <= self.0 {
                    self.1.push((first + at - 100, *score));
                }
            }
            self.0
        }
    }
    let mut told = Told(limit, Vec::new());
    scorer.near(codes, &mut vec![0.0; count], 100, limit, &mut told);
    told.1
}

/// What is told of near scores is what a block of scores says.
fn check_near(scorer: &mut dyn Scorer, codes: &[u8], scores: &[f32]) {
    let limit = scores[3];
    let near = scores.iter().copied().enumerate().filter(|(_, score)| *score <= limit);
    assert_eq!(told_near(scorer, codes, scores.len(), limit), near.collect::<Vec<_>>());
}

fn add_own_terms(codec: &dyn Codec, center: &[f32], codes: &[u8], how: How, scores: &mut [f32]) {
    let terms = codec.own_terms(center, codes, how);
    for (score, term) in scores.iter_mut().zip(terms.into_iter().flatten()) {
        *score += term;
    }
}

/// Rounded tables are off by half a step for each part, and for what sums begin at; whether something is
/// kept for each center or not.
#[test]
fn rounded_tables_give_the_scores_of_plain_ones_roughly() {
    check_rounded(false);
    check_rounded(true);
}

fn check_rounded(sees_centers: bool) {
    let mut random = Random::new(8);
    let (dim, parts) = (12, 6);
    let centroids = floats(&mut random, dim << 4);
    let parts = ProductParts { parts, bits: 4, centroids };
    let (product, mut packed) = (Product::new(dim, &parts), Packed::new(dim, &parts));
    let (codes, query) = (bytes(&mut random, 40 * 3), floats(&mut random, dim));
    let blocks = Blocks { rows: 32, implementation: 0, queries: 0 };
    let layout = Layout::new(&blocks, &CodecParts::Product(parts.clone()), dim);
    let packed_codes = layout.pack(&codes);
    let centers = [floats(&mut random, dim), floats(&mut random, dim), vec![9.0; dim]];
    if sees_centers {
        packed.see_centers(&centers.concat());
    }
    let centers: Vec<(usize, &[f32])> = (0..).zip(centers.iter().map(Vec::as_slice)).collect();
    for measure in [Measure::L2, Measure::InnerProduct] {
        let how = How { measure, argument: 0.0 };
        let query = Query::Floats(&query);
        let mut scorers = [product.scorer(query, how).unwrap(), packed.scorer(query, how).unwrap()];
        let mut check = |center: Option<usize>| {
            let mut scores = [vec![0.0; 40], vec![0.0; 40]];
            let both = [&codes, &packed_codes];
            for ((scorer, codes), scores) in scorers.iter_mut().zip(both).zip(&mut scores) {
                match center {
                    None => {}
                    Some(0) => {
                        scorer.announce(&centers);
                        scorer.center_at(0, centers[0].1);
                    }
                    Some(center) => scorer.center_at(center, centers[center].1),
                }
                scorer.block(codes, scores);
                let mut gathered = [0.0; 2];
                scorer.gather(codes, &[39, 7], &mut gathered);
                assert_eq!(gathered, [scores[39], scores[7]]);
                check_near(&mut **scorer, codes, scores);
            }
            let [mut plain, rounded] = scores;
            if let Some(center) = center {
                add_own_terms(&product, centers[center].1, &codes, how, &mut plain);
            }
            let highest = plain.iter().copied().fold(f32::MIN, f32::max);
            let lowest = plain.iter().copied().fold(f32::MAX, f32::min);
            for (plain, rounded) in plain.iter().zip(&rounded) {
                let off = (plain - rounded).abs();
                let few_steps = (highest - lowest) / 20.0 + 0.5;
                assert!(off < few_steps, "{measure} {center:?}: {plain} {rounded}");
            }
        };
        [None, Some(0), Some(1), Some(2)].into_iter().for_each(&mut check);
    }
}

#[test]
fn codes_of_two_levels_are_a_centroid_and_a_difference() {
    let mut random = Random::new(5);
    let (dim, centroids) = (4, floats(&mut random, 300 * 4));
    let two_level = TwoLevel::new(centroids.clone(), 2, product(&mut random, dim, 2, 8));
    let mut row = [0.0; 4];
    two_level.decode(&[0x2b, 0x01, 0, 0], &mut row);
    let mut without = [0.0; 4];
    two_level.decode(&[0, 0, 0, 0], &mut without);
    for component in 0..dim {
        let difference = row[component] - without[component];
        let expected = centroids[0x12b * dim + component] - centroids[component];
        assert_close(difference, f64::from(expected), "299");
    }
    let codes: Vec<u8> =
        bytes(&mut random, 200).chunks_exact(2).flat_map(|pair| [pair[0], 0, pair[1], 7]).collect();
    let query = floats(&mut random, dim);
    check_scores(&two_level, &codes, &query, &[Measure::L2, Measure::InnerProduct]);
}

#[test]
fn a_bit_says_on_which_side_of_a_threshold_a_row_lies() {
    let rotation = TransformParts {
        input_dim: 2,
        output_dim: 2,
        trained: true,
        kind: linear(&[0.0, 1.0, -1.0, 0.0], &[]),
    };
    let parts = LshParts {
        bits: 2,
        rotate: true,
        learn_thresholds: true,
        thresholds: vec![0.5, -0.25],
        rotation,
    };
    let score = |lsh: &Lsh, query: &[f32], code: u8| {
        let how = How { measure: Measure::L2, argument: 0.0 };
        let mut score = [0.0];
        lsh.scorer(Query::Floats(query), how).unwrap().block(&[code], &mut score);
        score[0]
    };
    let rotated = Lsh::new(2, &parts);
    // (x, y) is at (y, -x): at (0.6, 0.2) both sides are the upper one.
    assert_eq!([0, 1, 2, 3].map(|code| score(&rotated, &[-0.2, 0.6], code)), [2.0, 1.0, 1.0, 0.0]);
    assert_eq!([0, 1, 2, 3].map(|code| score(&rotated, &[0.3, 0.4], code)), [0.0, 1.0, 1.0, 2.0]);
    let plain = Lsh::new(2, &LshParts { rotate: false, learn_thresholds: false, ..parts });
    assert_eq!([0, 1, 2, 3].map(|code| score(&plain, &[-0.2, 0.6], code)), [1.0, 2.0, 0.0, 1.0]);
    let mut rows = [0.0; 4];
    rotated.decode(&[0b01, 0b10], &mut rows);
    assert_eq!(rows, [1.25, 1.5, -0.75, -0.5], "(1.5, -1.25) and (-0.5, 0.75), rotated back");
    plain.decode(&[0b01, 0b10], &mut rows);
    assert_eq!(rows, [1.0, -1.0, -1.0, 1.0]);
}

/// Codes of rows as the formulas of RaBitQ make them, with the corrections that make a row's own
/// score exact.
fn rabitq_code(row: &[f32], center: &[f32]) -> Vec<u8> {
    let moved: Vec<f32> = row.iter().zip(center).map(|(x, y)| x - y).collect();
    let square: f32 = moved.iter().map(|component| component * component).sum();
    let sum: f32 = moved.iter().map(|component| component.abs()).sum();
    let mut code = vec![0; row.len().div_ceil(8)];
    for (at, component) in moved.iter().enumerate() {
        code[at / 8] |= u8::from(*component > 0.0) << (at % 8);
    }
    let factor = square * (row.len() as f32).sqrt() / sum;
    code.extend(square.to_le_bytes().into_iter().chain(factor.to_le_bytes()));
    code
}

#[test]
fn signs_estimate_distances() {
    let mut random = Random::new(9);
    let (dim, center) = (64, floats(&mut random, 64));
    let rows: Vec<Vec<f32>> = (0..20).map(|_| floats(&mut random, dim)).collect();
    let codes: Vec<u8> = rows.iter().flat_map(|row| rabitq_code(row, &center)).collect();
    let how = How { measure: Measure::L2, argument: 0.0 };
    for (query_bits, centered) in [(0, false), (4, false), (8, false), (4, true), (8, true)] {
        let parts = RabitqParts { bits: 1, query_bits, centered, center: center.clone() };
        let in_lists = RabitqParts { center: Vec::new(), ..parts.clone() };
        let (rabitq, in_lists) =
            (Rabitq::new(dim, &parts, Measure::L2), Rabitq::new(dim, &in_lists, Measure::L2));
        let mut encoded = vec![0; codes.len()];
        rabitq.encode(&rows.concat(), &mut encoded);
        assert_eq!(encoded[..8], codes[..8], "the same signs");
        let mut scores = [vec![0.0; 20], vec![0.0; 20]];
        for (codes, scores) in [&codes, &encoded].into_iter().zip(&mut scores) {
            rabitq.scorer(Query::Floats(&rows[0]), how).unwrap().block(codes, scores);
        }
        let near = |(x, y): (&f32, &f32)| (x - y).abs() < 1e-2;
        assert!(scores[0].iter().zip(&scores[1]).all(near));
        let mut off = 0.0;
        for (at, row) in rows.iter().enumerate() {
            let mut scores = [vec![0.0; 20], vec![0.0; 20]];
            rabitq.scorer(Query::Floats(row), how).unwrap().block(&codes, &mut scores[0]);
            let mut scorer = in_lists.scorer(Query::Floats(row), how).unwrap();
            scorer.center_at(0, &center);
            scorer.block(&codes, &mut scores[1]);
            assert_eq!(scores[0], scores[1]);
            let exact = |other: &[f32]| plain_score(Measure::L2, 0.0, row, other) as f32;
            for (other, score) in rows.iter().zip(&scores[0]) {
                off += (score - exact(other)) / 400.0;
            }
            let nearest_other = exact(&rows[(at + 1) % 20]);
            assert!(scores[0][at] < 0.1 * nearest_other, "{query_bits} bits: {}", scores[0][at]);
        }
        assert!(off.abs() < 10.0, "{query_bits} bits: off by {off} on the average");
        let query = Query::Floats(&rows[0]);
        let rounding = Rounding { bits: query_bits, centered };
        let other = Rabitq::new(dim, &RabitqParts { query_bits: 2, ..parts }, Measure::L2);
        let mut same = [vec![0.0; 20], vec![0.0; 20]];
        rabitq.scorer(query, how).unwrap().block(&codes, &mut same[0]);
        other.rounding_scorer(query, how, rounding).unwrap().block(&codes, &mut same[1]);
        assert_eq!(same[0], same[1]);
        assert!(other.rounding_scorer(query, how, Rounding { bits: 9, centered }).is_err());
    }
}

/// Signs that are looked up in rounded tables give about the scores of signs that are counted, and codes of
/// several bits exactly theirs.
#[test]
fn signs_that_are_looked_up_estimate_the_same_distances() {
    let mut random = Random::new(10);
    for (dim, bits, centered) in [(30, 1, false), (64, 1, true), (33, 4, false), (64, 2, true)] {
        let rows = floats(&mut random, 70 * dim);
        let (query, center) = (floats(&mut random, dim), floats(&mut random, dim));
        for measure in [Measure::L2, Measure::InnerProduct] {
            let parts = RabitqParts { bits, query_bits: 8, centered, center: center.clone() };
            let plain = Rabitq::new(dim, &parts, measure);
            let packed = rabitq::Packed::new(dim, &parts, measure);
            let mut codes = vec![0; 70 * plain.code_bytes()];
            plain.encode(&rows, &mut codes);
            let mut groups = vec![0; 96 * packed.code_bytes()];
            packed.encode(&rows, &mut groups);
            let (mut expected, mut found) = (rows.clone(), rows.clone());
            plain.decode(&codes, &mut expected);
            packed.decode(&groups, &mut found);
            assert_eq!(found, expected);
            packed.decode_at(&groups, 69, &mut found[..dim]);
            assert_eq!(found[..dim], expected[69 * dim..]);

            let how = How { measure, argument: 0.0 };
            let mut scores = [vec![0.0; 70], vec![0.0; 70], vec![0.0; 70]];
            let mut counted = plain.scorer(Query::Floats(&query), how).unwrap();
            counted.block(&codes, &mut scores[0]);
            let mut looked_up = packed.scorer(Query::Floats(&query), how).unwrap();
            looked_up.block(&groups, &mut scores[1]);
            looked_up.announce(&[(7, &query), (3, &center)]);
            looked_up.center_at(1, &center);
            looked_up.block(&groups, &mut scores[2]);
            let [counted, looked_up_once, in_lists] = &scores;
            let about = format!("{dim} {bits} {centered} {measure}");
            // A table of a byte is off by half a step, and whole parts of sums by more.
            let near = match (bits, centered) {
                (1, false) => 0.5,
                (1, true) => 4.0,
                _ => 1e-3,
            };
            for (at, score) in counted.iter().enumerate() {
                for other in [looked_up_once[at], in_lists[at]] {
                    assert!((score - other).abs() < near, "{about}: {score} {other}");
                }
                let mut gathered = [0.0];
                looked_up.gather(&groups, &[at as u32], &mut gathered);
                assert_eq!(gathered, [in_lists[at]], "{about}");
            }
            let other = RabitqParts { query_bits: 3, centered: !centered, ..parts.clone() };
            let other = rabitq::Packed::new(dim, &other, measure);
            let query = Query::Floats(&query);
            for (codec, bits) in [(&packed, 0), (&other, 8)] {
                let mut same = vec![0.0; 70];
                let rounding = Rounding { bits, centered };
                codec.rounding_scorer(query, how, rounding).unwrap().block(&groups, &mut same);
                assert_eq!(same, *looked_up_once, "{about}");
            }
            assert!(other.rounding_scorer(query, how, Rounding { bits: 9, centered }).is_err());
            let limit = in_lists.iter().copied().fold(f32::INFINITY, f32::min);
            if bits == 1 {
                check_near(&mut *looked_up, &groups, in_lists);
            }
            let near = told_near(&mut *looked_up, &groups, 70, limit + 1e-3);
            let nearest = in_lists.iter().position(|score| *score == limit).unwrap();
            assert!(near.contains(&(nearest, limit)) && near.len() < 60, "{about}");
            let all = told_near(&mut *looked_up, &groups, 70, f32::MAX);
            assert!(all.into_iter().eq(in_lists.iter().copied().enumerate()), "{about}");
        }
    }
}

#[test]
fn bits_are_counted() {
    let mut random = Random::new(6);
    for code_bytes in [1, 8, 11, 16] {
        let bits = Bits::new(8 * code_bytes);
        let (codes, query) = (bytes(&mut random, 50 * code_bytes), bytes(&mut random, code_bytes));
        let how = How { measure: Measure::Hamming, argument: 0.0 };
        let mut scorer = bits.scorer(Query::Bits(&query), how).unwrap();
        let (mut scores, mut gathered) = (vec![0.0; 50], [0.0]);
        scorer.block(&codes, &mut scores);
        let mut rows = vec![0.0; 50 * bits.dim()];
        bits.decode(&codes, &mut rows);
        for (row, score) in scores.iter().enumerate() {
            let row_bits = &rows[row * bits.dim()..][..bits.dim()];
            let of_query = |bit: usize| f32::from(query[bit / 8] >> (bit % 8) & 1);
            let differ = (0..bits.dim()).filter(|bit| row_bits[*bit] != of_query(*bit)).count();
            assert_eq!(*score, differ as f32);
            scorer.gather(&codes, &[row as u32], &mut gathered);
            assert_eq!(gathered, [*score]);
        }
    }
}

fn transform(input_dim: usize, output_dim: usize, kind: TransformKind) -> Transform {
    Transform::new(&TransformParts { input_dim, output_dim, trained: true, kind })
}

fn linear(matrix: &[f32], bias: &[f32]) -> TransformKind {
    TransformKind::Linear {
        origin: LinearOrigin::Plain,
        matrix: matrix.to_vec(),
        biased: !bias.is_empty(),
        bias: bias.to_vec(),
    }
}

#[test]
fn linear_transforms_are_undone_where_directions_are_at_right_angles() {
    let scaled = transform(2, 2, linear(&[3.0, 4.0, -0.4, 0.3], &[10.0, -1.0]));
    let rows = [1.0, 2.0, -3.0, 0.5, 0.0, 0.0];
    let applied = scaled.apply(&rows);
    let expected = [21.0, -0.8, 3.0, 0.35, 10.0, -1.0];
    applied.iter().zip(expected).for_each(|(x, y)| assert_close(*x, y, "applied"));
    let undone = scaled.undo(&applied).unwrap();
    undone.iter().zip(rows).for_each(|(x, y)| assert_close(*x, f64::from(y), "undone"));

    let skew = transform(2, 2, linear(&[1.0, 0.0, 1.0, 1.0], &[]));
    assert_eq!(skew.apply(&[2.0, 5.0]), [2.0, 7.0]);
    assert!(skew.undo(&[2.0, 7.0]).is_none());
    let wider = transform(1, 2, linear(&[1.0, 2.0], &[]));
    assert_eq!(wider.apply(&[3.0, 4.0]), [3.0, 6.0, 4.0, 8.0]);
    assert_eq!(wider.undo(&[3.0, 6.0]).unwrap(), [3.0], "a single column is at right angles");
    let skew = transform(2, 3, linear(&[1.0, 0.0, 1.0, 1.0, 0.0, 1.0], &[]));
    assert!(skew.undo(&[1.0, 1.0, 1.0]).is_none());
}

#[test]
fn other_transforms_move_scale_and_centre() {
    let remap = transform(3, 4, TransformKind::Remap(vec![2, -1, 0, -1]));
    assert_eq!(remap.apply(&[1.0, 2.0, 3.0]), [3.0, 0.0, 1.0, 0.0]);
    assert_eq!(remap.undo(&[3.0, 9.0, 1.0, 9.0]).unwrap(), [1.0, 0.0, 3.0]);
    let normalize = transform(2, 2, TransformKind::Normalize(2.0));
    assert_eq!(normalize.apply(&[3.0, 4.0, 0.0, 0.0]), [0.6, 0.8, 0.0, 0.0]);
    assert_eq!(normalize.undo(&[0.6, 0.8]).unwrap(), [0.6, 0.8]);
    let center = transform(2, 2, TransformKind::Center(vec![1.0, -1.0]));
    assert_eq!(center.apply(&[1.0, 1.0, 0.0, 0.0]), [0.0, 2.0, -1.0, 1.0]);
    assert_eq!(center.undo(&[0.0, 2.0]).unwrap(), [1.0, 1.0]);
    let both = TransformParts {
        input_dim: 2,
        output_dim: 2,
        trained: true,
        kind: linear(&[0.0, 1.0, 1.0, 0.0], &[]),
    };
    let itq = TransformKind::IterativeQuantization {
        mean: vec![1.0, 1.0],
        principal: false,
        rotation: Box::new(both.clone()),
        both: Box::new(both),
    };
    let itq = transform(2, 2, itq).apply(&[4.0, 5.0]);
    itq.iter().zip([0.8, 0.6]).for_each(|(x, y)| assert_close(*x, y, "itq"));
}
