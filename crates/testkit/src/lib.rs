//! What the tests of several crates share. Never part of a build for users.
#![forbid(unsafe_code)]

pub mod fixtures;
pub mod peers;
