//! Values that are awkward to compare.

use crate::random::Random;
use anear_types::Value;

const INTEGERS: &[i64] = &[
    0,
    -1,
    127,
    128,
    -129,
    32_768,
    1 << 31,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    -(1 << 53) - 1,
    (1 << 60) + 1,
    i64::MAX,
    i64::MAX - 1,
    i64::MIN,
    i64::MIN + 1,
];

const REALS: &[f64] = &[
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    2.5,
    3.0,
    5e-324,
    1e300,
    -1e300,
    9007199254740992.0,
    9007199254740994.0,
    9223372036854775808.0,
    -9223372036854775808.0,
    1152921504606846976.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "b",
    "ab",
    "aB",
    "a.pdf",
    "B.PDF",
    "report.pdf",
    "É",
    "é",
    "éa",
    "日本",
    "\u{1f600}",
    "a%b",
    "a_b",
    "it's",
    "\"",
    "0",
    "5",
    "-5",
    "05",
    "5.0",
    " 5",
    "5e0",
    "abc5",
    "9007199254740993",
    "true",
    "null",
    "a\0b",
    "a\0",
    "\u{fffd}",
    "\u{fffe}",
    "\u{10ffff}",
    "[a]",
    "*",
    "?",
];

/// What kind of values a column gets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flavour {
    Small,
    Flags,
    Integers,
    Reals,
    Numbers,
    Words,
    ManyTexts,
    Nothing,
    Anything,
}

pub(crate) const FLAVOURS: &[Flavour] = &[
    Flavour::Small,
    Flavour::Flags,
    Flavour::Integers,
    Flavour::Reals,
    Flavour::Numbers,
    Flavour::Words,
    Flavour::ManyTexts,
    Flavour::Nothing,
    Flavour::Anything,
];

impl Flavour {
    pub(crate) fn value(self, random: &mut Random) -> Value {
        match self {
            Flavour::Small => Value::Int(random.below(12) as i64 - 3),
            Flavour::Flags => Value::Bool(random.one_in(2)),
            Flavour::Integers => Value::Int(random.pick(INTEGERS)),
            Flavour::Reals => Value::Real(random.pick(REALS)),
            Flavour::Numbers if random.one_in(2) => Flavour::Small.value(random),
            Flavour::Numbers => Value::Real(random.below(12) as f64 / 2.0 - 1.0),
            Flavour::Words => Value::text(random.pick(TEXTS)),
            Flavour::ManyTexts => {
                let number = random.below(100_000);
                Value::text(format!("{}-{number}", random.pick(TEXTS)))
            }
            Flavour::Nothing => Value::Null,
            Flavour::Anything if random.one_in(20) => Value::Blob((*b"ab").into()),
            Flavour::Anything => random.pick(&FLAVOURS[..8]).value(random),
        }
    }
}
