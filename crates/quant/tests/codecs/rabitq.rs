//! Codes of RaBitQ.

use crate::{check_near, floats, plain_score, told_near};
use anear_quant::rabitq::Rabitq;
use anear_quant::{Codec, How, Query, Rounding, rabitq};
use anear_testkit::random::Random;
use anear_types::Measure;
use anear_types::parts::RabitqParts;

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
