//! The random numbers of Annoy: KISS, with 64 bits. Where it is seeded is part of a forest.

/// The seed where none is set.
pub(super) const DEFAULT_SEED: u64 = 1_234_567_890_987_654_321;

/// A source of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    carried: u64,
    shifted: u64,
    linear: u64,
    carry: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random {
            carried: seed,
            shifted: 362_436_362_436_362_436,
            linear: 1_066_149_217_761_810,
            carry: 123_456_123_456_123_456,
        }
    }

    fn next(&mut self) -> u64 {
        self.linear = self.linear.wrapping_mul(6_906_969_069).wrapping_add(1_234_567);
        self.shifted ^= self.shifted << 13;
        self.shifted ^= self.shifted >> 17;
        self.shifted ^= self.shifted << 43;
        let term = (self.carried << 58).wrapping_add(self.carry);
        self.carry = self.carried >> 6;
        self.carried = self.carried.wrapping_add(term);
        self.carry += u64::from(self.carried < term);
        self.carried.wrapping_add(self.shifted).wrapping_add(self.linear)
    }

    /// A number below `count`, which is not 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    pub(super) fn flip(&mut self) -> bool {
        self.next() & 1 == 1
    }
}
