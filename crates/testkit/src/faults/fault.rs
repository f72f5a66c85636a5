//! What can befall an operation.

use std::fmt;

/// One operation, counted from 1, and what befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the operation.
    pub at: u64,
    /// What happens.
    pub what: What,
}

/// What happens at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The process is killed before it.
    KillBefore,
    /// The process is killed when half of the bytes are written.
    KillTorn,
    /// The process is killed after it.
    KillAfter,
    /// It fails with EIO.
    Io,
    /// It and all that follow fail with EIO.
    IoLasting,
    /// Half of the bytes are written, and it fails with EIO.
    TornIo,
    /// It fails with ENOSPC.
    Full,
    /// From there on, all that takes room fails with ENOSPC.
    FullLasting,
    /// Half of the bytes are written, and all that takes room after it fails with ENOSPC.
    Short,
    /// It and all that follow fail with EROFS; files cannot be opened for writing.
    ReadOnly,
}

impl What {
    /// What can befall a write.
    pub(super) const OF_WRITES: &[What] = &[
        What::KillBefore,
        What::KillTorn,
        What::KillAfter,
        What::Io,
        What::IoLasting,
        What::TornIo,
        What::Full,
        What::FullLasting,
        What::Short,
    ];
    /// What can befall a change of names.
    pub(super) const OF_NAMES: &[What] = &[
        What::KillBefore,
        What::KillAfter,
        What::Io,
        What::IoLasting,
        What::Full,
        What::FullLasting,
    ];
    /// What can befall a sync or a change of length.
    pub(super) const OF_OTHERS: &[What] =
        &[What::KillBefore, What::KillAfter, What::Io, What::IoLasting];

    /// The name by which `layer/layer.c` knows it.
    pub(super) fn name(self) -> &'static str {
        match self {
            What::KillBefore => "kill-before",
            What::KillTorn => "kill-torn",
            What::KillAfter => "kill-after",
            What::Io => "io",
            What::IoLasting => "io-lasting",
            What::TornIo => "torn-io",
            What::Full => "full",
            What::FullLasting => "full-lasting",
            What::Short => "short",
            What::ReadOnly => "read-only",
        }
    }

    /// Whether the process does not outlive it.
    pub fn kills(self) -> bool {
        matches!(self, What::KillBefore | What::KillTorn | What::KillAfter)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at operation {}", self.what.name(), self.at)
    }
}
