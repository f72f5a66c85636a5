//! What the tests of several crates share. Never part of a build for users.
#![forbid(unsafe_code)]

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
pub mod faults;
pub mod fixtures;
pub mod peers;
pub mod random;
