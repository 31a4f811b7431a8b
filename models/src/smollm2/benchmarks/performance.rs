//! Prefill, decoding, and text streamed to clients.

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Generation;
use bench_load::input::Texts;
use candle_core::Device;

use crate::axis::{Place, Threads};
use crate::generation::{self, GenerationError};
use crate::smollm2::{Precision, Session, SmolLm2};
use crate::weights::WeightsError;

/// Loads the model, timed separately.
fn load(b: &mut Bencher, precision: Precision, device: &Device) -> Result<SmolLm2> {
    b.load(|| SmolLm2::load(precision, device)).map_err(WeightsError::or_skip)
}

/// Checks that this is the right model, so that its times count. Called after measuring, so that the first call is a
/// first call; an error fails the case, figures and all.
fn expect_right(model: &SmolLm2) -> Result<(), GenerationError> {
    model.expect_text("The capital of France is", " Paris")
}

/// Returns arbitrary tokens: their values do not affect the time.
fn tokens(count: usize, model: &SmolLm2) -> Vec<u32> {
    (0..count).map(|at| (at * 977 % model.vocabulary().size()) as u32).collect()
}

/// Returns a session that has read `context` tokens.
fn after(model: &SmolLm2, context: usize) -> Result<Session, GenerationError> {
    let mut session = model.session();
    session.read(&tokens(context, model))?;
    Ok(session)
}

/// Reads a prompt at once: how its time depends on `tokens` shows how prefill scales.
#[benchmark(args(dtype = [Precision::Q4_1, Precision::F32], tokens = [8, 16, 32, 128]), ignore(tokens = [128]), max_time = "2s")]
fn prefill(b: &mut Bencher, dtype: Precision, tokens: usize) -> Result<()> {
    let model = load(b, dtype, &Device::Cpu)?;
    let prompt = self::tokens(tokens, &model);
    b.count("tokens", tokens).try_iter_batched(|| model.session(), |mut session| session.read(&prompt))?;
    generation::check_finite(&model.session().read(&prompt)?)?;
    Ok(expect_right(&model)?)
}

/// Reads one more token after `context` tokens: how its time depends on `context` shows how decoding scales.
#[benchmark(args(dtype = [Precision::Q4_1, Precision::F32], context = [16, 64, 256]), ignore(context = [256]), max_time = "2s")]
fn decode(b: &mut Bencher, dtype: Precision, context: usize) -> Result<()> {
    let model = load(b, dtype, &Device::Cpu)?;
    let session = after(&model, context)?;
    b.count("tokens", 1).try_iter_batched(|| session.clone(), |mut session| session.read(&[1]))?;
    generation::check_finite(&session.clone().read(&[1])?)?;
    Ok(expect_right(&model)?)
}

/// Reads one token more of each of several texts, after 16 tokens.
#[benchmark(
    args(
        dtype = [Precision::Q4_1, Precision::F32],
        batch = [1, 4, 16],
        device = Place::ALL,
        threads = Threads::ALL
    ),
    ignore(batch = [16], device = Place::ON_REQUEST, threads = Threads::ON_REQUEST),
    max_time = "2s"
)]
fn decode_batch(
    b: &mut Bencher,
    dtype: Precision,
    batch: usize,
    device: Place,
    threads: Threads,
) -> Result<()> {
    threads.take()?;
    let device = device.open(b)?;
    let model = load(b, dtype, &device)?;
    let mut session = model.session();
    for token in tokens(16, &model) {
        session.read_batch(&vec![token; batch])?;
    }
    let next = vec![1; batch];
    b.count("tokens", batch).try_iter_batched(|| session.clone(), |mut session| session.read_batch(&next))?;
    generation::check_finite(&session.clone().read_batch(&next)?)?;
    Ok(expect_right(&model)?)
}

/// Continues texts by 12 tokens each, streamed: TTFT, TPOT, tokens per second. Clients share the weights, each request
/// has its own session.
#[benchmark(args(dtype = [Precision::Q4_1, Precision::F32], clients = [1, 2]), ignore(clients = [2]), rounds = 2)]
fn generate(b: &mut Bencher, dtype: Precision, clients: usize) -> Result<()> {
    let model = load(b, dtype, &Device::Cpu)?;
    Load::closed(clients).requests(3 * clients as u64).run(
        b,
        Texts::seeded(6, 30..=50),
        |text, request| {
            let completion = model.complete(text, 12, |_piece| request.output())?;
            let prompt_tokens = completion.prompt_tokens as u64;
            Ok::<_, Error>(
                Generation::new(completion.tokens.len() as u64)
                    .input_tokens(prompt_tokens)
                    .text(&completion.text),
            )
        },
    )?;
    Ok(expect_right(&model)?)
}
