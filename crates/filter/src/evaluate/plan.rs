//! What is left of a condition once columns, parameters and negations are dealt with.

use super::interval::Interval;
use super::members::Members;
use super::pattern::Pattern;
use super::{scan, search};
use crate::columns::integers::{Narrow, with_values};
use crate::columns::{Bits, Integers, Texts, WORD_ROWS, ones};
use crate::condition::Comparison;
use std::borrow::Cow;

/// Tests that a row has to pass.
#[derive(Debug)]
pub(super) enum Plan<'a> {
    Everything,
    Nothing,
    /// The rows with a value.
    Known(&'a Bits),
    /// The rows without one.
    Unknown(&'a Bits),
    /// The rows with a value that passes a test or, with `outside`, does not.
    Test {
        known: Option<&'a Bits>,
        test: Test<'a>,
        outside: bool,
    },
    All(Vec<Plan<'a>>),
    Any(Vec<Plan<'a>>),
}

/// A test of the values of a column.
#[derive(Debug)]
pub(super) enum Test<'a> {
    Whole {
        values: &'a Integers,
        interval: Interval<i64>,
    },
    WholeAmong {
        values: &'a Integers,
        members: Members,
    },
    Real {
        values: &'a [f64],
        interval: Interval<f64>,
    },
    /// The list is sorted.
    RealAmong {
        values: &'a [f64],
        sorted: Vec<f64>,
    },
    Text {
        texts: &'a Texts,
        test: TextTest<'a>,
    },
}

/// A test that takes reading the text.
#[derive(Debug)]
pub(super) enum TextTest<'a> {
    Order { comparison: Comparison, text: Cow<'a, str> },
    Pattern(Pattern),
}

impl Plan<'_> {
    /// Takes the rows out of the set that do not pass.
    pub(super) fn narrow(&self, words: &mut [u64]) {
        match self {
            Plan::Everything => {}
            Plan::Nothing => words.fill(0),
            Plan::Known(known) => narrow_to_known(known, words),
            Plan::Unknown(known) => {
                words.iter_mut().zip(known.words()).for_each(|(word, known)| *word &= !known);
            }
            Plan::Test { known, test, outside } => {
                if let Some(known) = known {
                    narrow_to_known(known, words);
                }
                test.narrow(*outside, words);
            }
            Plan::All(plans) => plans.iter().for_each(|plan| plan.narrow(words)),
            Plan::Any(plans) => narrow_to_any(plans, words),
        }
    }

    /// How long it takes, roughly: cheap plans go first and leave less for others.
    pub(super) fn cost(&self) -> u32 {
        match self {
            Plan::Everything | Plan::Nothing => 0,
            Plan::Known(_) | Plan::Unknown(_) => 1,
            Plan::Test { test, .. } => test.cost(),
            Plan::All(plans) | Plan::Any(plans) => plans.iter().map(Plan::cost).sum(),
        }
    }
}

fn narrow_to_known(known: &Bits, words: &mut [u64]) {
    words.iter_mut().zip(known.words()).for_each(|(word, known)| *word &= known);
}

fn narrow_to_any(plans: &[Plan<'_>], words: &mut [u64]) {
    let mut passed = vec![0; words.len()];
    let mut open = words.to_vec();
    for plan in plans {
        // Rows that passed one plan need not be looked at by the next.
        plan.narrow(&mut open);
        for ((passed, open), word) in passed.iter_mut().zip(&mut open).zip(&*words) {
            *passed |= *open;
            *open = word & !*passed;
        }
    }
    words.copy_from_slice(&passed);
}

impl Test<'_> {
    fn cost(&self) -> u32 {
        match self {
            Test::Whole { values, .. } => 1 + values.width() as u32,
            Test::Real { .. } => 10,
            Test::WholeAmong { .. } => 20,
            Test::RealAmong { .. } => 40,
            Test::Text { .. } => 100,
        }
    }

    fn narrow(&self, outside: bool, words: &mut [u64]) {
        match self {
            Test::Whole { values, interval } => {
                scan::keep_whole(values, *interval, outside, words);
            }
            Test::WholeAmong { values, members } => {
                keep_integers(values, words, |number| members.contains(number) != outside);
            }
            Test::Real { values, interval } => {
                scan::keep_reals(values, *interval, outside, words);
            }
            Test::RealAmong { values, sorted } => scan::keep(values, words, |number| {
                let found = sorted.binary_search_by(|member| member.total_cmp(&(number + 0.0)));
                found.is_ok() != outside
            }),
            Test::Text { texts, test } => narrow_by_text(texts, test, outside, words),
        }
    }
}

fn keep_integers(integers: &Integers, words: &mut [u64], test: impl Fn(i64) -> bool) {
    with_values!(integers, values => scan::keep(values, words, |value| test(value.wide())));
}

/// Texts that are tested one after the other in the time that one takes whose row comes first.
const ROW_COST: usize = 4;

/// Tests each text once or, if few rows are left, the text of each row.
fn narrow_by_text(texts: &Texts, test: &TextTest<'_>, outside: bool, words: &mut [u64]) {
    let Texts { codes, dictionary } = texts;
    let rows: usize = words.iter().map(|word| word.count_ones() as usize).sum();
    if rows < dictionary.len() / ROW_COST {
        let text_of = |row: usize| dictionary.text(codes.get(row) as usize);
        let left: Vec<usize> = ones(words).collect();
        // Many rows may have one long text.
        let bytes: usize = left.iter().map(|row| text_of(*row).len()).sum();
        if bytes <= dictionary.all().len() {
            for row in left.into_iter().filter(|row| test.passes(text_of(*row)) == outside) {
                words[row / WORD_ROWS] &= !(1 << (row % WORD_ROWS));
            }
            return;
        }
    }
    let verdicts = match test {
        TextTest::Pattern(pattern) => search::matching(dictionary, pattern),
        _ => (0..dictionary.len()).map(|code| test.passes(dictionary.text(code))).collect(),
    };
    keep_integers(codes, words, |code| verdicts[code as usize] != outside);
}

impl TextTest<'_> {
    fn passes(&self, text: &[u8]) -> bool {
        match self {
            TextTest::Order { comparison, text: other } => {
                comparison.holds(text.cmp(other.as_bytes()))
            }
            TextTest::Pattern(pattern) => pattern.matches(text),
        }
    }
}
