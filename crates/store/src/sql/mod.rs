//! The SQLite file: its tables, connections, and what is asked of it.

pub(crate) mod columns;
pub(crate) mod connection;
pub(crate) mod numbers;
pub(crate) mod schema;
pub(crate) mod shape;
pub(crate) mod text;
