//! Codes that stand for vectors: smaller than they are, faster to score, and with a bound on what
//! they leave out. One folder a codec.
//!
//! * [`sq`]: one byte a component.
#![forbid(unsafe_code)]

pub mod sq;
