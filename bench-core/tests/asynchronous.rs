//! `async` benchmarks on tokio: `cargo test -p bench-core --features tokio --test asynchronous`.

use std::time::Duration;

use bench_core::plan::Wishes;
use bench_core::prelude::*;
use bench_core::record::{Cause, Status};
use bench_core::{Overrides, Suite};

const NAP: Duration = Duration::from_millis(2);

#[benchmark(category = "unit")]
async fn whole_body() -> u32 {
    tokio::time::sleep(NAP).await;
    7
}

#[benchmark(category = "unit", args(naps = [1, 3]))]
async fn driven(b: &mut Bencher, naps: u32) -> Result<()> {
    // Setup may await, too, and is not measured.
    tokio::time::sleep(NAP * 50).await;
    b.try_iter_async(|| async move {
        tokio::time::sleep(NAP * naps).await;
        Ok::<(), Error>(())
    })
    .await
}

#[benchmark(category = "unit")]
async fn infallible(b: &mut Bencher) {
    b.iter_async(|| async { tokio::task::spawn(async { 7 }).await.is_ok() }).await;
}

#[benchmark(category = "unit")]
async fn failing() -> Result<()> {
    tokio::task::yield_now().await;
    Err(Error::failure("nobody answers"))
}

#[test]
fn futures_are_timed_from_first_poll_to_completion() {
    let wishes = Wishes {
        overrides: Overrides { warmup: Some(1), repeats: Some(3), ..Overrides::NONE },
        ..Wishes::default()
    };
    let record = Suite::new().wishes(wishes).in_process().run().expect("a run");
    let median = |id: &str| {
        let case = record.case(id).expect(id);
        assert_eq!(case.status, Status::Ok, "{id}: {:?}", case.failure);
        case.time.as_ref().expect(id).median_s.0
    };
    let nap = NAP.as_secs_f64();
    assert!(median("unit/whole_body") >= nap);
    assert!(median("unit/driven[naps=3]") >= 3.0 * nap);
    // The fifty naps of the setup are not part of the time.
    assert!(median("unit/driven[naps=1]") < 50.0 * nap);
    assert!(median("unit/infallible") > 0.0);
    let failure = record.case("unit/failing").and_then(|case| case.failure.clone()).expect("a failure");
    assert_eq!((failure.cause, failure.message.as_str()), (Cause::Error, "nobody answers"));
}
