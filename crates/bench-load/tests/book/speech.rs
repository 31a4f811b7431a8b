use std::thread::sleep;
use std::time::Duration;

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Speech;
use bench_load::input::Texts;

/// Stands for a model: 50 ms of audio for each character, in three parts that take 10 ms each.
struct Tts;

impl Tts {
    fn stream(&self, text: &str, mut part: impl FnMut(Vec<f32>)) -> usize {
        let samples = text.chars().count() * 1200;
        for _ in 0..3 {
            sleep(Duration::from_millis(10));
            part(vec![0.0; samples / 3]);
        }
        samples
    }
}

#[benchmark(category = "performance", model = "tts", args(concurrency = [1, 2, 4, 8]),
            targets("ttfa_p95 <= 200ms", "rtf_p95 <= 0.5"))]
fn synthesize(b: &mut Bencher, concurrency: usize) -> Result<()> {
    let tts = b.load(|| Tts);
    Load::closed(concurrency).requests(100).run(b, Texts::seeded(20, 50..=200), |text, request| {
        let samples = tts.stream(text, |_audio| request.output()); // the first call marks TTFA
        Ok::<_, Error>(Speech::new(text, samples, 24_000).channels(1).bit_depth(32))
    })
}
