//! Pseudo-random inputs that are the same on every machine.

/// Returns numbers by SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) with
/// the seed 0.
pub fn numbers(count: usize) -> Vec<u64> {
    (1..=count as u64)
        .map(|i| {
            let mut z = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        })
        .collect()
}

/// Returns floats in [0, 1).
pub fn floats(count: usize) -> Vec<f32> {
    numbers(count).into_iter().map(|number| (number >> 40) as f32 / (1u64 << 24) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_that_of_the_reference() {
        // Vigna's splitmix64.c with the state 0.
        assert_eq!(numbers(1), [0xe220_a839_7b1d_cdaf]);
    }

    #[test]
    fn floats_lie_in_the_unit_interval() {
        let floats = floats(1000);
        assert!(floats.iter().all(|float| (0.0..1.0).contains(float)));
        let mean = floats.iter().sum::<f32>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "mean {mean}");
    }
}
