//! Packed codes in the order in which they are looked at, once many queries have asked for them.

use super::screen::Asked;
use anear_kernels::Level;
use anear_kernels::lookup::arranged::Arranged;
use std::sync::OnceLock;

/// Up to so many bytes are arranged: more wait for memory whatever their order.
const MOST_BYTES: usize = 64 << 20;

/// The codes, if they were arranged.
#[derive(Default)]
pub(super) struct InOrder {
    asked: Asked,
    /// `None` inside where the level takes them as they are packed.
    codes: OnceLock<Option<Arranged>>,
}

impl InOrder {
    /// The codes for some queries, if there were enough; they are always the same ones.
    pub(super) fn for_queries(
        &self,
        queries: usize,
        codes: &[u8],
        group_bytes: usize,
    ) -> Option<&Arranged> {
        let has_paid = self.asked.for_all(queries) && codes.len() <= MOST_BYTES;
        let arrange = || Arranged::new(Level::best(), codes, group_bytes);
        if has_paid { self.codes.get_or_init(arrange).as_ref() } else { None }
    }
}
