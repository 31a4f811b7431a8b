//! A benchmark with an argument: each value is a separate case, with its own row in the report.

use bench_core::prelude::*;
use examples::{Index, documents};

/// The ids of the three cases end in `build[documents=10]` and so on. `--args documents=100` selects one of them.
///
/// `items` is what one iteration handles. With it, the report also shows documents per second.
///
/// `max_time` is the budget of each case, which ends earlier if the median is known to 1 %. Without it, a case of this
/// category has 10 s.
#[benchmark(category = "performance", model = "index", args(documents = [10, 100, 1_000]), max_time = "2s")]
fn build(b: &mut Bencher, documents: usize) {
    let texts = self::documents(documents);
    b.items(documents).iter(|| Index::new(&texts));
}
