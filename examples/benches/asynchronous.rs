//! An `async` benchmark, on its own tokio runtime. It needs the feature `tokio` of `bench-core`.

use std::sync::Arc;

use bench_core::prelude::*;
use examples::{Index, documents};

/// Each iteration is measured from the first poll of its future to the end of it.
#[benchmark(category = "performance", model = "index", args(tasks = [1, 8]), max_time = "2s")]
async fn search_from_tasks(b: &mut Bencher, tasks: usize) -> Result<()> {
    let index = Arc::new(Index::new(&documents(100)));
    b.items(tasks)
        .try_iter_async(|| async {
            let searches: Vec<_> = (0..tasks)
                .map(|number| {
                    let index = Arc::clone(&index);
                    tokio::spawn(async move { index.search(&format!("word{number}")).len() })
                })
                .collect();
            let mut found = 0;
            for search in searches {
                found += search.await?;
            }
            Ok::<_, tokio::task::JoinError>(found)
        })
        .await
}
