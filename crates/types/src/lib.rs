//! The words every other crate speaks: what an embedding matrix is made of, how nearness is
//! measured, what metadata looks like, how much may be taken from an untrusted file, and how
//! something that went wrong is described. No I/O and no `unsafe` here.
#![forbid(unsafe_code)]

mod check;
mod element;
mod error;
mod ids;
mod limits;
mod matrix;
mod measure;
mod memory;
mod metric;
mod neighbor;
pub mod parts;
mod schema;
mod value;

pub use element::Element;
pub use error::{Error, ErrorKind, Result};
pub use ids::Ids;
pub use limits::Limits;
pub use matrix::{Block, MatrixRef};
pub use measure::Measure;
pub use metric::{Metric, Order};
pub use neighbor::Neighbor;
pub use schema::{ColumnInfo, Schema};
pub use value::{Column, ColumnKind, Value};
