//! The random numbers that FAISS draws, so that what is learned here begins where it begins there:
//! the Mersenne Twister of 32 bits (Matsumoto and Nishimura 1998) and what `utils/random.cpp` makes
//! of it.

const SIZE: usize = 624;
const DISTANCE: usize = 397;

/// A Mersenne Twister.
#[derive(Clone)]
pub struct Twister {
    state: [u32; SIZE],
    at: usize,
}

impl std::fmt::Debug for Twister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Twister(..)")
    }
}

impl Twister {
    /// Numbers from a seed, of which the low 32 bits count.
    pub fn new(seed: u64) -> Twister {
        let mut state = [seed as u32; SIZE];
        for at in 1..SIZE {
            let before = state[at - 1];
            state[at] = (before ^ before >> 30).wrapping_mul(1_812_433_253).wrapping_add(at as u32);
        }
        Twister { state, at: SIZE }
    }

    fn twist(&mut self) {
        for at in 0..SIZE {
            let next = self.state[(at + 1) % SIZE];
            let both = self.state[at] & 0x8000_0000 | next & 0x7fff_ffff;
            let odd = if both & 1 == 0 { 0 } else { 0x9908_b0df };
            self.state[at] = self.state[(at + DISTANCE) % SIZE] ^ both >> 1 ^ odd;
        }
        self.at = 0;
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        if self.at == SIZE {
            self.twist();
        }
        let mut bits = self.state[self.at];
        self.at += 1;
        bits ^= bits >> 11;
        bits ^= bits << 7 & 0x9d2c_5680;
        bits ^= bits << 15 & 0xefc6_0000;
        bits ^ bits >> 18
    }

    /// A number below `count`, which is not 0.
    pub fn below(&mut self, count: usize) -> usize {
        self.bits() as usize % count
    }

    /// A number from 0 to 1, both included.
    pub fn float(&mut self) -> f32 {
        self.bits() as f32 / u32::MAX as f32
    }

    fn double(&mut self) -> f64 {
        f64::from(self.bits()) / f64::from(u32::MAX)
    }

    /// A number of 31 bits.
    fn integer(&mut self) -> i64 {
        i64::from(self.bits() & 0x7fff_ffff)
    }
}

/// The numbers below `count` in a random order.
///
/// # Panics
/// If there are more than a `u32` numbers.
pub fn permutation(count: usize, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(count).expect("fewer rows")).collect();
    let mut random = Twister::new(seed);
    for at in 0..count.saturating_sub(1) {
        order.swap(at, at + random.below(count - at));
    }
    order
}

/// Blocks that many normal numbers are drawn in, each from a seed of its own.
const BLOCKS: usize = 1024;

/// Numbers with the normal distribution, by Marsaglia's polar method.
pub fn normal(count: usize, seed: u64) -> Vec<f32> {
    let blocks = if count < BLOCKS { 1 } else { BLOCKS };
    let mut seeds = Twister::new(seed);
    let (first, step) = (seeds.integer(), seeds.integer());
    let mut numbers = Vec::with_capacity(count);
    for block in 0..blocks {
        let block_seed = first.wrapping_add(step.wrapping_mul(block as i64));
        let mut random = Twister::new(block_seed.cast_unsigned());
        let end = (block + 1) * count / blocks;
        while numbers.len() < end {
            let (x, y) = pair(&mut random);
            numbers.push(x);
            if numbers.len() < end {
                numbers.push(y);
            }
        }
    }
    numbers
}

fn pair(random: &mut Twister) -> (f32, f32) {
    loop {
        let (x, y) = (2.0 * random.double() - 1.0, 2.0 * random.double() - 1.0);
        let square = x * x + y * y;
        if square < 1.0 {
            let factor = (-2.0 * square.ln() / square).sqrt();
            return ((x * factor) as f32, (y * factor) as f32);
        }
    }
}

/// Some of the rows, drawn at random if there are more than `most` of them.
pub fn sample(rows: &[f32], dim: usize, most: usize, seed: u64) -> std::borrow::Cow<'_, [f32]> {
    let count = rows.len() / dim;
    if count <= most {
        return rows.into();
    }
    let order = permutation(count, seed);
    let row = |number: &u32| &rows[*number as usize * dim..][..dim];
    order[..most].iter().flat_map(row).copied().collect::<Vec<f32>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_twister() {
        let mut random = Twister::new(5489);
        assert_eq!(random.bits(), 3_499_211_612);
        // The C++ standard says what number 10000 of the default seed is.
        assert_eq!((1..9999).map(|_| random.bits()).count(), 9998);
        assert_eq!(random.bits(), 4_123_659_995);
    }

    #[test]
    fn a_permutation_has_every_number_once() {
        let mut order = permutation(1000, 1234);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..1000));
        assert!(permutation(0, 1).is_empty());
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        for count in [1001, 50_000] {
            let numbers = normal(count, 7);
            let mean = numbers.iter().sum::<f32>() / count as f32;
            let square = numbers.iter().map(|number| number * number).sum::<f32>() / count as f32;
            assert!(mean.abs() < 0.1 && (square - 1.0).abs() < 0.1, "{mean} {square}");
        }
    }
}
