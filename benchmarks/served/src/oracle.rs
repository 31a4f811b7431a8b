//! Models with known delays, whose figures can be computed beforehand. Targets require each figure to be within 1 % of
//! the computed one, streamed and not.

use std::time::{Duration, Instant};

use bench_core::prelude::*;
use bench_load::domain::{Classified, Generation, Images, Multimodal, Speech};
use bench_load::input::{Prompts, Texts};
use bench_load::{Load, Request};

/// Waits until absolute deadlines, so that delays of single waits do not add up.
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

/// A second of audio in 100 ms: RTF 0.1, ASPS 10 for each client. Streamed, it comes in five parts, the first after 20
/// ms: TTFA 20 ms, no underrun.
#[benchmark(
    category = "performance",
    model = "oracle_speech",
    args(concurrency = [1, 4, 8], streamed = [true, false]),
    rounds = 3,
    targets(
        "rtf_p50 >= 0.099",
        "rtf_p50 <= 0.101",
        "rtf_aggregate <= 0.101",
        "asps >= 9.9 @ concurrency=1",
        "asps <= 10.1 @ concurrency=1",
        "asps >= 39.6 @ concurrency=4",
        "asps <= 40.4 @ concurrency=4",
        "asps >= 79.2 @ concurrency=8",
        "asps <= 80.8 @ concurrency=8",
        "ttfa_p50 >= 19.8ms @ streamed=true",
        "ttfa_p50 <= 20.2ms @ streamed=true",
        "continuity >= 0.99 @ streamed=true"
    )
)]
fn speak(b: &mut Bencher, concurrency: usize, streamed: bool) -> Result<()> {
    Load::closed(concurrency).requests(20 * concurrency as u64).run(
        b,
        Texts::seeded(20, 50..=200),
        |text, request: &Request| {
            let mut deadlines = Deadlines::begin();
            for _ in 0..5 {
                deadlines.wait(20);
                if streamed {
                    request.output();
                }
            }
            Ok::<_, Error>(Speech::new(text, 24_000, 24_000))
        },
    )
}

/// Two pictures of 512 × 512 pixels in ten steps of 10 ms, and 20 ms around them: 0.12 s, so 16.67 pictures, 4.369 M
/// pixels and 83.33 steps a second for each client. Streamed, the first picture comes 10 ms before the second.
#[benchmark(
    category = "performance",
    model = "oracle_images",
    args(concurrency = [1, 2], streamed = [true, false]),
    rounds = 3,
    targets(
        "ips >= 16.5 @ concurrency=1",
        "ips <= 16.83 @ concurrency=1",
        "ips >= 33 @ concurrency=2",
        "ips <= 33.67 @ concurrency=2",
        "pps >= 4325000 @ concurrency=1",
        "pps <= 4413000 @ concurrency=1",
        "sps >= 82.5 @ concurrency=1",
        "sps <= 84.17 @ concurrency=1",
        "image_steps_s >= 165 @ concurrency=1",
        "image_steps_s <= 168.3 @ concurrency=1",
        "step_time_p50 >= 9.9ms",
        "step_time_p50 <= 10.1ms",
        "ttfi_p50 >= 108.9ms @ streamed=true",
        "ttfi_p50 <= 111.1ms @ streamed=true"
    )
)]
fn paint(b: &mut Bencher, concurrency: usize, streamed: bool) -> Result<()> {
    Load::closed(concurrency).requests(20 * concurrency as u64).run(
        b,
        Prompts::seeded(20),
        |_prompt, request| {
            let mut deadlines = Deadlines::begin();
            deadlines.wait(10);
            for _ in 0..10 {
                deadlines.wait(10);
                request.step();
            }
            if streamed {
                request.output();
            }
            deadlines.wait(10);
            if streamed {
                request.output();
            }
            let around = Duration::from_millis(10);
            Ok::<_, Error>(Images::new(2, 512, 512).steps(10).setup(around).decode(around))
        },
    )
}

/// Eight pictures in 40 ms: 200 a second for each client. There is nothing to stream.
#[benchmark(
    category = "performance",
    model = "oracle_classification",
    args(concurrency = [1, 2]),
    rounds = 3,
    targets(
        "ips >= 198 @ concurrency=1",
        "ips <= 202 @ concurrency=1",
        "ips >= 396 @ concurrency=2",
        "ips <= 404 @ concurrency=2"
    )
)]
fn classify(b: &mut Bencher, concurrency: usize) -> Result<()> {
    Load::closed(concurrency).requests(25 * concurrency as u64).run(b, vec![(); 8], |(), _request| {
        Deadlines::begin().wait(40);
        Ok::<_, Error>(Classified::new(8))
    })
}

/// Ten tokens for a prompt of 50: the first after 30 ms, the others 10 ms apart, so 120 ms in all: 83.33 tokens a
/// second for each client. Streamed, the time of each is known: TTFT 30 ms, TPOT and ITL 10 ms.
#[benchmark(
    category = "performance",
    model = "oracle_text",
    args(concurrency = [1, 4], streamed = [true, false]),
    rounds = 3,
    targets(
        "output_tokens_s >= 82.5 @ concurrency=1",
        "output_tokens_s <= 84.17 @ concurrency=1",
        "output_tokens_s >= 330 @ concurrency=4",
        "output_tokens_s <= 336.7 @ concurrency=4",
        "input_tokens_s >= 412.5 @ concurrency=1",
        "input_tokens_s <= 420.9 @ concurrency=1",
        "ttft_p50 >= 29.7ms @ streamed=true",
        "ttft_p50 <= 30.3ms @ streamed=true",
        "tpot_p50 >= 0.0099 @ streamed=true",
        "tpot_p50 <= 0.0101 @ streamed=true",
        "itl_p50 >= 9.9ms @ streamed=true",
        "itl_p50 <= 10.1ms @ streamed=true"
    )
)]
fn write(b: &mut Bencher, concurrency: usize, streamed: bool) -> Result<()> {
    Load::closed(concurrency).requests(20 * concurrency as u64).run(
        b,
        Texts::seeded(20, 50..=200),
        |_text, request| {
            tokens(20, streamed, request);
            Ok::<_, Error>(Generation::new(10).input_tokens(50))
        },
    )
}

/// A picture that is processed for 40 ms, and then ten tokens: the first after 50 ms, 140 ms in all.
#[benchmark(
    category = "performance",
    model = "oracle_multimodal",
    args(streamed = [true, false]),
    rounds = 3,
    targets(
        "output_tokens_s >= 70.71",
        "output_tokens_s <= 72.15",
        "ips >= 7.071",
        "ips <= 7.215",
        "image_analysis_time_p50 >= 39.6ms",
        "image_analysis_time_p50 <= 40.4ms",
        "text_time_p50 >= 99ms",
        "text_time_p50 <= 101ms",
        "ttft_p50 >= 49.5ms @ streamed=true",
        "ttft_p50 <= 50.5ms @ streamed=true",
        "tpot_p50 >= 0.0099 @ streamed=true",
        "tpot_p50 <= 0.0101 @ streamed=true"
    )
)]
fn describe(b: &mut Bencher, streamed: bool) -> Result<()> {
    Load::closed(1).requests(20).run(b, Prompts::seeded(10), |_prompt, request| {
        tokens(40, streamed, request);
        Ok::<_, Error>(
            Multimodal::new(Generation::new(10).input_tokens(50))
                .images(1, 448, 448)
                .image_analysis(Duration::from_millis(40))
                .language(Duration::from_millis(100)),
        )
    })
}

/// Produces ten tokens 10 ms apart, after `before_ms`.
fn tokens(before_ms: u64, streamed: bool, request: &Request) {
    let mut deadlines = Deadlines::begin();
    deadlines.wait(before_ms);
    for _ in 0..10 {
        deadlines.wait(10);
        if streamed {
            request.output();
        }
    }
}
