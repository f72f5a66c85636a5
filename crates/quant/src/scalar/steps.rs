//! Steps between a least and a largest value.

use anear_kernels::{Level, StepDecoder, Written};

/// What the codes of each component are worth.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    bits: u32,
    dim: usize,
    /// Of each component, or of all.
    values: Vec<Value>,
    decoder: StepDecoder,
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
    pub(super) fn new(bits: u32, written: Written, dim: usize, learned: &[f32]) -> Steps {
        let last = ((1u32 << bits) - 1) as f32;
        let (leasts, extents) = learned.split_at(learned.len() / 2);
        let value = |(least, extent): (&f32, &f32)| Value {
            first: least + extent * 0.5 / last,
            step: extent / last,
            least: *least,
            extent: *extent,
        };
        let values: Vec<Value> = leasts.iter().zip(extents).map(value).collect();
        let worth = values.iter().cycle().take(dim).map(|value| (value.first, value.step));
        let (firsts, steps): (Vec<f32>, Vec<f32>) = worth.unzip();
        let decoder = StepDecoder::new(written, &firsts, &steps);
        Steps { bits, dim, values, decoder }
    }

    /// The first value and the step of a component.
    pub(super) fn worth(&self, at: usize) -> (f32, f32) {
        let value = self.values.get(at).unwrap_or(&self.values[0]);
        (value.first, value.step)
    }

    /// Writes the components of whole rows.
    pub(super) fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        self.decoder.decode(Level::best(), codes, rows);
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
}
