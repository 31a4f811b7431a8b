//! Vision, prefill, decoding, and answers streamed to clients, about text alone and about pictures.

use std::time::{Duration, Instant};

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::{Generation, Multimodal};
use bench_load::input::{Picture, Pictures, Texts};
use candle_core::{DType, Device};

use super::{load, load_on, tokens};
use crate::axis::{DTYPES, Place, Threads, expect_products};
use crate::generation::{self, GenerationError};
use crate::kept::Kept;
use crate::photograph::Photograph;
use crate::qwen3_vl_2b::{Config, Patches};

/// Encodes a square picture: how its time depends on `side` shows how image analysis scales. A side of 256 pixels gives
/// 64 tokens.
#[benchmark(
    args(config = [Config::REDUCED, Config::FULL], dtype = [DType::F32, DType::F16], side = [256, 384, 512]),
    ignore(config = [Config::FULL]), max_time = "1s", timeout = "20m"
)]
fn look(b: &mut Bencher, config: Config, dtype: DType, side: usize) -> Result<()> {
    let model = load(b, config, dtype)?;
    let patches = Patches::noise(side, &config, &Device::Cpu)?;
    let look = || model.look(&patches);
    let mut kept = Kept::default();
    b.count("images", 1).try_iter(|| look().map(|image| kept.keep(image)))?;
    // An error fails the case, figures and all.
    Ok(generation::check_finite(kept.last(look)?.states())?)
}

/// Reads a prompt of text at once: how its time depends on `tokens` shows how prefill scales.
#[benchmark(
    args(config = [Config::REDUCED, Config::FULL], dtype = [DType::F32, DType::F16], tokens = [16, 64, 256]),
    ignore(config = [Config::FULL]), max_time = "1s", timeout = "20m"
)]
fn prefill(b: &mut Bencher, config: Config, dtype: DType, tokens: usize) -> Result<()> {
    let model = load(b, config, dtype)?;
    let mut session = model.session(1).map_err(GenerationError::or_skip)?;
    let prompt = super::tokens(tokens, &config);
    let start = session.mark();
    let mut read = || {
        session.rewind(start);
        session.read(&prompt)
    };
    let mut kept = Kept::default();
    b.count("tokens", tokens).try_iter(|| read().map(|logits| kept.keep(logits)))?;
    Ok(generation::check_finite(&kept.last(read)?)?)
}

/// Reads the same number of tokens: of text alone, or of an encoded picture of 256 × 256 pixels with text around it.
#[benchmark(
    args(config = [Config::REDUCED, Config::FULL], dtype = [DType::F16], input = ["text", "image"]),
    ignore(config = [Config::FULL]), max_time = "1s", timeout = "20m"
)]
fn prefill_about(b: &mut Bencher, config: Config, dtype: DType, input: &str) -> Result<()> {
    let model = load(b, config, dtype)?;
    let image = model.look(&Patches::noise(256, &config, &Device::Cpu)?)?;
    let mut session = model.session(1).map_err(GenerationError::or_skip)?;
    let (start, prompt) = (session.mark(), tokens(32 + image.tokens(), &config));
    let mut read = || {
        session.rewind(start);
        match input {
            "text" => session.read(&prompt),
            _ => session.read_about(&prompt[..8], &image, &prompt[8..32]),
        }
    };
    let mut kept = Kept::default();
    b.count("tokens", prompt.len()).try_iter(|| read().map(|logits| kept.keep(logits)))?;
    Ok(generation::check_finite(&kept.last(read)?)?)
}

/// Reads one more token after `context` tokens: how its time depends on `context` shows how decoding scales.
#[benchmark(
    args(config = [Config::REDUCED, Config::FULL], dtype = [DType::F32, DType::F16], context = [16, 256, 1024]),
    ignore(config = [Config::FULL]), max_time = "1s", timeout = "20m"
)]
fn decode(b: &mut Bencher, config: Config, dtype: DType, context: usize) -> Result<()> {
    let model = load(b, config, dtype)?;
    let mut session = model.session(1).map_err(GenerationError::or_skip)?;
    session.read(&tokens(context, &config))?;
    let mark = session.mark();
    let mut decode = || {
        session.rewind(mark);
        session.read(&[1])
    };
    let mut kept = Kept::default();
    b.count("tokens", 1).try_iter(|| decode().map(|logits| kept.keep(logits)))?;
    Ok(generation::check_finite(&kept.last(decode)?)?)
}

/// Reads one token more of each of several texts, after 16 tokens.
#[benchmark(
    args(
        config = [Config::REDUCED, Config::FULL],
        batch = [1, 4, 16],
        dtype = DTYPES,
        device = Place::ALL,
        threads = Threads::ALL
    ),
    ignore(
        config = [Config::FULL],
        dtype = [DType::F32, DType::BF16],
        device = Place::ON_REQUEST,
        threads = Threads::ON_REQUEST
    ),
    max_time = "1s",
    timeout = "20m"
)]
fn decode_batch(
    b: &mut Bencher,
    config: Config,
    batch: usize,
    dtype: DType,
    device: Place,
    threads: Threads,
) -> Result<()> {
    threads.take()?;
    let device = device.open(b)?;
    expect_products(dtype, &device)?;
    let model = load_on(b, config, dtype, &device)?;
    let mut session = model.session(batch).map_err(GenerationError::or_skip)?;
    let prompt = tokens(16, &config);
    session.read_batch(&vec![&prompt[..]; batch])?;
    let (mark, next) = (session.mark(), vec![&[1][..]; batch]);
    let mut decode = || {
        session.rewind(mark);
        session.read_batch(&next)
    };
    let mut kept = Kept::default();
    b.count("tokens", batch).try_iter(|| decode().map(|logits| kept.keep(logits)))?;
    Ok(generation::check_finite(&kept.last(decode)?)?)
}

/// Answers prompts of 64 tokens with 8 tokens each, streamed: TTFT, TPOT, tokens per second.
#[benchmark(
    args(config = [Config::REDUCED, Config::FULL], dtype = [DType::F16]),
    ignore(config = [Config::FULL]), rounds = 2, timeout = "30m"
)]
fn generate(b: &mut Bencher, config: Config, dtype: DType) -> Result<()> {
    let model = load(b, config, dtype)?;
    let prompt = tokens(64, &config);
    Load::single_stream().requests(5).run(b, Texts::seeded(5, 60..=60), |_text, request| {
        let mut session = model.session(1)?;
        let logits = session.read(&prompt)?;
        let answer = generation::greedy(logits, &mut session, 8, None, |_token| {
            request.output();
            Ok(())
        })?;
        Ok::<_, Error>(Generation::new(answer.len() as u64).input_tokens(prompt.len() as u64))
    })
}

/// Answers prompts about pictures of 256 × 256 pixels, each a PNG, with 8 tokens: decodes, encodes, reads, generates.
#[benchmark(
    args(config = [Config::REDUCED, Config::FULL], dtype = [DType::F16]),
    ignore(config = [Config::FULL]), rounds = 2, timeout = "30m"
)]
fn describe(b: &mut Bencher, config: Config, dtype: DType) -> Result<()> {
    let model = load(b, config, dtype)?;
    let prompt = tokens(32, &config);
    Load::single_stream().requests(5).run(
        b,
        Pictures::synthetic(5, 256, 256),
        |picture: &Picture, request| {
            let photograph = Photograph::decode(&picture.name, &picture.bytes)?;
            let patches = Patches::of(&photograph, &config, &Device::Cpu)?;
            let (looked, image) = timed(|| model.look(&patches))?;
            let (read, answer) = timed(|| {
                let mut session = model.session(1)?;
                let logits = session.read_about(&prompt[..8], &image, &prompt[8..])?;
                generation::greedy(logits, &mut session, 8, None, |_token| {
                    request.output();
                    Ok(())
                })
            })?;
            let read_tokens = (prompt.len() + image.tokens()) as u64;
            let generation = Generation::new(answer.len() as u64).input_tokens(read_tokens);
            let (width, height) = patches.size();
            Ok::<_, Error>(
                Multimodal::new(generation).images(1, width, height).image_analysis(looked).language(read),
            )
        },
    )
}

fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(Duration, T), E> {
    let began = Instant::now();
    let done = work()?;
    Ok((began.elapsed(), done))
}
