//! Sums of what codes stand for in the tables of a query, many codes at a time.
//!
//! * [`apart`]: one code out of those that lie together.
//! * [`arranged`]: packed codes in the order in which a level looks at them.
//! * [`bytes`]: numbers of 8 bits and tables of f32.
//! * [`corrected`]: distances out of sums of signs.
//! * [`near`]: scores that are not above a limit.
//! * [`ones`]: bits, and how many of them are set.
//! * [`packed`]: numbers of 4 bits and tables of bytes, sixteen entries to a register.
//! * [`split`]: numbers of a few bits, the highest of them apart.
//! * [`subsets`]: tables of what sets of values sum up to.
//! * [`rounding`]: what makes bytes of f32. [`sums`]: what makes one table of two.

pub mod apart;
pub mod arranged;
pub mod bytes;
pub mod corrected;
pub mod near;
pub mod ones;
pub mod packed;
pub mod rounding;
pub mod split;
pub mod subsets;
pub mod sums;
