//! Numbers that repeat from run to run.

/// SplitMix64 (Steele and others 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A sequence that the seed decides.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    ///
    /// # Panics
    /// If the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// Some of the items, as many as wanted if there are so many, in their order.
    pub fn some<T: Clone>(&mut self, items: &[T], wanted: usize) -> Vec<T> {
        let mut wanted = wanted.min(items.len()) as u64;
        let left = (1..=items.len() as u64).rev();
        let mut chosen = Vec::new();
        for (item, left) in items.iter().zip(left) {
            if self.below(left) < wanted {
                chosen.push(item.clone());
                wanted -= 1;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_items_are_as_many_as_wanted_and_any_of_them() {
        let items: Vec<u32> = (0..10).collect();
        let mut seen = [0; 10];
        for seed in 0..1000 {
            let some = Random::new(seed).some(&items, 3);
            assert_eq!(some.len(), 3);
            assert!(some.is_sorted());
            some.iter().for_each(|item| seen[*item as usize] += 1);
        }
        assert!(seen.iter().all(|count| (200..400).contains(count)), "{seen:?}");
        assert_eq!(Random::new(1).some(&items, 20), items);
    }
}
