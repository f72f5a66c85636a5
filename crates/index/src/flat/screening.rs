//! A screen at work: tiles of rows against groups of queries, and what passes.

use super::Piece;
use super::hits::Hits;
use super::numbers::{Exact, Faults};
use super::screen::{Form, Member, Screen};
use anear_kernels::Level;
use anear_kernels::ops::{self, Bounds, Term};
use anear_types::Result;

/// A screen at work.
pub(super) struct Screening<'a> {
    screen: &'a Screen,
    level: Level,
    form: Form,
    /// Sums of squares of all rows of the block, where they are known.
    known_squares: Option<&'a [f32]>,
    /// For each lane of each group the threshold as it was last seen, and the bound for it.
    thresholds: Vec<f64>,
    constants: Vec<f32>,
    slopes: Vec<f32>,
    /// For each row of the tile.
    norms: Vec<f32>,
    shifts: Vec<f32>,
    squares: Vec<f32>,
    rows: Vec<f32>,
    scores: Vec<f32>,
    passing: Vec<u32>,
    /// How many scores there were, and how many of them passed in vain.
    scored: usize,
    in_vain: usize,
}

impl<'a> Screening<'a> {
    pub(super) fn new(
        level: Level,
        screen: &'a Screen,
        squares: Option<&'a [f32]>,
    ) -> Screening<'a> {
        let lanes = screen.groups.iter().map(|group| group.width()).sum();
        Screening {
            screen,
            level,
            form: screen.form,
            known_squares: squares,
            thresholds: vec![f64::NAN; lanes],
            // Lanes beyond the last query let nothing through.
            constants: vec![f32::NEG_INFINITY; lanes],
            slopes: vec![0.0; lanes],
            norms: Vec::new(),
            shifts: Vec::new(),
            squares: Vec::new(),
            rows: Vec::new(),
            scores: Vec::new(),
            passing: Vec::new(),
            scored: 0,
            in_vain: 0,
        }
    }

    /// Sets the bounds of a group to what is known by now.
    fn learn(&mut self, first_lane: usize, members: &[Member], hits: &Hits<'_>) {
        for (lane, member) in (first_lane..).zip(members) {
            let threshold = hits.threshold(member.query);
            if self.thresholds[lane] != threshold {
                self.thresholds[lane] = threshold;
                (self.constants[lane], self.slopes[lane]) =
                    self.screen.bound(self.form, member, threshold);
            }
        }
    }

    /// Scores a tile against all groups and offers what passes. Returns the rows to leave out.
    pub(super) fn tile(
        &mut self,
        tile: Piece<'_>,
        exact: &mut Exact<'_>,
        hits: &mut Hits<'_>,
    ) -> Result<Faults> {
        let mut buffer = std::mem::take(&mut self.rows);
        let rows = tile.singles(self.level, &mut buffer);
        let result = self.rows(tile, rows, exact, hits);
        self.rows = buffer;
        self.reconsider();
        result
    }

    fn rows(
        &mut self,
        tile: Piece<'_>,
        rows: &[f32],
        exact: &mut Exact<'_>,
        hits: &mut Hits<'_>,
    ) -> Result<Faults> {
        let mut faults = Vec::new();
        self.set_norms(tile, rows, exact, &mut faults)?;
        let screen = self.screen;
        let (mut lane, mut members) = (0, &screen.members[..]);
        for group in &screen.groups {
            let (width, these) = (group.width(), &members[..group.live()]);
            self.learn(lane, these, hits);
            self.scores.resize(tile.rows() * width, 0.0);
            ops::scores(self.level, self.form.op(), group, rows, &mut self.scores);
            if lane == 0 && !self.form.uses_norms() {
                // A row that is not finite is seen in any one score.
                for position in 0..tile.rows() {
                    let finite = self.scores[position * width].is_finite();
                    if !finite && tile.passes(position) && exact.is_faulty(tile, position)? {
                        faults.push(position);
                    }
                }
            }
            let mut passing = std::mem::take(&mut self.passing);
            passing.clear();
            ops::select(self.level, &self.scores, self.bounds(lane, width), &mut passing);
            for at in &passing {
                let (position, query) = (*at as usize / width, *at as usize % width);
                if query < these.len()
                    && tile.passes(position)
                    && faults.binary_search(&position).is_err()
                {
                    let score = self.scores[*at as usize];
                    self.offer(tile, position, score, &these[query], exact, hits);
                }
            }
            self.passing = passing;
            self.scored += tile.rows() * these.len();
            lane += width;
            members = &members[these.len()..];
        }
        Ok(Some(faults))
    }

    /// Norms and shifts of the rows; those that have no bound get NaN, with which they pass.
    fn set_norms(
        &mut self,
        tile: Piece<'_>,
        rows: &[f32],
        exact: &mut Exact<'_>,
        faults: &mut Vec<usize>,
    ) -> Result<()> {
        self.norms.clear();
        self.norms.resize(tile.rows(), 0.0);
        self.shifts.clear();
        self.shifts.resize(tile.rows(), 0.0);
        if !self.form.uses_norms() {
            return Ok(());
        }
        self.squares.resize(tile.rows(), 0.0);
        match self.known_squares {
            Some(known) => {
                for (position, square) in self.squares.iter_mut().enumerate() {
                    *square = known[tile.block_row(position)];
                }
            }
            None => ops::squares(self.level, rows, tile.dim(), &mut self.squares),
        }
        for (position, square) in self.squares.iter().enumerate() {
            match self.screen.norm_and_shift(self.form, *square) {
                Some((norm, shift)) => {
                    (self.norms[position], self.shifts[position]) = (norm, shift);
                }
                None => {
                    self.norms[position] = f32::NAN;
                    if tile.passes(position) && exact.is_faulty(tile, position)? {
                        faults.push(position);
                    }
                }
            }
        }
        Ok(())
    }

    fn bounds(&self, lane: usize, width: usize) -> Bounds<'_> {
        Bounds {
            constants: &self.constants[lane..lane + width],
            term: Term { slopes: &self.slopes[lane..lane + width], sizes: &self.norms },
            second: None,
            shifts: &self.shifts,
        }
    }

    /// Offers a row that passed.
    fn offer(
        &mut self,
        tile: Piece<'_>,
        position: usize,
        score: f32,
        member: &Member,
        exact: &mut Exact<'_>,
        hits: &mut Hits<'_>,
    ) {
        let (query, row) = (member.query, tile.number(position));
        // Sums of squares are there where norms are used.
        let size = (self.norms[position], self.squares.get(position).copied().unwrap_or(0.0));
        match self.screen.interval(self.form, member, score, size) {
            Some(ends) => {
                // Where the whole interval does not count, the bound had not been moved yet.
                let unclear = ends.1 > hits.threshold(query);
                if hits.offer_interval(query, ends, row) && unclear {
                    self.in_vain += 1;
                }
            }
            None => {
                let key = exact.key(tile, position, query);
                if !hits.offer(query, key, row) {
                    self.in_vain += 1;
                }
            }
        }
    }

    /// Goes over to the fallback where rows are so near each other, measured by their norms, that
    /// the bounds of the shifted form say little.
    fn reconsider(&mut self) {
        let useless = self.scored > 4096 && self.in_vain > self.scored / 32;
        if let Some(fallback) = self.screen.fallback
            && useless
            && self.form != fallback
        {
            self.form = fallback;
            self.thresholds.fill(f64::NAN);
        }
    }
}
