//! Structures that find the nearest rows, one folder each.
//!
//! * [`flat`]: exact search over all rows, block by block as they come from a file.
#![forbid(unsafe_code)]

pub mod flat;
