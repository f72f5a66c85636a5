use super::*;
use crate::lookup::arranged::Arranged;
use crate::lookup::near::tests::{Lowering, lowered};

/// The number of a part in the code at a place of its group.
fn number(group: &[u8], place: usize, part: usize) -> usize {
    let row = place % 16;
    let byte = part * ENTRIES + if row < 8 { 2 * row } else { 2 * (row - 8) + 1 };
    usize::from(group[byte] >> (place / 16 * 4) & 15)
}

fn byte(at: usize) -> u8 {
    (at * at * 31 + at * 7 + at / 256) as u8
}

/// The scores of codes in groups.
fn plainly(tables: Tables<'_>, groups: &[u8], group_bytes: usize, codes: usize) -> Vec<f32> {
    let parts = tables.entries.len() / ENTRIES;
    let score = |code: usize| {
        let group = &groups[code / GROUP * group_bytes..];
        let entry = |part| tables.entries[part * ENTRIES + number(group, code % GROUP, part)];
        let sum: u32 = (0..parts).map(|part| u32::from(entry(part))).sum();
        (tables.start + sum) as f32 * tables.factor + tables.added
    };
    (0..codes).map(score).collect()
}

const SHAPES: [(usize, usize); 10] = [
    (1, 1),
    (2, 32),
    (3, 70),
    (4, 64),
    (7, 33),
    (96, 100),
    (255, 65),
    (256, 33),
    (513, 40),
    (1030, 70),
];

/// Quarters of entries, if there are to be any.
fn fourths(entries: &[u8], has_some: bool) -> Vec<u8> {
    let some = if has_some { entries } else { &[] };
    some.iter().map(|entry| entry / 4).collect()
}

#[test]
fn quarters_are_there_for_all_entries_or_none() {
    let entries: Vec<[u8; ENTRIES]> =
        (0..5).map(|part| std::array::from_fn(|at| byte(part * ENTRIES + at))).collect();
    for level in Level::available() {
        let quarters = quarters(level, &entries);
        let all = fourths(entries.as_flattened(), !quarters.is_empty());
        assert_eq!(quarters.as_flattened(), all, "{}", level.name());
    }
}

fn group_bytes(parts: usize) -> usize {
    parts.div_ceil(2) * PAIR_BYTES
}

fn groups(group_bytes: usize, codes: usize) -> Vec<u8> {
    (0..codes.div_ceil(GROUP) * group_bytes).map(byte).collect()
}

#[test]
fn every_level_sums_as_a_plain_loop_does() {
    for (parts, codes) in SHAPES {
        let group_bytes = group_bytes(parts) + codes % 3;
        let groups = groups(group_bytes, codes);
        for highest in [false, true] {
            let entry = |at: usize| if highest { u8::MAX } else { byte(at * 3 + 1) };
            let entries: Vec<u8> = (0..parts * ENTRIES).map(entry).collect();
            let tables = Tables {
                entries: &entries,
                quarters: &[],
                start: 70_000,
                factor: 0.5,
                added: -3.0,
            };
            let expected = plainly(tables, &groups, group_bytes, codes);
            for level in Level::available() {
                let mut found = vec![0.0; codes];
                scores(level, tables, &groups, group_bytes, &mut found);
                assert_eq!(found, expected, "{} {parts} {highest}", level.name());
            }
        }
    }
}

#[test]
fn every_level_tells_queries_of_what_is_not_above_their_limits() {
    for (parts, codes) in SHAPES {
        let group_bytes = group_bytes(parts);
        let groups = groups(group_bytes, codes);
        for (queries, has_quarters) in
            (1..=7).flat_map(|queries| [(queries, false), (queries, true)])
        {
            let entries: Vec<Vec<u8>> = (0..queries)
                .map(|query| (0..parts * ENTRIES).map(|at| byte(at * 3 + query)).collect())
                .collect();
            let quarters: Vec<Vec<u8>> =
                entries.iter().map(|entries| fourths(entries, has_quarters)).collect();
            let all: Vec<(Tables<'_>, f32)> = entries
                .iter()
                .zip(&quarters)
                .zip([0.5, -0.25, 0.0, 1e-4, -1e-3, 3.0, -8.0])
                .map(|((entries, quarters), factor)| {
                    let tables = Tables { entries, quarters, start: 70, factor, added: -300.0 };
                    let middle = plainly(tables, &groups, group_bytes, codes)[codes / 2];
                    (tables, if factor == 3.0 { f32::MAX } else { middle })
                })
                .collect();
            for level in Level::available() {
                let mut takers: Vec<Lowering> = all
                    .iter()
                    .map(|(_, limit)| Lowering { limit: *limit, taken: Vec::new() })
                    .collect();
                let mut asked: Vec<Asked<'_>> = all
                    .iter()
                    .zip(&mut takers)
                    .map(|((tables, limit), taker)| Asked {
                        tables: *tables,
                        limit: *limit,
                        leaving: Leaving::default(),
                        taker,
                    })
                    .collect();
                let arranged = Arranged::new(level, &groups, group_bytes);
                let in_order = match &arranged {
                    Some(arranged) if queries % 2 == 0 => arranged.groups(0..codes.div_ceil(GROUP)),
                    _ => Groups::Packed(&groups),
                };
                near(level, &mut asked, in_order, codes, 5);
                for ((tables, limit), taker) in all.iter().zip(&takers) {
                    let expected = lowered(&plainly(*tables, &groups, group_bytes, codes), *limit);
                    let found = taker.taken.iter().map(|(at, score)| (at - 5, *score));
                    let found: Vec<(usize, f32)> = found.collect();
                    assert_eq!(found, expected, "{} {parts} {}", level.name(), tables.factor);
                }
            }
        }
    }
}

/// Few codes are near, those of numbers 0, so that most groups are left, and some only in part.
#[test]
fn groups_are_left_without_losing_what_is_near() {
    for (parts, codes) in [(33, 3200), (43, 3200), (96, 3200), (259, 1000), (1030, 1000)] {
        let group_bytes = group_bytes(parts);
        let mut groups = groups(group_bytes, codes);
        let near_ones = [3, 40, 41, 700, 999];
        for code in near_ones {
            let (group, place) = (code / GROUP * group_bytes, code % GROUP);
            let in_part = if place % 16 < 8 { 2 * (place % 8) } else { 2 * (place % 8) + 1 };
            for part in 0..parts {
                groups[group + part * ENTRIES + in_part] &= if place < 16 { 0xf0 } else { 0x0f };
            }
        }
        let entries: Vec<u8> = (0..parts * ENTRIES)
            .map(|at| if at % ENTRIES == 0 { 1 } else { byte(at) | 0x40 })
            .collect();
        let quarters = fourths(&entries, true);
        for (factor, limit) in [(1.0, 3 * parts), (1.0, 100 * parts), (-1.0, 100 * parts)] {
            let limit = factor * limit as f32;
            let tables = Tables { entries: &entries, quarters: &[], start: 2, factor, added: 0.25 };
            let plain = plainly(tables, &groups, group_bytes, codes);
            for level in Level::available() {
                for (queries, quarters) in
                    (1..=4).flat_map(|queries| [(queries, &[][..]), (queries, &quarters)])
                {
                    let tables = Tables { quarters, ..tables };
                    let mut takers: Vec<Lowering> =
                        (0..queries).map(|_| Lowering { limit, taken: Vec::new() }).collect();
                    let asked = takers.iter_mut().map(|taker| Asked {
                        tables,
                        limit,
                        leaving: Leaving::default(),
                        taker,
                    });
                    let mut asked: Vec<Asked<'_>> = asked.collect();
                    near(level, &mut asked, Groups::Packed(&groups), codes, 0);
                    for taker in &takers {
                        assert_eq!(taker.taken, lowered(&plain, limit), "{}", level.name());
                    }
                }
            }
            assert!(!lowered(&plain, limit).is_empty());
        }
    }
}
