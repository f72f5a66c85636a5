//! Telling queries of what is near.

use super::leaving::Place;
use super::sums::{Vectors, added, least, sums};
use super::{Asked, GROUP, Scale};
use crate::arch::{Kernel, LANES, Simd};

pub(super) struct Near<'a, 'b> {
    pub(super) asked: &'a mut [Asked<'b>],
    pub(super) codes: Codes<'a>,
    pub(super) are_arranged: bool,
}

impl Kernel for Near<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.are_arranged {
            false => self.tell_all::<S, false>(simd),
            true => self.tell_all::<S, true>(simd),
        }
    }
}

impl Near<'_, '_> {
    #[inline(always)]
    fn tell_all<S: Simd, const ARRANGED: bool>(self, simd: S) {
        let Near { asked, codes, .. } = self;
        // Sums are a few registers for each, beside those of the numbers and what is found for them.
        let together = if S::REGISTERS >= 32 { asked.len() } else { 0 };
        let (together, alone) = asked.split_at_mut(together);
        let (fours, rest) = together.as_chunks_mut::<4>();
        for four in fours {
            codes.tell::<S, 4, ARRANGED>(simd, four);
        }
        let (twos, rest) = rest.as_chunks_mut::<2>();
        for two in twos {
            codes.tell::<S, 2, ARRANGED>(simd, two);
        }
        for one in rest.iter_mut().chain(alone) {
            codes.tell::<S, 1, ARRANGED>(simd, std::array::from_mut(one));
        }
    }
}

/// Codes in groups.
#[derive(Clone, Copy)]
pub(super) struct Codes<'a> {
    pub(super) group_bytes: usize,
    pub(super) groups: &'a [u8],
    pub(super) count: usize,
    pub(super) first: usize,
}

impl Codes<'_> {
    /// Tells some queries of the scores that are not above their limits.
    #[inline(always)]
    fn tell<S: Simd, const N: usize, const ARRANGED: bool>(
        self,
        simd: S,
        asked: &mut [Asked<'_>; N],
    ) {
        let mut team = Team::new(simd, asked);
        let count = team.vectors.count();
        let mut place = Place::new(team.asked[0].leaving, count, team.grows, team.is_rough);
        for (number, group) in self.groups.chunks_exact(self.group_bytes).enumerate() {
            let first = number * GROUP;
            let those = u32::MAX >> (GROUP - (self.count - first).min(GROUP));
            let sums = match place.next().filter(|_| team.has_limits()) {
                None => sums::<S, N, ARRANGED>(simd, &team.vectors, group, 0..count),
                Some(end) => match team.look::<ARRANGED>(simd, group, end, those, &mut place) {
                    None => continue,
                    Some(sums) => sums,
                },
            };
            team.tell(simd, sums, those, self.first + first);
        }
        let leaving = place.leaving();
        for asked in team.asked {
            asked.leaving = leaving;
        }
    }
}

/// Queries that look at each group together.
struct Team<'t, 'a, S: Simd, const N: usize> {
    asked: &'t mut [Asked<'a>; N],
    vectors: Vectors<'a, N>,
    scales: [Scale<S>; N],
    limits: [S::F32s; N],
    /// Whether no score becomes less by what is still to be looked at.
    grows: bool,
    /// Whether groups are looked at roughly first.
    is_rough: bool,
}

impl<'t, 'a, S: Simd, const N: usize> Team<'t, 'a, S, N> {
    #[inline(always)]
    fn new(simd: S, asked: &'t mut [Asked<'a>; N]) -> Team<'t, 'a, S, N> {
        let mut tables = [asked[0].tables; N];
        let mut scales = [Scale::new(simd, tables[0]); N];
        let mut limits = [simd.splat(asked[0].limit); N];
        for at in 0..N {
            tables[at] = asked[at].tables;
            scales[at] = Scale::new(simd, tables[at]);
            limits[at] = simd.splat(asked[at].limit);
        }
        let vectors = Vectors::new(tables);
        let grows = tables.iter().all(|tables| tables.factor >= 0.0);
        let is_rough = grows && vectors.has_quarters();
        Team { asked, vectors, scales, limits, grows, is_rough }
    }

    /// Whether something may be too far for all queries.
    #[inline(always)]
    fn has_limits(&self) -> bool {
        self.asked.iter().all(|asked| asked.limit < f32::MAX)
    }

    /// The sums of a group, or nothing if what some of its vectors say is too far already.
    #[inline(always)]
    fn look<const ARRANGED: bool>(
        &self,
        simd: S,
        group: &[u8],
        end: usize,
        those: u32,
        place: &mut Place,
    ) -> Option<[[S::I32s; 2]; N]> {
        let (vectors, count) = (&self.vectors, self.vectors.count());
        let known = match self.is_rough {
            true => least::<S, N, ARRANGED>(simd, vectors, group, 0..end),
            false => sums::<S, N, ARRANGED>(simd, vectors, group, 0..end),
        };
        if !self.is_any_near(simd, known, those) {
            place.left();
            return None;
        }
        place.stayed();
        if !self.is_rough {
            let rest = sums::<S, N, ARRANGED>(simd, vectors, group, end..count);
            return Some(added(simd, known, rest));
        }
        if end < count {
            let rest = least::<S, N, ARRANGED>(simd, vectors, group, end..count);
            if !self.is_any_near(simd, added(simd, known, rest), those) {
                return None;
            }
        }
        Some(sums::<S, N, ARRANGED>(simd, vectors, group, 0..count))
    }

    #[inline(always)]
    fn is_any_near(&self, simd: S, sums: [[S::I32s; 2]; N], those: u32) -> bool {
        let mut near = 0;
        for (at, sums) in sums.into_iter().enumerate() {
            near |= not_above(simd, self.scales[at].scores(simd, sums), self.limits[at]);
        }
        near & those != 0
    }

    /// Tells queries of those codes that are near, the first of which is that of row `first`.
    #[inline(always)]
    fn tell(&mut self, simd: S, sums: [[S::I32s; 2]; N], those: u32, first: usize) {
        for (at, sums) in sums.into_iter().enumerate() {
            let scored = self.scales[at].scores(simd, sums);
            let which = not_above(simd, scored, self.limits[at]) & those;
            if which != 0 {
                let mut scores = [0.0; GROUP];
                self.scales[at].store(simd, scored, &mut scores);
                let asked = &mut self.asked[at];
                asked.limit = asked.taker.take(first, which, &scores);
                self.limits[at] = simd.splat(asked.limit);
            }
        }
    }
}

/// Which of the scores of a group are not above a limit.
#[inline(always)]
fn not_above<S: Simd>(simd: S, [low, high]: [S::F32s; 2], limit: S::F32s) -> u32 {
    u32::from(simd.not_above(low, limit)) | u32::from(simd.not_above(high, limit)) << LANES
}
