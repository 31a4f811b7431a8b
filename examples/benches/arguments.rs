//! A benchmark with an argument: each value is a case of its own, with its own row in the report.

use bench_core::prelude::*;
use examples::{Index, documents};

/// The ids of the three cases end in `build[documents=10]` and so on. `--args documents=100` selects one of them.
///
/// `items` is what one iteration handles. With it, the report also shows documents per second.
#[benchmark(category = "performance", model = "index", args(documents = [10, 100, 1_000]))]
fn build(b: &mut Bencher, documents: usize) {
    let texts = self::documents(documents);
    b.items(documents).iter(|| Index::new(&texts));
}
