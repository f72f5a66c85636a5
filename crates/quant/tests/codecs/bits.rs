//! Codes of bits: LSH, and bits themselves.

use crate::bytes;
use crate::transforms::linear;
use anear_quant::bits::Bits;
use anear_quant::lsh::Lsh;
use anear_quant::{Codec, How, Query};
use anear_testkit::random::Random;
use anear_types::Measure;
use anear_types::parts::{LshParts, TransformParts};

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
