//! SQL conditions on metadata, evaluated over columns in memory with exactly SQLite's meaning.
//!
//! SQLite stays the judge of what a condition means. This crate knows a part of its language well
//! enough to give the same rows much sooner: comparisons, ranges, lists, patterns and null tests,
//! joined by AND, OR and NOT, over columns whose values are of one class. Whatever else there is
//! in a condition, or in a column, is answered with `None`, and SQLite has to be asked.
//!
//! ```
//! use anear_filter::{Affinity, Cell, ColumnData, ColumnStore, Condition};
//! use anear_types::Value;
//! let mut store = ColumnStore::new(1 << 30);
//! store.declare("page_num", Affinity::Integer);
//! for row in 0..3 {
//!     store.append(row, &[]);
//! }
//! let condition = Condition::parse("page_num > ?").unwrap();
//! assert_eq!(store.missing(&condition).unwrap(), ["page_num"]);
//! let mut pages = ColumnData::new(Affinity::Integer, store.free_bytes());
//! for (row, page) in [(0, 2), (2, 7)] {
//!     pages.put(row, Cell::Int(page));
//! }
//! store.hold("page_num", pages);
//! let passing = condition.evaluate(&[Value::Int(3)], &store).unwrap();
//! assert_eq!(passing.iter().collect::<Vec<u64>>(), [2]);
//! assert!(Condition::parse("abs(page_num) > 3").is_none());
//! ```
#![forbid(unsafe_code)]

mod columns;
mod condition;
mod evaluate;

pub use columns::{Affinity, Cell, ColumnData, ColumnStore};
pub use condition::Condition;
pub use evaluate::Passing;
