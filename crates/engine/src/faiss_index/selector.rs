//! Which ids are wanted.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A set of ids.
#[derive(Clone, Debug)]
pub enum Selector {
    /// All.
    All,
    /// Those in a range.
    Range(Range<i64>),
    /// These, in ascending order.
    These(Vec<i64>),
    /// Those from 0 on whose bit is set, the lowest bit of a byte first.
    Bitmap(Vec<u8>),
    /// Those that are not in a set.
    Not(Arc<Selector>),
    /// Those in both sets.
    And(Arc<Selector>, Arc<Selector>),
    /// Those in one set at least.
    Or(Arc<Selector>, Arc<Selector>),
    /// Those in exactly one.
    Xor(Arc<Selector>, Arc<Selector>),
    /// Numbers of rows whose ids are in a set.
    Translated(Vec<i64>, Arc<Selector>),
    /// Those that a function says.
    Asked(Asked),
}

/// A function that says which ids are wanted.
#[derive(Clone)]
pub struct Asked(Arc<dyn Fn(i64) -> bool + Send + Sync>);

impl Asked {
    /// Asks a function, on whichever thread searches.
    pub fn new(is_wanted: impl Fn(i64) -> bool + Send + Sync + 'static) -> Asked {
        Asked(Arc::new(is_wanted))
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

impl Selector {
    /// Exactly these ids.
    pub fn these(mut ids: Vec<i64>) -> Selector {
        ids.sort_unstable();
        ids.dedup();
        Selector::These(ids)
    }

    /// Whether an id is wanted.
    pub fn has(&self, id: i64) -> bool {
        match self {
            Selector::All => true,
            Selector::Range(range) => range.contains(&id),
            Selector::These(ids) => ids.binary_search(&id).is_ok(),
            Selector::Bitmap(bits) => usize::try_from(id)
                .ok()
                .and_then(|id| Some(bits.get(id / 8)? >> (id % 8) & 1 == 1))
                .unwrap_or(false),
            Selector::Not(inner) => !inner.has(id),
            Selector::And(one, other) => one.has(id) && other.has(id),
            Selector::Or(one, other) => one.has(id) || other.has(id),
            Selector::Xor(one, other) => one.has(id) != other.has(id),
            Selector::Translated(ids, inner) => usize::try_from(id)
                .ok()
                .and_then(|number| ids.get(number))
                .is_some_and(|id| inner.has(*id)),
            Selector::Asked(Asked(is_wanted)) => is_wanted(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(selector: &Selector) -> Vec<i64> {
        (-2..20).filter(|id| selector.has(*id)).collect()
    }

    #[test]
    fn sets_are_combined() {
        let range = Arc::new(Selector::Range(3..6));
        let these = Arc::new(Selector::these(vec![9, 5, 3, 9]));
        assert_eq!(wanted(&these), [3, 5, 9]);
        assert_eq!(wanted(&Selector::Bitmap(vec![0b1000_0001, 0b10])), [0, 7, 9]);
        assert_eq!(wanted(&Selector::And(range.clone(), these.clone())), [3, 5]);
        assert_eq!(wanted(&Selector::Or(range.clone(), these.clone())), [3, 4, 5, 9]);
        assert_eq!(wanted(&Selector::Xor(range.clone(), these)), [4, 9]);
        assert_eq!(wanted(&Selector::Translated(vec![5, 6, 4], range.clone())), [0, 2]);
        assert_eq!(wanted(&Selector::Asked(Asked::new(|id| id % 7 == 1))), [1, 8, 15]);
        let rest = Selector::Not(range);
        assert!(rest.has(-1) && !rest.has(3) && Selector::All.has(i64::MIN));
    }
}
