use std::thread::sleep;
use std::time::Duration;

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Generation;
use bench_load::input::Texts;

#[benchmark(category = "performance", model = "llm")]
fn answer(b: &mut Bencher) -> Result<()> {
    Load::closed([1, 4])
        .requests(100)
        .timeout(Duration::from_secs(5))
        .slo("ttft <= 100ms")
        .slo("tpot <= 0.02")
        .run(b, Texts::seeded(20, 50..=200), |text, request| {
            sleep(Duration::from_millis(15)); // prefill
            for _ in 0..10 {
                sleep(Duration::from_millis(4));
                request.output(); // a token that is not empty
            }
            Ok::<_, Error>(Generation::new(10).input_tokens(text.len() as u64 / 4))
        })
}
