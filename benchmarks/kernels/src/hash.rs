//! SipHash of 64 KiB: a dependent chain of core operations.

use std::hash::{DefaultHasher, Hasher};

use bench_core::prelude::*;

use crate::{random, work};

/// The number of bytes that an iteration hashes.
pub const BYTES: usize = work(64 << 10) / 8 * 8;

/// Returns SipHash-1-3 with the key 0.
#[inline(never)]
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Returns [`hash`] together with its input.
pub fn prepared() -> impl FnMut() -> u64 {
    let bytes: Vec<u8> = random::numbers(BYTES / 8).into_iter().flat_map(u64::to_le_bytes).collect();
    move || hash(black_box(&bytes))
}

#[benchmark(category = "unit", name = "kernel_hash", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.bytes(BYTES).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts() {
        let mut bytes = vec![0; BYTES];
        let all_zero = hash(&bytes);
        bytes[BYTES - 1] = 1;
        assert_ne!(hash(&bytes), all_zero);
    }
}
