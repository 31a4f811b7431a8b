//! Limits that a benchmark declares.

use bench_core::prelude::*;

// The book begins here.
#[benchmark(category = "performance", model = "unet", args(batch = [1, 8]), count(images = batch),
            targets("median <= 5s", "throughput >= 100 @ batch=8", "peak_memory <= 8GiB",
                    "speedup(run:before) >= 1.2"))]
fn step(batch: usize) -> usize {
    (0..batch * 1000).map(black_box).sum()
}
// The book ends here.
