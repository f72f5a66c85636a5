//! What a condition consists of.

/// A condition, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    /// A bare operand: whether it is a number other than zero.
    Truth(Operand),
    Compare {
        left: Operand,
        comparison: Comparison,
        right: Operand,
    },
    /// Equality that takes null for a value.
    Is {
        left: Operand,
        right: Operand,
    },
    /// `IS TRUE`, `IS FALSE`: whether there is a number, and it is not zero or zero.
    IsTruth {
        operand: Operand,
        truth: bool,
    },
    IsNull(Operand),
    In {
        operand: Operand,
        list: Vec<Constant>,
    },
    Matches {
        operand: Operand,
        kind: PatternKind,
        pattern: Constant,
    },
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Column(String),
    Constant(Constant),
}

/// A value in the text of a condition, or the place of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Constant {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Truth(bool),
    /// The `?` with this number, from 0.
    Parameter(usize),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The two languages of patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatternKind {
    /// `%` and `_`; ASCII letters match in both cases.
    Like,
    /// `*` and `?`.
    Glob,
}

impl Comparison {
    /// The comparison that is true where this one is false.
    pub(crate) fn inverse(self) -> Comparison {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        match self {
            Equal => NotEqual,
            NotEqual => Equal,
            Less => GreaterOrEqual,
            LessOrEqual => Greater,
            Greater => LessOrEqual,
            GreaterOrEqual => Less,
        }
    }

    /// The comparison with both sides exchanged.
    pub(crate) fn mirrored(self) -> Comparison {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        match self {
            Equal => Equal,
            NotEqual => NotEqual,
            Less => Greater,
            LessOrEqual => GreaterOrEqual,
            Greater => Less,
            GreaterOrEqual => LessOrEqual,
        }
    }

    /// Whether it is true of two values in this order.
    pub(crate) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}
