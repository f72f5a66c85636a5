//! Floats and scalar codes.

use crate::{assert_close, bytes, check_scores, floats, number};
use anear_quant::raw::Raw;
use anear_quant::scalar::Scalar;
use anear_quant::{Codec, How, Query};
use anear_testkit::random::Random;
use anear_types::parts::ScalarKind;
use anear_types::{ErrorKind, Measure};
use half::{bf16, f16};

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
