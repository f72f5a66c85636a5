//! Product codes, by themselves, packed, and behind a centroid.

use crate::{add_own_terms, assert_close, bytes, check_near, check_scores, floats, number};
use anear_quant::packed::Layout;
use anear_quant::product::{Packed, Product};
use anear_quant::two_level::TwoLevel;
use anear_quant::{Codec, How, Query};
use anear_testkit::random::Random;
use anear_types::Measure;
use anear_types::parts::{Blocks, CodecParts, ProductParts};

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
