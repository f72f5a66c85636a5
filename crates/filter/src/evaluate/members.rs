//! A list of integers that others are looked up in.

use super::interval::Interval;

/// So many bits for each integer in the list: one in eight strangers gets past the filter.
const FILTER_BITS: usize = 8;

/// Up to so many bits, each integer between the ends of the list has one of its own.
const MAX_SPAN: u64 = 1 << 20;

/// Some integers.
#[derive(Debug)]
pub(super) enum Members {
    /// Few runs of integers: each can be scanned for.
    Runs(Vec<Interval<i64>>),
    /// Integers that lie near to each other: a bit for each from the first.
    Near { first: i64, bits: Vec<u64> },
    /// Any others, sorted; a filter of bits, a power of two of them, tells of most strangers that
    /// they are not among them.
    Far { sorted: Vec<i64>, filter: Vec<u64>, shift: u32 },
}

impl Members {
    /// The integers of a list. Up to `most_runs` are told as runs.
    pub(super) fn new(mut list: Vec<i64>, most_runs: usize) -> Members {
        list.sort_unstable();
        list.dedup();
        let runs: Vec<Interval<i64>> = list
            .chunk_by(|one, next| one.checked_add(1) == Some(*next))
            .map(|run| Interval { low: run[0], high: run[run.len() - 1] })
            .collect();
        if runs.len() <= most_runs || list.is_empty() {
            return Members::Runs(runs);
        }
        let (first, last) = (list[0], list[list.len() - 1]);
        let span = last.wrapping_sub(first) as u64;
        if span < MAX_SPAN {
            let mut bits = vec![0; span as usize / 64 + 1];
            for number in list {
                set(&mut bits, (number - first) as usize);
            }
            return Members::Near { first, bits };
        }
        let filter_bits = (list.len() * FILTER_BITS).next_power_of_two().max(64);
        let shift = u64::BITS - filter_bits.trailing_zeros();
        let mut filter = vec![0; filter_bits / 64];
        for number in &list {
            set(&mut filter, scatter(*number, shift));
        }
        Members::Far { sorted: list, filter, shift }
    }

    /// Whether a number is among them.
    #[inline]
    pub(super) fn contains(&self, number: i64) -> bool {
        match self {
            Members::Runs(runs) => runs.iter().any(|run| run.low <= number && number <= run.high),
            Members::Near { first, bits } => {
                // Numbers below the first wrap around to large ones.
                let at = number.wrapping_sub(*first) as u64;
                bits.get((at / 64) as usize).is_some_and(|word| word >> (at % 64) & 1 == 1)
            }
            Members::Far { sorted, filter, shift } => {
                let at = scatter(number, *shift);
                filter[at / 64] >> (at % 64) & 1 == 1 && sorted.binary_search(&number).is_ok()
            }
        }
    }
}

fn set(bits: &mut [u64], at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

/// A place in a filter, by the upper bits of a product with an odd number (Knuth's
/// multiplicative hash; the golden ratio of 64 bits).
fn scatter(number: i64, shift: u32) -> usize {
    ((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &[i64]) -> Members {
        let members = Members::new(list.to_vec(), 4);
        let ends = [i64::MIN, -1, 0, 1, i64::MAX];
        let around = list.iter().flat_map(|n| [n.wrapping_sub(1), *n, n.wrapping_add(1)]);
        for number in around.chain(ends) {
            assert_eq!(members.contains(number), list.contains(&number), "{number} in {list:?}");
        }
        members
    }

    #[test]
    fn lists_of_every_shape_hold_what_is_in_them() {
        assert!(matches!(check(&[]), Members::Runs(runs) if runs.is_empty()));
        assert!(
            matches!(check(&[2021, 2019, 2020, 2020, 7]), Members::Runs(runs) if runs.len() == 2)
        );
        assert!(matches!(check(&[i64::MAX, i64::MIN]), Members::Runs(_)));
        let near: Vec<i64> = (0..100).map(|n| -50 + 3 * n).collect();
        assert!(matches!(check(&near), Members::Near { .. }));
        let far: Vec<i64> = (0..100).map(|n: i64| n.wrapping_mul(0x1234_5678_9abc_def1)).collect();
        assert!(matches!(check(&far), Members::Far { .. }));
        let wide: Vec<i64> = far.into_iter().chain([i64::MIN, i64::MAX]).collect();
        assert!(matches!(check(&wide), Members::Far { .. }));
    }
}
