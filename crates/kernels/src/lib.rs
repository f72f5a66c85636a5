//! The arithmetic of anear: converting elements, scoring blocks of rows against queries, exact
//! distances.
//!
//! * [`Level`] says which instructions the CPU has. It is found once and handed to every call.
//! * [`ops`] scores tiles of f32 rows against groups of f32 queries, fast, with a known bound on
//!   the rounding error: good for sorting out the rows that cannot be near.
//! * [`codes`] scores rows of one-byte codes the same way, four times as fast.
//! * [`StepQuery`] scores rows whose components are short numbers times steps; [`StepDecoder`] decodes them.
//! * [`lookup`] sums what codes stand for in the tables of a query.
//! * [`exact`] computes one distance at a time in f64: what is reported.
//! * [`bits`] are the metrics over packed bits.
//! * [`annoy`] computes what Annoy computes, to the last bit.
//! * [`keep_between`] finds the numbers of a column that lie in an interval.
//! * [`convert`] widens any element to f32 or f64; [`cast()`] converts between any two.
//! * [`LargeBytes`] is memory for rows that are read here and there, [`prefetch()`] asks for them ahead.
//! * [`mod@reference`] says in plain loops what all of the above must give.
//!
//! Algorithms are written once, over the small vector trait in `arch`; each instruction set only
//! implements the trait. `unsafe` lives in `arch` alone.

pub mod annoy;
mod arch;
mod between;
pub mod bits;
mod cast;
pub mod codes;
pub mod convert;
pub mod exact;
mod large;
pub mod lookup;
pub mod ops;
mod prefetch;
pub mod reference;
mod steps;

pub use arch::Level;
pub use between::{Number, keep_between};
pub use cast::{Rounding, cast};
pub use large::LargeBytes;
pub use prefetch::prefetch;
pub use steps::{StepDecoder, StepQuery, Written};
