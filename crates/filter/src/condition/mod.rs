//! The text of a condition, taken apart.

mod expression;
mod keywords;
mod parse;
mod token;

pub(crate) use expression::{Comparison, Constant, Expression, Operand, PatternKind};

/// A condition that can be evaluated over columns in memory, and that SQLite would accept.
#[derive(Clone, Debug)]
pub struct Condition {
    expression: Expression,
    parameters: usize,
    columns: Vec<String>,
    names_truth: bool,
}

impl Condition {
    /// Reads the text of a condition. `None` if there is anything in it that is not surely
    /// understood, or that SQLite might refuse: SQLite has to be asked.
    ///
    /// Understood are, with `AND`, `OR`, `NOT` and parentheses between them: `=`, `==`, `!=`,
    /// `<>`, `<`, `<=`, `>`, `>=`, `BETWEEN`, `IN (..)`, `IS`, `IS NOT`, `ISNULL`, `NOTNULL`,
    /// `LIKE`, `GLOB`, and a bare column, over columns, numbers, texts, `NULL`, `TRUE`, `FALSE`
    /// and `?`.
    pub fn parse(text: &str) -> Option<Condition> {
        parse::condition(text)
    }

    /// How many `?` it has.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The columns it names, each once; case is as it was first written.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Whether it says `TRUE` or `FALSE`, which a column may be called too.
    pub(crate) fn names_truth(&self) -> bool {
        self.names_truth
    }
}
