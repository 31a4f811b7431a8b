//! A model that serves requests, under load. It needs the crate `bench-load`.

use std::thread::sleep;
use std::time::Duration;

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Generation;
use bench_load::input::Texts;

/// `closed([1, 4])` serves the requests of one client, then those of four at once; each client waits for its answer before
/// it asks again. The closure serves one request; here it sleeps as long as a small model would compute.
///
/// The returned type decides which metrics are reported. A `Generation` of text has the time to the first token (TTFT),
/// the time per output token (TPOT) and output tokens per second. Each call of `request.output()` marks a token.
#[benchmark(category = "performance", model = "writer", rounds = 3)]
fn write(b: &mut Bencher) -> Result<()> {
    Load::closed([1, 4]).requests(40).run(b, Texts::seeded(20, 50..=200), |text, request| {
        sleep(Duration::from_millis(5)); // reads the prompt
        for _ in 0..10 {
            sleep(Duration::from_millis(1)); // writes a token
            request.output();
        }
        Ok::<_, Error>(Generation::new(10).input_tokens(text.len() as u64 / 4))
    })
}
