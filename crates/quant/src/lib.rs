//! Codes that stand for vectors: smaller than they are, and faster to score. One folder a codec.
//!
//! * [`sq`]: one byte a component, and a bound on what it leaves out that holds for certain.
//! * [`Codec`]: the codes that other libraries' indexes are made of: [`raw`], [`bits`], [`scalar`],
//!   [`product`], [`two_level`], [`lsh`], [`rabitq`]. A [`Scorer`] scores many codes at a call.
//! * [`packed`]: codes that lie together so that many are looked up at once.
//! * [`transform`]: what happens to rows before they are encoded.
#![forbid(unsafe_code)]

mod algebra;
pub mod bits;
mod codec;
pub mod kmeans;
pub mod lsh;
pub mod packed;
mod pairs;
pub mod product;
pub mod rabitq;
pub mod random;
pub mod raw;
pub mod scalar;
pub mod sq;
pub mod transform;
pub mod two_level;
mod work;

pub use codec::{Codec, How, Query, Rounding, Scorer};
pub use work::Work;
