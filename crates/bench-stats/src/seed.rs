//! Orders and hashes that depend only on a seed, and are the same on every machine.

use std::time::{SystemTime, UNIX_EPOCH};

/// Puts `items` into an order that depends on the seed alone (Fisher-Yates).
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for end in (1..items.len()).rev() {
        state = state.wrapping_add(1);
        // The bias of `%` is below 2⁻³² for any number of cases that fits into memory.
        items.swap(end, (mix(state) % (end as u64 + 1)) as usize);
    }
}

/// Returns a seed from the clock.
pub fn clock_seed() -> u64 {
    // Later than the year 2554 the nanoseconds wrap, and any seed will do.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| mix(since.as_nanos() as u64))
}

/// Returns a hash of an id, the same in every build and on every machine: FNV-1a, 64 bits, its bits mixed.
pub fn hash(id: &str) -> u64 {
    mix(id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
pub fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_follows_the_seed_and_loses_nothing() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..50).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let mut again = order(3);
        again.sort_unstable();
        assert_eq!(again, (0..50).collect::<Vec<_>>());
    }
}
