//! Files of vectors: appending rows, and finding them again.

mod extent;
mod mapped;
mod npy;

pub use extent::Extent;
pub(crate) use extent::cover;
pub(crate) use mapped::Maps;
pub(crate) use mapped::SharedBytes;
pub(crate) use npy::NpyFile;
