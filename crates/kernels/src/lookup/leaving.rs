//! When a group of packed codes is left before all of it was looked at.

/// Where a group is left if no code of it can be near any more: entries are not negative, so scores only
/// grow with each vector where the factor is not negative either. The place moves to where most groups
/// are left.
pub(super) struct Leaving {
    place: usize,
    count: usize,
    pays: bool,
    /// Groups until leaving is tried again.
    pause: usize,
}

impl Leaving {
    /// Vectors of which it pays.
    const FEWEST: usize = 8;
    const PAUSE: usize = 16;

    pub(super) fn new(count: usize, scores_grow: bool) -> Leaving {
        let pays = scores_grow && count >= Leaving::FEWEST;
        Leaving { place: if pays { count / 4 } else { count }, count, pays, pause: 0 }
    }

    /// The place in the next group; behind all vectors if it is not to be left.
    #[inline(always)]
    pub(super) fn next(&mut self) -> usize {
        if self.pays && self.place == self.count {
            match self.pause {
                0 => self.place = self.count / 2,
                _ => self.pause -= 1,
            }
        }
        self.place
    }

    /// The group was left, so the next one may be left earlier.
    #[inline(always)]
    pub(super) fn left(&mut self) {
        self.place = self.place.saturating_sub(self.count.div_ceil(64)).max(Leaving::FEWEST / 2);
    }

    #[inline(always)]
    pub(super) fn stayed(&mut self) {
        self.place = (self.place + self.count.div_ceil(8)).min(self.count);
        self.pause = Leaving::PAUSE;
    }
}
