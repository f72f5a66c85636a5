//! How much may be taken from a file nobody vouches for.

use crate::{Error, Result};

/// Bounds that keep a small hostile file from taking a large amount of memory or time.
///
/// The defaults let every ordinary file through. [`Limits::none`] lifts them for a file one trusts.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A logical size up to this many bytes is always allowed.
    pub floor_bytes: u64,
    /// Beyond [`floor_bytes`](Limits::floor_bytes), the most bytes of content for one byte of file.
    /// Deflate cannot do better than 1,032.
    pub expansion: u64,
    /// The most bytes a header, a pickle program or another description may have.
    pub header_bytes: u64,
    /// The most entries, groups or fields a file may list.
    pub entries: usize,
    /// How deep structures may nest.
    pub depth: usize,
    /// The most time one query to a database may take, in milliseconds.
    pub query_ms: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            floor_bytes: 64 << 20,
            expansion: 1_100,
            header_bytes: 32 << 20,
            entries: 1_000_000,
            depth: 128,
            query_ms: 30_000,
        }
    }
}

impl Limits {
    /// No bounds on size: for files one trusts. Depth stays bounded.
    pub fn none() -> Limits {
        Limits {
            floor_bytes: u64::MAX,
            expansion: u64::MAX,
            header_bytes: u64::MAX,
            entries: usize::MAX,
            depth: 128,
            query_ms: u64::MAX,
        }
    }

    /// Checks that content of `claimed_bytes` is in proportion to a file of `file_bytes`.
    ///
    /// # Errors
    /// [`Limit`](crate::ErrorKind::Limit) if it is not; `what` names the content.
    pub fn check_expansion(&self, what: &str, claimed_bytes: u64, file_bytes: u64) -> Result<()> {
        let allowed = self.floor_bytes.max(file_bytes.saturating_mul(self.expansion));
        if claimed_bytes <= allowed {
            return Ok(());
        }
        Err(Error::limit(format!(
            "{what} would take {claimed_bytes} bytes, far more than the {file_bytes} bytes of the file can hold"
        ))
        .help("if you trust this file, read it with --no-limits"))
    }
}
