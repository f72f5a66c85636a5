//! Numbers of a few bits each, one behind another.

/// The whole numbers in a code, the lowest bits first. `bits` is 1 to 24.
pub(super) fn numbers(code: &[u8], bits: usize) -> impl Iterator<Item = usize> + '_ {
    (0..code.len() * 8 / bits).map(move |number| number_at(code, number * bits, bits))
}

/// The number that begins at a bit.
#[inline]
fn number_at(code: &[u8], bit: usize, bits: usize) -> usize {
    let (first, shift) = (bit / 8, bit % 8);
    let bytes = &code[first..(bit + bits).div_ceil(8)];
    let all = bytes.iter().rev().fold(0u32, |high, byte| high << 8 | u32::from(*byte));
    (all >> shift) as usize & ((1 << bits) - 1)
}

/// Puts a number into bits that are 0, beginning at some bit.
pub(super) fn put(code: &mut [u8], bit: usize, bits: usize, number: u32) {
    let shifted = number << (bit % 8);
    for (at, byte) in code[bit / 8..(bit + bits).div_ceil(8)].iter_mut().enumerate() {
        *byte |= (shifted >> (8 * at)) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_found() {
        for bits in [1usize, 4, 6, 8, 11, 24] {
            let number = |at: usize| (at * 2_654_435_761 % (1 << bits)) as u32;
            let mut code = vec![0; (9 * bits).div_ceil(8)];
            (0..9).for_each(|at| put(&mut code, at * bits, bits, number(at)));
            let found: Vec<usize> = numbers(&code, bits).take(9).collect();
            assert_eq!(found, (0..9).map(|at| number(at) as usize).collect::<Vec<_>>(), "{bits}");
        }
    }

    #[test]
    fn numbers_cross_the_borders_of_bytes() {
        let code = [0b1110_0100, 0b0001_1011, 0xff];
        let all = |bits| numbers(&code, bits).collect::<Vec<_>>();
        assert_eq!(all(2), [0, 1, 2, 3, 3, 2, 1, 0, 3, 3, 3, 3]);
        assert_eq!(all(4), [4, 14, 11, 1, 15, 15]);
        assert_eq!(all(6), [0b10_0100, 0b10_1111, 0b11_0001, 0b11_1111]);
        assert_eq!(all(8), [0b1110_0100, 0b0001_1011, 0xff]);
        assert_eq!(all(10), [0b11_1110_0100, 0b11_1100_0110]);
        assert_eq!(all(24), [0xff_1b_e4]);
    }
}
