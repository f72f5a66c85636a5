//! From a condition to the rows that meet it.
//!
//! A condition is first turned, with the columns and parameters at hand, into a plan without NOT:
//! negation is pushed down to the single tests, which SQL's three truth values allow. A test then
//! only has to say for which rows it is surely true, and null needs no third value. A plan
//! narrows a set of rows, 64 in a word of bits, and passes over words that are empty already.

mod bind;
mod interval;
mod members;
mod passing;
mod pattern;
mod plan;
mod scalar;
mod scan;
mod search;

pub use passing::Passing;

use crate::columns::ColumnStore;
use crate::condition::Condition;
use anear_types::Value;

impl Condition {
    /// The rows, of those present, for which this condition is true, with `params` for its `?`.
    /// `None` if SQLite has to be asked: the number of parameters is another, a column is unknown
    /// or not held, or values are compared in a way that is not surely understood.
    pub fn evaluate(&self, params: &[Value], columns: &ColumnStore) -> Option<Passing> {
        let is_taken = self.names_truth() && (columns.knows("true") || columns.knows("false"));
        if params.len() != self.parameters() || is_taken {
            return None;
        }
        let plan = bind::Binder::new(columns, params).plan(self.expression(), false)?;
        let present = columns.present();
        let mut words = present.words().to_vec();
        plan.narrow(&mut words);
        Some(Passing::new(words, present.len()))
    }
}
