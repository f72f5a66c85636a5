//! What the compiler makes of Annoy for some processors.

#[cfg(target_arch = "x86_64")]
use crate::arch::is_amd;

/// A processor to compile for.
#[derive(Debug)]
pub(super) struct Target {
    /// The name, as `-march` has it.
    pub(super) name: &'static str,
    pub(super) lanes: Lanes,
    /// Where terms behind the last whole block are fused: the sizes of groups that are rounded
    /// before those are, by the place in Annoy.
    pub(super) groups: Groups,
    /// How many roots there must be for them to be taken four at a time.
    pub(super) roots_from: usize,
}

/// Sizes of groups, for sums in different places; each is filled once at most.
#[derive(Debug)]
pub(super) struct Groups {
    /// Products and differences.
    pub(super) sums: [usize; 2],
    /// Squares of differences.
    pub(super) squares: [usize; 2],
    /// The norm of an item that is added.
    pub(super) items: [usize; 2],
    /// The norms of items before and while trees are built.
    pub(super) weights: [usize; 2],
}

/// Sums that are taken side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lanes {
    /// 16, products fused.
    Wide,
    /// 8, products fused.
    Fused,
    /// 8, products rounded, but for the last ones of a tail.
    Mixed,
    /// 8, products rounded.
    Rounded,
    /// One, products rounded.
    Single,
}

/// No group.
const NONE: usize = usize::MAX;

/// All terms are rounded.
const NO_GROUPS: Groups = Groups {
    sums: [NONE, NONE],
    squares: [NONE, NONE],
    items: [NONE, NONE],
    weights: [NONE, NONE],
};

/// All targets that were looked at.
pub(super) static TARGETS: [Target; 6] = [
    Target {
        name: "znver4",
        lanes: Lanes::Wide,
        groups: Groups { sums: [8, 4], squares: [8, 4], items: [8, 4], weights: [8, NONE] },
        roots_from: 43,
    },
    Target {
        name: "skylake-avx512",
        lanes: Lanes::Wide,
        groups: Groups { sums: [8, 4], squares: [8, 4], items: [8, 4], weights: [8, 4] },
        roots_from: 5,
    },
    Target {
        name: "znver3",
        lanes: Lanes::Mixed,
        groups: Groups { sums: [4, NONE], squares: [4, 2], items: [4, NONE], weights: [4, NONE] },
        roots_from: 43,
    },
    Target {
        name: "skylake",
        lanes: Lanes::Fused,
        groups: Groups { sums: [4, 2], squares: [4, 2], items: [4, NONE], weights: [4, NONE] },
        roots_from: 5,
    },
    Target { name: "sandybridge", lanes: Lanes::Rounded, groups: NO_GROUPS, roots_from: 12 },
    Target { name: "x86-64", lanes: Lanes::Single, groups: NO_GROUPS, roots_from: 13 },
];

impl Target {
    pub(super) fn is_fused(&self) -> bool {
        matches!(self.lanes, Lanes::Wide | Lanes::Fused | Lanes::Mixed)
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
