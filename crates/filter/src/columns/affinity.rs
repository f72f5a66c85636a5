//! What SQLite would like the values of a column to be.

/// A column's affinity. It decides how a constant is converted before it is compared with the
/// column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Affinity {
    /// Text that looks like a number becomes one; a real without a fraction becomes an integer.
    Integer,
    /// Text that looks like a number becomes a real.
    Real,
    /// Text that looks like a number becomes one.
    Numeric,
    /// Numbers become text.
    Text,
    /// Values stay as they are.
    Blob,
}

impl Affinity {
    /// The affinity of a column that was declared with this type; no type is an empty text.
    pub fn of_declared(declared: &str) -> Affinity {
        let declared = declared.to_ascii_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
        if has(&["int"]) {
            Affinity::Integer
        } else if has(&["char", "clob", "text"]) {
            Affinity::Text
        } else if declared.is_empty() || has(&["blob"]) {
            Affinity::Blob
        } else if has(&["real", "floa", "doub"]) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }

    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Affinity::Integer | Affinity::Real | Affinity::Numeric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_applies_decides() {
        for (declared, affinity) in [
            ("INTEGER", Affinity::Integer),
            ("unsigned big int", Affinity::Integer),
            ("CHARINT", Affinity::Integer),
            ("FLOATING POINT", Affinity::Integer),
            ("VARCHAR(255)", Affinity::Text),
            ("blobtext", Affinity::Text),
            ("", Affinity::Blob),
            ("REALBLOB", Affinity::Blob),
            ("Double precision", Affinity::Real),
            ("BOOLEAN", Affinity::Numeric),
            ("DECIMAL(10,5)", Affinity::Numeric),
        ] {
            assert_eq!(Affinity::of_declared(declared), affinity, "{declared}");
        }
    }
}
