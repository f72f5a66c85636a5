//! Reading and writing whole databases.

mod filter;
mod reading;
mod writing;
