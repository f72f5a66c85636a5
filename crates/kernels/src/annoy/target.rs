//! What the compiler makes of Annoy for some processors.

#[cfg(target_arch = "x86_64")]
use crate::arch::is_amd;

/// A processor to compile for.
#[derive(Debug)]
pub(super) struct Target {
    /// The name, as `-march` has it.
    pub(super) name: &'static str,
    pub(super) blocks: Blocks,
    /// The sizes of groups of products that are rounded behind the last whole block ..
    pub(super) short: [usize; 2],
    /// .. and where the compiler does not know that less than a block is left.
    pub(super) any: [usize; 2],
    /// How many roots there must be for them to be taken four at a time.
    pub(super) roots_from: usize,
}

/// Sums that are taken side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocks {
    /// 16, products fused.
    Wide,
    /// 8, products fused.
    Fused,
    /// 8, products rounded.
    Rounded,
    /// One, products rounded.
    Single,
}

/// No group.
const NONE: usize = usize::MAX;

/// All targets that were looked at.
pub(super) static TARGETS: [Target; 6] = [
    Target { name: "znver4", blocks: Blocks::Wide, short: [8, 4], any: [8, NONE], roots_from: 43 },
    Target {
        name: "skylake-avx512",
        blocks: Blocks::Wide,
        short: [8, 4],
        any: [8, NONE],
        roots_from: 5,
    },
    Target {
        name: "znver3",
        blocks: Blocks::Fused,
        short: [4, NONE],
        any: [4, NONE],
        roots_from: 43,
    },
    Target { name: "skylake", blocks: Blocks::Fused, short: [4, 2], any: [4, NONE], roots_from: 5 },
    Target {
        name: "sandybridge",
        blocks: Blocks::Rounded,
        short: [NONE, NONE],
        any: [NONE, NONE],
        roots_from: 12,
    },
    Target {
        name: "x86-64",
        blocks: Blocks::Single,
        short: [NONE, NONE],
        any: [NONE, NONE],
        roots_from: 13,
    },
];

impl Target {
    pub(super) fn is_fused(&self) -> bool {
        matches!(self.blocks, Blocks::Wide | Blocks::Fused)
    }
}

/// The target that is most like this processor.
#[cfg(target_arch = "x86_64")]
pub(super) fn native() -> &'static Target {
    let has_fma = is_x86_feature_detected!("fma");
    let name = match (is_x86_feature_detected!("avx512f"), is_x86_feature_detected!("avx")) {
        (true, _) if is_amd() => "znver4",
        (true, _) => "skylake-avx512",
        (_, true) if has_fma && is_amd() => "znver3",
        (_, true) if has_fma => "skylake",
        (_, true) => "sandybridge",
        (_, false) => "x86-64",
    };
    TARGETS.iter().find(|target| target.name == name).expect("a name in the table")
}

/// The plainest.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn native() -> &'static Target {
    &TARGETS[TARGETS.len() - 1]
}
