//! The input of a fuzzer as a row of choices: what to damage, and how.

/// What is left of an input. When it is at its end, all numbers are 0.
#[derive(Clone, Copy, Debug)]
pub struct Choices<'a>(pub &'a [u8]);

/// Numbers at which things tend to break.
const EDGES: [i64; 16] = [
    0,
    1,
    -1,
    2,
    63,
    255,
    65_536,
    1 << 24,
    i32::MAX as i64,
    1 << 40,
    1 << 53,
    1 << 62,
    i64::MAX - 1,
    i64::MAX,
    i64::MIN + 1,
    i64::MIN,
];

impl<'a> Choices<'a> {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    /// A number less than `count`, which is not 0.
    pub fn below(&mut self, count: usize) -> usize {
        let number = match count {
            0..=256 => usize::from(self.byte()),
            _ => self.word() as usize,
        };
        number % count
    }

    /// One of some things.
    pub fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    /// A number: small, at an edge, or any.
    pub fn number(&mut self) -> i64 {
        match self.byte() {
            small @ 0..=191 => i64::from(small),
            edge @ 192..=239 => EDGES[usize::from(edge) % EDGES.len()],
            _ => i64::from(self.word()) << 32 | i64::from(self.word()),
        }
    }

    /// At most so many bytes.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Some bytes, at most 255 of them.
    pub fn some_bytes(&mut self) -> &'a [u8] {
        let length = self.byte();
        self.bytes(usize::from(length))
    }

    fn word(&mut self) -> u32 {
        self.bytes(4).iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
    }

    /// Damages a file: overwrites, cuts, lengthens it, or sets a number in it.
    pub fn damage(&mut self, file: &mut Vec<u8>) {
        let at = self.below(file.len().max(1));
        match self.byte() % 8 {
            0 => file.truncate(at),
            1 => file.extend_from_slice(self.some_bytes()),
            2 => overwrite(file, at, &self.number().to_le_bytes()),
            3 => overwrite(file, at, &self.number().to_be_bytes()),
            4 => overwrite(file, at, &(self.number() as f32).to_le_bytes()),
            5 => overwrite(file, at, &f32::NAN.to_le_bytes()),
            _ => overwrite(file, at, self.some_bytes()),
        }
    }
}

fn overwrite(file: &mut [u8], at: usize, bytes: &[u8]) {
    let end = file.len().min(at + bytes.len());
    file[at..end].copy_from_slice(&bytes[..end - at]);
}
