//! When a group of packed codes is left before all of it was looked at.

/// How many vectors of a group are looked at before it is left or not, which moves to where most groups are left. Who
/// looks at some groups after others takes it along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leaving {
    /// 0 before the first group.
    place: usize,
    /// Groups until leaving is tried again.
    pause: usize,
}

/// The same for groups of so many vectors.
pub(super) struct Place {
    leaving: Leaving,
    count: usize,
    /// The place from which on there is nothing to be gained.
    end: usize,
}

impl Place {
    /// Vectors of which it pays.
    const FEWEST: usize = 8;
    const PAUSE: usize = 16;
    /// It is moved by multiples of this.
    const STEP: usize = 4;

    /// Where groups are left if no code of them can be near any more. That a rough look may tell as well, of all
    /// vectors even; entries are not negative, so scores only grow with each vector where the factor is not either.
    pub(super) fn new(leaving: Leaving, count: usize, scores_grow: bool, is_rough: bool) -> Place {
        let end = match (scores_grow && count >= Place::FEWEST, is_rough) {
            (false, _) => 0,
            (true, false) => count,
            (true, true) => count + 1,
        };
        let place = match leaving.place {
            0 => count / 4,
            place => place,
        };
        Place { leaving: Leaving { place, ..leaving }, count, end }
    }

    /// The place in the next group; none if it is not to be left.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<usize> {
        let Leaving { place, pause } = &mut self.leaving;
        if *place >= self.end {
            if self.end == 0 || *pause > 0 {
                *pause = pause.saturating_sub(1);
                return None;
            }
            *place = self.count / 2;
        }
        Some(place.next_multiple_of(Place::STEP).min(self.end - 1))
    }

    /// The group was left, so the next one may be left earlier.
    #[inline(always)]
    pub(super) fn left(&mut self) {
        let place = &mut self.leaving.place;
        *place = place.saturating_sub(self.count.div_ceil(64)).max(Place::STEP);
    }

    /// Something in the group may be near, so the next one is left later.
    #[inline(always)]
    pub(super) fn stayed(&mut self) {
        let Leaving { place, pause } = &mut self.leaving;
        *place = match *place >= self.count {
            true => self.end,
            false => (*place + self.count.div_ceil(8)).min(self.count),
        };
        *pause = Place::PAUSE;
    }

    /// To be taken along.
    pub(super) fn leaving(self) -> Leaving {
        self.leaving
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_left_before_the_last_vector_or_after_a_rough_look_at_all() {
        for (count, is_rough) in (1..70).flat_map(|count| [(count, false), (count, true)]) {
            let mut place = Place::new(Leaving::default(), count, true, is_rough);
            let mut seen = Vec::new();
            for group in 0..2000 {
                if let Some(end) = place.next() {
                    seen.push(end);
                    if group * 7919 % 11 < 7 { place.stayed() } else { place.left() }
                }
            }
            let most = if is_rough { count } else { count - 1 };
            assert!(seen.iter().all(|end| (1..=most).contains(end)), "{count} {is_rough}");
            assert_eq!(seen.is_empty(), count < Place::FEWEST, "{count}");
        }
    }
}
