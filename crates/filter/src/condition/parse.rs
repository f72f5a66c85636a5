//! From tokens to an expression, by SQLite's grammar.
//!
//! ```text
//! condition  = conjunction { OR conjunction }
//! conjunction = negation { AND negation }
//! negation   = NOT negation | predicate
//! predicate  = operand [ tail ] | ( condition )
//! tail       = comparison operand | IS [ NOT ] operand | ISNULL | NOTNULL | NOT NULL
//!            | [ NOT ] ( BETWEEN operand AND operand | IN ( list ) | LIKE constant | GLOB constant )
//! operand    = column | constant | ( operand )
//! ```
//!
//! A tail is followed by AND, OR, a parenthesis or the end. SQLite would read on, as in
//! `a = b < c`, where it groups by precedence; here that is not understood.

use super::token::{Token, tokens};
use super::{Condition, Constant, Expression, Operand, PatternKind};

/// No longer text is read. SQLite's limit is set to twice this at least.
const MAX_BYTES: usize = 512 << 10;

/// Predicates, operators and parentheses in a condition: few enough for an expression tree that
/// is not too deep for SQLite (1,000 levels) or for us, whatever its shape.
const MAX_PARTS: usize = 250;

/// SQLite allows 32,766.
const MAX_PARAMETERS: usize = 30_000;

/// Reads a condition; `None` if it is not surely understood.
pub(super) fn condition(text: &str) -> Option<Condition> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: tokens.into_iter(), ..Parser::default() };
    let expression = parser.condition()?;
    let at_end = parser.tokens.next().is_none();
    (at_end && parser.parameters <= MAX_PARAMETERS).then_some(Condition {
        expression,
        parameters: parser.parameters,
        columns: parser.columns,
        names_truth: parser.names_truth,
    })
}

#[derive(Default)]
struct Parser<'a> {
    tokens: std::vec::IntoIter<Token<'a>>,
    parts: usize,
    parameters: usize,
    columns: Vec<String>,
    names_truth: bool,
}

impl<'a> Parser<'a> {
    fn condition(&mut self) -> Option<Expression> {
        let mut parts = vec![self.conjunction()?];
        while self.takes_word("OR") {
            parts.push(self.conjunction()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn conjunction(&mut self) -> Option<Expression> {
        let mut parts = vec![self.negation()?];
        while self.takes_word("AND") {
            parts.push(self.negation()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn negation(&mut self) -> Option<Expression> {
        self.counts_part()?;
        if self.takes_word("NOT") {
            return Some(Expression::Not(Box::new(self.negation()?)));
        }
        let expression = if self.takes(&Token::Open) {
            let inner = self.condition()?;
            self.takes(&Token::Close).then_some(inner)?
        } else {
            Expression::Truth(self.operand()?)
        };
        match expression {
            Expression::Truth(operand) => self.tail(operand),
            expression => Some(expression),
        }
    }

    /// What is said of an operand.
    fn tail(&mut self, left: Operand) -> Option<Expression> {
        if let Some(Token::Comparison(comparison)) = self.next() {
            let comparison = *comparison;
            self.tokens.next();
            return Some(Expression::Compare { left, comparison, right: self.operand()? });
        }
        let expression = if self.takes_word("IS") {
            let negated = self.takes_word("NOT");
            return Some(negate(negated, self.is(left)?));
        } else if self.takes_word("ISNULL") {
            Expression::IsNull(left)
        } else if self.takes_word("NOTNULL") {
            negate(true, Expression::IsNull(left))
        } else if self.takes_word("NOT") {
            if self.takes_word("NULL") {
                negate(true, Expression::IsNull(left))
            } else {
                negate(true, self.negatable(left)?)
            }
        } else if self.next().is_some_and(|token| begins_negatable(token)) {
            self.negatable(left)?
        } else {
            Expression::Truth(left)
        };
        Some(expression)
    }

    /// What may follow NOT.
    fn negatable(&mut self, operand: Operand) -> Option<Expression> {
        use super::Comparison::{GreaterOrEqual, LessOrEqual};
        if self.takes_word("BETWEEN") {
            let low = self.operand()?;
            let high = self.takes_word("AND").then(|| self.operand())??;
            let left = operand.clone();
            return Some(Expression::And(vec![
                Expression::Compare { left, comparison: GreaterOrEqual, right: low },
                Expression::Compare { left: operand, comparison: LessOrEqual, right: high },
            ]));
        }
        if self.takes_word("IN") {
            return Some(Expression::In { operand, list: self.list()? });
        }
        let kind = if self.takes_word("LIKE") {
            PatternKind::Like
        } else {
            self.takes_word("GLOB").then_some(PatternKind::Glob)?
        };
        Some(Expression::Matches { operand, kind, pattern: self.constant()? })
    }

    fn is(&mut self, left: Operand) -> Option<Expression> {
        Some(match self.operand()? {
            Operand::Constant(Constant::Null) => Expression::IsNull(left),
            Operand::Constant(Constant::Truth(truth)) => {
                Expression::IsTruth { operand: left, truth }
            }
            right => Expression::Is { left, right },
        })
    }

    fn list(&mut self) -> Option<Vec<Constant>> {
        let mut list = Vec::new();
        self.takes(&Token::Open).then_some(())?;
        if self.takes(&Token::Close) {
            return Some(list);
        }
        loop {
            list.push(self.constant()?);
            if self.takes(&Token::Close) {
                return Some(list);
            }
            self.takes(&Token::Comma).then_some(())?;
        }
    }

    fn operand(&mut self) -> Option<Operand> {
        if let Some(Token::Name(_)) = self.next() {
            let Some(Token::Name(name)) = self.tokens.next() else { return None };
            if !self.columns.iter().any(|column| column.eq_ignore_ascii_case(&name)) {
                self.columns.push(name.clone());
            }
            return Some(Operand::Column(name));
        }
        if self.takes(&Token::Open) {
            self.counts_part()?;
            let inner = self.operand()?;
            return self.takes(&Token::Close).then_some(inner);
        }
        self.constant().map(Operand::Constant)
    }

    fn constant(&mut self) -> Option<Constant> {
        match self.tokens.next()? {
            Token::Int(number) => Some(Constant::Int(number)),
            Token::Real(number) => Some(Constant::Real(number)),
            Token::Text(text) => Some(Constant::Text(text)),
            Token::Minus => match self.tokens.next()? {
                Token::Int(number) => Some(Constant::Int(-number)),
                Token::Real(number) => Some(Constant::Real(-number)),
                _ => None,
            },
            Token::Parameter => {
                self.parameters += 1;
                Some(Constant::Parameter(self.parameters - 1))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("NULL") => Some(Constant::Null),
            Token::Word(word) => {
                let truth = word.eq_ignore_ascii_case("TRUE");
                (truth || word.eq_ignore_ascii_case("FALSE")).then_some(())?;
                self.names_truth = true;
                Some(Constant::Truth(truth))
            }
            _ => None,
        }
    }

    /// One part more; `None` if there are too many.
    fn counts_part(&mut self) -> Option<()> {
        self.parts += 1;
        (self.parts <= MAX_PARTS).then_some(())
    }

    /// The next token, left where it is.
    fn next(&self) -> Option<&Token<'a>> {
        self.tokens.as_slice().first()
    }

    fn takes(&mut self, token: &Token<'_>) -> bool {
        let is_next = self.next() == Some(token);
        is_next && self.tokens.next().is_some()
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_next = self.next().is_some_and(|token| is_word(token, word));
        is_next && self.tokens.next().is_some()
    }
}

fn is_word(token: &Token<'_>, word: &str) -> bool {
    matches!(token, Token::Word(text) if text.eq_ignore_ascii_case(word))
}

fn begins_negatable(token: &Token<'_>) -> bool {
    ["BETWEEN", "IN", "LIKE", "GLOB"].iter().any(|word| is_word(token, word))
}

fn negate(negated: bool, expression: Expression) -> Expression {
    if negated { Expression::Not(Box::new(expression)) } else { expression }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_that_of_sql() {
        for (text, same) in [
            ("a OR b AND NOT c", "(a OR (b AND (NOT (c))))"),
            ("NOT a = 1 AND b", "(NOT (a = 1)) AND b"),
            ("NOT a BETWEEN 1 AND 2 AND b", "(NOT (a BETWEEN 1 AND 2)) AND b"),
            ("(a) > (3)", "a > 3"),
            ("not a is not null", "NOT (NOT (a ISNULL))"),
            ("a NOT IN (1, ?) OR b", "(NOT a IN (1, ?)) OR b"),
            ("a NOT LIKE 'x' AND b NOT NULL", "(NOT (a LIKE 'x')) AND b NOTNULL"),
        ] {
            let parsed = |text| condition(text).map(|condition| condition.expression);
            assert_eq!(parsed(text), parsed(same), "{text}");
            assert!(parsed(text).is_some(), "{text}");
        }
    }

    #[test]
    fn parameters_are_counted_and_columns_named_once() {
        let parsed = condition("a BETWEEN ? AND ? OR A IN (?, 2) AND [b c] = TRUE").unwrap();
        assert_eq!(parsed.parameters, 3);
        assert_eq!(parsed.columns, ["a", "b c"]);
        assert!(parsed.names_truth);
    }

    #[test]
    fn what_is_not_surely_understood_is_refused() {
        for text in [
            "",
            "a =",
            "= a",
            "a = b = c",
            "a < b < c",
            "a = 1 IS NULL",
            "(a = 1) = 1",
            "a b",
            "(a",
            "a)",
            "a AND",
            "AND a",
            "a = NOT b",
            "lower(a) = 'x'",
            "a LIKE b",
            "a IN b",
            "a IN (SELECT 1)",
            "a IN (1,)",
            "a IN (b)",
            "a LIKE 'x' ESCAPE '!'",
            "a = 1 COLLATE x",
            "a IS DISTINCT FROM 1",
            "(a, b) = (1, 2)",
            "CASE WHEN a THEN b END",
            "a MATCH 'x'",
            "a = -b",
            "a = - -1",
            "a = -'1'",
            "order = 1",
            "a NOT = 1",
            "a IS NOT NOT NULL",
            "EXISTS (SELECT 1)",
            "a -1",
            "a = 'x' 'y'",
            "CAST(a AS TEXT) = 'x'",
            "a REGEXP 'x'",
            "a = CURRENT_DATE",
            "a BETWEEN 1",
            "a BETWEEN 1 OR 2",
            "a = (1)) OR (1",
        ] {
            assert!(condition(text).is_none(), "{text}");
        }
    }

    #[test]
    fn large_conditions_are_refused() {
        let chain = |parts: usize| vec!["a = 1"; parts].join(" OR ");
        assert!(condition(&chain(MAX_PARTS)).is_some());
        assert!(condition(&chain(MAX_PARTS + 1)).is_none());
        assert!(condition(&("(".repeat(100_000) + "a")).is_none());
        assert!(condition(&("NOT ".repeat(100_000) + "a")).is_none());
        let list = |length: usize| format!("a IN ({})", vec!["?"; length].join(","));
        assert!(condition(&list(MAX_PARAMETERS)).is_some());
        assert!(condition(&list(MAX_PARAMETERS + 1)).is_none());
        assert!(condition(&format!("a = '{}'", "x".repeat(MAX_BYTES))).is_none());
    }
}
