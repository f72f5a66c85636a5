//! Words that mean something to SQLite, and so are not surely names of columns.

/// SQLite's keywords, in alphabetical order.
const KEYWORDS: &[&str] = &[
    "ABORT",
    "ACTION",
    "ADD",
    "AFTER",
    "ALL",
    "ALTER",
    "ALWAYS",
    "ANALYZE",
    "AND",
    "AS",
    "ASC",
    "ATTACH",
    "AUTOINCREMENT",
    "BEFORE",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CASCADE",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "COMMIT",
    "CONFLICT",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CURRENT",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "DATABASE",
    "DEFAULT",
    "DEFERRABLE",
    "DEFERRED",
    "DELETE",
    "DESC",
    "DETACH",
    "DISTINCT",
    "DO",
    "DROP",
    "EACH",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXCLUSIVE",
    "EXISTS",
    "EXPLAIN",
    "FAIL",
    "FILTER",
    "FIRST",
    "FOLLOWING",
    "FOR",
    "FOREIGN",
    "FROM",
    "FULL",
    "GENERATED",
    "GLOB",
    "GROUP",
    "GROUPS",
    "HAVING",
    "IF",
    "IGNORE",
    "IMMEDIATE",
    "IN",
    "INDEX",
    "INDEXED",
    "INITIALLY",
    "INNER",
    "INSERT",
    "INSTEAD",
    "INTERSECT",
    "INTO",
    "IS",
    "ISNULL",
    "JOIN",
    "KEY",
    "LAST",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MATCH",
    "MATERIALIZED",
    "NATURAL",
    "NO",
    "NOT",
    "NOTHING",
    "NOTNULL",
    "NULL",
    "NULLS",
    "OF",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OTHERS",
    "OUTER",
    "OVER",
    "PARTITION",
    "PLAN",
    "PRAGMA",
    "PRECEDING",
    "PRIMARY",
    "QUERY",
    "RAISE",
    "RANGE",
    "RECURSIVE",
    "REFERENCES",
    "REGEXP",
    "REINDEX",
    "RELEASE",
    "RENAME",
    "REPLACE",
    "RESTRICT",
    "RETURNING",
    "RIGHT",
    "ROLLBACK",
    "ROW",
    "ROWS",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "TABLE",
    "TEMP",
    "TEMPORARY",
    "THEN",
    "TIES",
    "TO",
    "TRANSACTION",
    "TRIGGER",
    "UNBOUNDED",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VACUUM",
    "VALUES",
    "VIEW",
    "VIRTUAL",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHOUT",
];

/// Keywords that cannot begin an operand, so that SQLite takes them for names there. These are
/// the ones that columns are likely to be called.
const NAMES: &[&str] =
    &["ACTION", "DESC", "FIRST", "KEY", "LAST", "OFFSET", "PLAN", "QUERY", "RANGE", "ROW", "VIEW"];

/// Whether a word without quotes can only be the name of a column.
pub(super) fn is_name(word: &str) -> bool {
    let word = word.to_ascii_uppercase();
    KEYWORDS.binary_search(&word.as_str()).is_err() || NAMES.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;
    use rusqlite::Connection;

    #[test]
    fn keywords_are_found_in_any_case() {
        assert!(KEYWORDS.is_sorted());
        assert!(is_name("page_num") && is_name("Key") && is_name("straße"));
        assert!(!is_name("order") && !is_name("Without") && !is_name("ABORT"));
    }

    /// How many rows, of one where the column is 5, SQLite finds.
    fn rows_found(word: &str, form: &str) -> rusqlite::Result<i64> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(&format!(
            "CREATE TABLE rows (x, \"{word}\"); INSERT INTO rows VALUES (0, 5)"
        ))?;
        let query = format!("SELECT count(*) FROM rows WHERE (\n{form}\n)");
        connection.query_row(&query, [], |row| row.get(0))
    }

    #[test]
    fn a_keyword_is_a_name_wherever_it_is_taken_for_one() {
        let forms = [
            "#",
            "# = 5",
            "5 = #",
            "x = 0 AND # > 4",
            "NOT # < 5",
            "(#) IN (4, 5)",
            "# BETWEEN 5 AND 6",
            "# IS NOT NULL",
            "# NOTNULL",
            "# NOT IN (1)",
            "(# IS 5)",
        ];
        for keyword in KEYWORDS.iter().filter(|keyword| **keyword != "NULL") {
            for form in forms {
                let form = form.replace("#", keyword);
                match Condition::parse(&form) {
                    Some(condition) => {
                        assert!(NAMES.contains(keyword), "{form}");
                        assert!(condition.columns().iter().any(|name| name == keyword), "{form}");
                        assert_eq!(rows_found(keyword, &form).unwrap(), 1, "{form}");
                    }
                    None => assert!(!NAMES.contains(keyword), "{form}"),
                }
            }
        }
    }
}
