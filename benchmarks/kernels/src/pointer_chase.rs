//! Follows a chain of links through memory: bound by latency. The time depends on where the memory lies, and so on the
//! process.

use bench_core::prelude::*;

use crate::{random, work};

/// The number of links of the chain; 16 MiB with 64 bytes each.
pub const LINKS: usize = 256 << 10;
/// The number of links that an iteration follows.
pub const STEPS: usize = work(2000);

/// A link of the chain, which fills a cache line, so that every step touches another line.
#[repr(align(64))]
pub struct Link {
    next: u32,
}

/// Returns a random cycle through `len` links (Sattolo's shuffle, 1986).
pub fn cycle(len: usize) -> Vec<Link> {
    // Shuffled while still packed, which is several times faster: every process prepares the chain.
    let mut next: Vec<u32> = (0..len as u32).collect();
    for (i, random) in (1..len).rev().zip(random::numbers(len)) {
        next.swap(i, (random % i as u64) as usize);
    }
    next.into_iter().map(|next| Link { next }).collect()
}

/// Returns the element that `steps` links lead to from `start`.
#[inline(never)]
pub fn chase(links: &[Link], start: u32, steps: usize) -> u32 {
    (0..steps).fold(start, |at, _| links[at as usize].next)
}

/// Returns [`chase`] together with its chain. Each iteration continues where the last one ended: from the same start,
/// the same 2000 lines would soon be in the cache.
pub fn prepared() -> impl FnMut() -> u32 {
    let links = cycle(LINKS);
    let mut at = 0;
    move || {
        at = chase(black_box(&links), at, STEPS);
        at
    }
}

#[benchmark(category = "unit", name = "kernel_pointer_chase", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.items(STEPS).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cycle_visits_every_link() {
        let links = cycle(1000);
        assert_eq!(chase(&links, 0, 1000), 0);
        assert!((1..1000).all(|steps| chase(&links, 0, steps) != 0));
    }

    #[test]
    fn an_iteration_goes_on_where_the_last_one_ended() {
        let mut iteration = prepared();
        assert_eq!((iteration(), iteration()).1, chase(&cycle(LINKS), 0, 2 * STEPS));
    }

    #[test]
    fn a_link_has_a_cache_line_to_itself() {
        assert_eq!(size_of::<Link>(), 64);
    }
}
