//! Numbers with something beside them, ordered as one integer.

/// A key that is larger for larger numbers, and for larger others where the numbers are the same.
/// NaN, whatever its sign, is larger than all numbers: as a distance it comes last.
pub(super) fn key(number: f32, other: u32) -> u64 {
    let number = if number.is_nan() { f32::NAN } else { number };
    let bits = (number + 0.0).to_bits(); // both zeros are the same
    let flipped = bits ^ (((bits as i32 >> 31) as u32) | 0x8000_0000);
    u64::from(flipped) << 32 | u64::from(other)
}

/// What a key was made of.
pub(super) fn split(key: u64) -> (f32, u32) {
    let flipped = (key >> 32) as u32;
    let bits = flipped ^ (!((flipped as i32 >> 31) as u32) | 0x8000_0000);
    (f32::from_bits(bits), key as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_pairs_are_and_split_again() {
        let numbers = [f32::NEG_INFINITY, -2.5, -1e-40, 0.0, 1e-40, 0.5, 3.0, f32::INFINITY];
        let pairs: Vec<(f32, u32)> =
            numbers.into_iter().flat_map(|number| [(number, 0), (number, u32::MAX)]).collect();
        let keys: Vec<u64> = pairs.iter().map(|(number, other)| key(*number, *other)).collect();
        assert!(keys.is_sorted());
        assert_eq!(keys.iter().map(|key| split(*key)).collect::<Vec<_>>(), pairs);
        assert_eq!(key(-0.0, 7), key(0.0, 7));
    }

    #[test]
    fn nan_of_either_sign_comes_behind_all_numbers() {
        for nan in [f32::NAN, -f32::NAN, f32::from_bits(0xffc0_0001)] {
            assert!(key(nan, 0) > key(f32::INFINITY, u32::MAX));
            assert_eq!(key(nan, 3), key(f32::NAN, 3));
            assert!(split(key(nan, 3)).0.is_nan());
        }
    }
}
