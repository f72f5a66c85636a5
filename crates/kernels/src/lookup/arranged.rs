//! Packed codes in the order in which a level looks at them.
//!
//! Where a level puts the numbers of a code side by side before it looks them up ([`packed`](super::packed)), a third of its
//! shuffles do that. Codes that many queries look at are arranged once; of each group whole vectors, filled up with
//! zeros. Elsewhere it helps that vectors begin where lines of the cache do.

use super::packed::Groups;
use crate::arch::{BYTES, Kernel, Simd};
use crate::{LargeBytes, Level};
use std::ops::Range;

/// Groups of codes, arranged.
#[derive(Debug)]
pub struct Arranged {
    bytes: LargeBytes,
    group_bytes: usize,
}

impl Arranged {
    /// Arranges groups of so many bytes, which hold nothing but parts; `None` where the level takes them as they are.
    ///
    /// # Panics
    /// If there are not whole groups.
    pub fn new(level: Level, groups: &[u8], group_bytes: usize) -> Option<Arranged> {
        assert!(groups.len().is_multiple_of(group_bytes));
        level.run(Arrange { groups, group_bytes })
    }

    /// Some of the groups.
    ///
    /// # Panics
    /// If they are not there.
    pub fn groups(&self, groups: Range<usize>) -> Groups<'_> {
        Groups::Arranged(
            &self.bytes[groups.start * self.group_bytes..groups.end * self.group_bytes],
        )
    }
}

struct Arrange<'a> {
    groups: &'a [u8],
    group_bytes: usize,
}

impl Kernel for Arrange<'_> {
    type Output = Option<Arranged>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Option<Arranged> {
        let order = S::ORDER?;
        let group_bytes = self.group_bytes.next_multiple_of(BYTES);
        let groups = self.groups.chunks_exact(self.group_bytes);
        let mut bytes = LargeBytes::default();
        bytes.grow_to(groups.len() * group_bytes);
        for (group, arranged) in groups.zip(bytes.chunks_exact_mut(group_bytes)) {
            for (part, arranged) in group.chunks(BYTES).zip(arranged.as_chunks_mut::<BYTES>().0) {
                let mut vector = [0; BYTES];
                vector[..part.len()].copy_from_slice(part);
                *arranged = order.map(|from| vector[usize::from(from)]);
            }
        }
        Some(Arranged { bytes, group_bytes })
    }
}
