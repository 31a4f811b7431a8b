//! Models whose delays are known: what comes out can be computed beforehand.

use std::time::{Duration, Instant};

use bench_core::prelude::*;
use bench_load::domain::{Classified, Generation, Images, Multimodal, Speech};
use bench_load::input::{Prompts, Texts};
use bench_load::{Load, Request};

/// Waits until exact deadlines, so that what a wait takes too long does not add up.
struct Deadlines {
    began: Instant,
    at: Duration,
}

impl Deadlines {
    fn begin() -> Self {
        Deadlines { began: Instant::now(), at: Duration::ZERO }
    }

    fn wait(&mut self, ms: u64) {
        self.at += Duration::from_millis(ms);
        std::thread::sleep(self.at.saturating_sub(self.began.elapsed()));
    }
}

/// A second of audio in 100 ms, streamed in five parts after the first 20 ms: RTF 0.1, TTFA 20 ms, ASPS 10
/// for each client.
#[benchmark(
    category = "performance",
    model = "oracle_speech",
    args(concurrency = [1, 2, 4, 8]),
    rounds = 2,
    targets("rtf_p50 <= 0.2", "ttfa_p50 <= 50ms", "asps >= 5")
)]
fn speak(b: &mut Bencher, concurrency: usize) -> Result<()> {
    Load::closed(concurrency).requests(20 * concurrency as u64).run(
        b,
        Texts::seeded(20, 50..=200),
        |text, request: &Request| {
            let mut deadlines = Deadlines::begin();
            for _ in 0..5 {
                deadlines.wait(20);
                request.output();
            }
            Ok::<_, Error>(Speech::new(text, 24_000, 24_000))
        },
    )
}

/// Two pictures of 512 × 512 in ten steps of 10 ms, and 20 ms around them: 1 / 0.06 pictures a second.
#[benchmark(category = "performance", model = "oracle_images", args(concurrency = [1, 2]), rounds = 2)]
fn paint(b: &mut Bencher, concurrency: usize) -> Result<()> {
    Load::closed(concurrency).requests(20).run(b, Prompts::seeded(20), |_prompt, request| {
        let mut deadlines = Deadlines::begin();
        deadlines.wait(10);
        for _ in 0..10 {
            deadlines.wait(10);
            request.step();
        }
        deadlines.wait(10);
        request.output();
        let around = Duration::from_millis(10);
        Ok::<_, Error>(Images::new(2, 512, 512).steps(10).setup(around).decode(around))
    })
}

/// Eight pictures in 20 ms: 400 a second.
#[benchmark(category = "performance", model = "oracle_classification", args(concurrency = [1, 2]), rounds = 2)]
fn classify(b: &mut Bencher, concurrency: usize) -> Result<()> {
    Load::closed(concurrency).requests(50).run(b, vec![(); 8], |(), _request| {
        Deadlines::begin().wait(20);
        Ok::<_, Error>(Classified::new(8))
    })
}

/// Ten tokens: the first after 30 ms, the others 10 ms apart.
#[benchmark(category = "performance", model = "oracle_text", args(concurrency = [1, 4]), rounds = 2)]
fn write(b: &mut Bencher, concurrency: usize) -> Result<()> {
    Load::closed(concurrency).requests(20).slo("ttft <= 100ms").run(
        b,
        Texts::seeded(20, 50..=200),
        |_text, request| {
            let mut deadlines = Deadlines::begin();
            deadlines.wait(20);
            for _ in 0..10 {
                deadlines.wait(10);
                request.output();
            }
            Ok::<_, Error>(Generation::new(10).input_tokens(50))
        },
    )
}

/// A picture looked at for 40 ms, and then the same text.
#[benchmark(category = "performance", model = "oracle_multimodal", rounds = 2)]
fn describe(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(10).run(b, Prompts::seeded(10), |_prompt, request| {
        let mut deadlines = Deadlines::begin();
        deadlines.wait(40);
        for _ in 0..10 {
            deadlines.wait(10);
            request.output();
        }
        Ok::<_, Error>(
            Multimodal::new(Generation::new(10).input_tokens(50))
                .images(1, 448, 448)
                .image_analysis(Duration::from_millis(40))
                .language(Duration::from_millis(100)),
        )
    })
}
