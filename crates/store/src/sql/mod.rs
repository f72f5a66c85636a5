//! The SQLite file: its tables, connections, and what is asked of it.

pub(crate) mod columns;
pub(crate) mod connection;
pub(crate) mod schema;
pub(crate) mod text;
