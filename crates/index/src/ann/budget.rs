//! When a search of lists ends before all of them were looked at.

use super::Settings;
use crate::flat::Goal;
use anear_types::{Error, Result};

/// How much of the lists is looked at for a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Rows that are scored, 0 for no bound; as the index says if it is `None`.
    pub rows: Option<usize>,
    /// Lists of codes in blocks that hold something; 0 for no bound.
    pub lists: usize,
    /// Whether in any case as many rows, and lists, are looked at as neighbours are wanted.
    pub fill: bool,
    /// For searches up to a radius: one list after another without a hit; 0 for no bound.
    pub barren: usize,
}

/// Where searches stop, which FAISS does in three ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stops {
    /// Within a list; rows that are not wanted do not count.
    InList,
    /// Within a list; all rows count.
    CountingAll,
    /// Between lists; rows that are not wanted do not count.
    BetweenLists,
}

/// What was looked at for one query.
pub(crate) struct Spent<'a> {
    stops: Stops,
    settings: &'a Settings<'a>,
    most_rows: usize,
    most_lists: usize,
    most_barren: usize,
    rows: usize,
    lists: usize,
    barren: usize,
}

impl<'a> Spent<'a> {
    /// Nothing so far. `usual` is the bound on rows where settings have none.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if FAISS has no such bound for this goal and
    /// such codes.
    pub(crate) fn new(
        stops: Stops,
        goal: Goal,
        settings: &'a Settings<'a>,
        usual: usize,
    ) -> Result<Spent<'a>> {
        let Budget { rows, lists, fill, barren } = settings.budget;
        let rows = match stops {
            Stops::BetweenLists => rows.unwrap_or(0),
            _ => rows.unwrap_or(usual),
        };
        let bound = |most: usize, least: usize| match most {
            0 => usize::MAX,
            most if fill => most.max(least),
            most => most,
        };
        let mut spent = Spent {
            stops,
            settings,
            most_rows: usize::MAX,
            most_lists: usize::MAX,
            most_barren: usize::MAX,
            rows: 0,
            lists: 0,
            barren: 0,
        };
        match goal {
            Goal::Nearest { .. } if stops == Stops::BetweenLists && barren != 0 => {
                let what = "an end after lists without hits, for searches of the nearest rows";
                return Err(Error::unsupported(what));
            }
            Goal::Nearest { k } => {
                spent.most_rows = bound(rows, k);
                if stops == Stops::BetweenLists {
                    spent.most_lists = bound(lists, k);
                }
            }
            Goal::Within { .. }
                if stops == Stops::BetweenLists && (rows, lists, fill) != (0, 0, false) =>
            {
                let what =
                    "a bound on rows or lists, for searches of codes in blocks up to a radius";
                return Err(Error::unsupported(what));
            }
            Goal::Within { .. } => spent.most_barren = bound(barren, 0),
        }
        Ok(spent)
    }

    /// Whether everything is looked at.
    pub(crate) fn is_unbounded(&self) -> bool {
        [self.most_rows, self.most_lists, self.most_barren] == [usize::MAX; 3]
    }

    /// How many rows of a list of `count` are to be looked at.
    pub(crate) fn room(&self, count: usize) -> usize {
        match self.stops {
            Stops::BetweenLists => count,
            _ if self.settings.budget.fill => count,
            _ => count.min(self.most_rows - self.rows),
        }
    }

    /// Notes that so many rows of a list were looked at, and `hits` of them found; whether that was enough.
    pub(crate) fn is_enough(
        &mut self,
        rows: usize,
        id: impl Fn(usize) -> Option<i64>,
        hits: usize,
    ) -> bool {
        self.lists += usize::from(rows > 0);
        self.barren = if hits == 0 { self.barren + 1 } else { 0 };
        self.rows += match (self.stops, self.settings.keep) {
            (Stops::CountingAll, _) | (_, None) => rows,
            (_, Some(keep)) => (0..rows).filter(|row| id(*row).is_some_and(keep)).count(),
        };
        self.rows >= self.most_rows
            || self.lists >= self.most_lists
            || self.barren >= self.most_barren
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAREST: Goal = Goal::Nearest { k: 7 };

    fn settings(budget: Budget) -> Settings<'static> {
        Settings { budget, keep: Some(&|id| id % 2 == 0), ..Settings::default() }
    }

    fn rows(most: usize) -> Settings<'static> {
        settings(Budget { rows: Some(most), ..Budget::default() })
    }

    #[test]
    fn rows_count_if_they_are_wanted() {
        let settings = rows(5);
        let mut spent = Spent::new(Stops::InList, NEAREST, &settings, 0).unwrap();
        assert_eq!(spent.room(9), 5);
        assert!(!spent.is_enough(5, |row| Some(row as i64), 0)); // 0, 2, 4
        assert_eq!(spent.room(9), 2);
        assert!(spent.is_enough(3, |row| Some(2 + row as i64), 0));
        let mut all = Spent::new(Stops::CountingAll, NEAREST, &settings, 0).unwrap();
        assert!(all.is_enough(5, |row| Some(row as i64), 0));
        let blocks = Spent::new(Stops::BetweenLists, NEAREST, &settings, 0).unwrap();
        assert_eq!(blocks.room(9), 9);
    }

    #[test]
    fn the_index_has_a_bound_of_its_own() {
        let settings = Settings::default();
        assert!(Spent::new(Stops::InList, NEAREST, &settings, 0).unwrap().is_unbounded());
        assert_eq!(Spent::new(Stops::InList, NEAREST, &settings, 4).unwrap().room(9), 4);
        assert!(Spent::new(Stops::BetweenLists, NEAREST, &settings, 4).unwrap().is_unbounded());
        let within = Goal::Within { radius: 1.0 };
        assert!(Spent::new(Stops::InList, within, &rows(3), 4).unwrap().is_unbounded());
    }

    #[test]
    fn as_many_as_are_wanted_are_looked_at() {
        let filled = settings(Budget { rows: Some(3), lists: 1, fill: true, barren: 0 });
        let mut spent = Spent::new(Stops::InList, NEAREST, &filled, 0).unwrap();
        assert_eq!(spent.room(100), 100);
        assert!(!spent.is_enough(12, |row| Some(row as i64), 0));
        assert!(spent.is_enough(2, |row| Some(row as i64), 0));
        let mut lists = Spent::new(Stops::BetweenLists, NEAREST, &filled, 0).unwrap();
        assert!((0..6).all(|_| !lists.is_enough(1, |row| Some(1 + row as i64), 1)));
        assert!(lists.is_enough(1, |row| Some(1 + row as i64), 1));
    }

    #[test]
    fn a_hit_starts_lists_without_hits_anew() {
        let barren = settings(Budget { barren: 2, ..Budget::default() });
        let within = Goal::Within { radius: 1.0 };
        let mut spent = Spent::new(Stops::BetweenLists, within, &barren, 0).unwrap();
        assert!(!spent.is_enough(5, |row| Some(row as i64), 0));
        assert!(!spent.is_enough(5, |row| Some(row as i64), 1));
        assert!(!spent.is_enough(5, |row| Some(row as i64), 0));
        assert!(spent.is_enough(0, |row| Some(row as i64), 0));
    }

    #[test]
    fn what_faiss_has_no_bound_for_is_refused() {
        let barren = settings(Budget { barren: 2, ..Budget::default() });
        assert!(Spent::new(Stops::BetweenLists, NEAREST, &barren, 0).is_err());
        assert!(Spent::new(Stops::InList, NEAREST, &barren, 0).unwrap().is_unbounded());
        let within = Goal::Within { radius: 1.0 };
        assert!(Spent::new(Stops::BetweenLists, within, &rows(2), 0).is_err());
    }
}
