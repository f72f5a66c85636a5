//! Steps between a least and a largest value.

/// What the codes of each component are worth.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    bits: u32,
    dim: usize,
    /// Of each component, or of all.
    values: Vec<Value>,
}

/// A code is worth `first + code * step`.
#[derive(Clone, Copy, Debug)]
struct Value {
    first: f32,
    step: f32,
    /// The least value and the extent, as they were learned.
    least: f32,
    extent: f32,
}

impl Steps {
    /// `learned` are the least values and then the extents, of each component or one of both.
    pub(super) fn new(bits: u32, dim: usize, learned: &[f32]) -> Steps {
        let last = ((1u32 << bits) - 1) as f32;
        let (leasts, extents) = learned.split_at(learned.len() / 2);
        let value = |(least, extent): (&f32, &f32)| Value {
            first: least + extent * 0.5 / last,
            step: extent / last,
            least: *least,
            extent: *extent,
        };
        Steps { bits, dim, values: leasts.iter().zip(extents).map(value).collect() }
    }

    /// The first value and the step of a component.
    pub(super) fn worth(&self, at: usize) -> (f32, f32) {
        let value = self.values.get(at).unwrap_or(&self.values[0]);
        (value.first, value.step)
    }

    /// Writes the components of whole rows.
    pub(super) fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        let code_bytes = (self.dim * self.bits as usize).div_ceil(8);
        assert_eq!(codes.len() * self.dim, rows.len() * code_bytes);
        for (code, row) in codes.chunks_exact(code_bytes).zip(rows.chunks_exact_mut(self.dim)) {
            match self.bits {
                8 => self.decode_row(code.iter().copied(), row),
                4 => self.decode_row(code.iter().flat_map(|byte| [byte & 15, byte >> 4]), row),
                6 => self.decode_row(code.chunks(3).flat_map(four_of_six_bits), row),
                bits => unreachable!("{bits} bits"),
            }
        }
    }

    /// Writes the codes of whole rows.
    pub(super) fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        let bits = self.bits as usize;
        let code_bytes = (self.dim * bits).div_ceil(8);
        assert_eq!(codes.len() * self.dim, rows.len() * code_bytes);
        codes.fill(0);
        for (row, code) in rows.chunks_exact(self.dim).zip(codes.chunks_exact_mut(code_bytes)) {
            let values = self.values.iter().cycle();
            for ((component, value), at) in row.iter().zip(values).zip((0..).step_by(bits)) {
                let number = u16::from(self.number(*component, value)) << (at % 8);
                code[at / 8] |= number as u8;
                if number > 0xff {
                    code[at / 8 + 1] |= (number >> 8) as u8;
                }
            }
        }
    }

    /// The step that a component lies in.
    fn number(&self, component: f32, value: &Value) -> u8 {
        let share =
            if value.extent == 0.0 { 0.0 } else { (component - value.least) / value.extent };
        (share.clamp(0.0, 1.0) * ((1u32 << self.bits) - 1) as f32) as u8
    }

    fn decode_row(&self, codes: impl Iterator<Item = u8>, row: &mut [f32]) {
        let components = row.iter_mut().zip(codes);
        let decode = |((component, code), value): ((&mut f32, u8), &Value)| {
            *component = value.first + f32::from(code) * value.step;
        };
        match &self.values[..] {
            [all] => components.zip(std::iter::repeat(all)).for_each(decode),
            each => components.zip(each).for_each(decode),
        }
    }
}

/// The four codes of six bits in three bytes; of fewer bytes, those that are there are right.
fn four_of_six_bits(bytes: &[u8]) -> [u8; 4] {
    let all = bytes.iter().rev().fold(0u32, |high, byte| high << 8 | u32::from(*byte));
    [0, 6, 12, 18].map(|shift| (all >> shift & 63) as u8)
}
