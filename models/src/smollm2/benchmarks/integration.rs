//! Measures generation from text to text.

use bench_core::prelude::*;
use candle_core::Device;

use crate::smollm2::{Precision, SmolLm2};
use crate::weights::WeightsError;

/// Continues a prompt by four tokens: tokenizer, prefill, decoding, text. The wrong answer fails the case: its time
/// does not count.
#[benchmark(args(dtype = [Precision::Q4_1], question = ["france", "water"]))]
fn complete(b: &mut Bencher, dtype: Precision, question: &str) -> Result<()> {
    let (prompt, answer) = match question {
        "france" => ("The capital of France is", " Paris"),
        _ => ("The chemical symbol for water is", " H2O"),
    };
    let model = b.load(|| SmolLm2::load(dtype, &Device::Cpu)).map_err(WeightsError::or_skip)?;
    b.count("tokens", 4).try_iter(|| model.complete(prompt, 4, |_| ()))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    model.expect_text(prompt, answer)?;
    let said = model.complete(prompt, 4, |_| ())?.text;
    b.artifact("answer.txt", format!("{prompt}{said}\n"))
}

/// Measures from the file to the first word of an answer, like a program that is started for one question.
#[benchmark(args(dtype = [Precision::Q4_1]))]
fn file_to_first_word(b: &mut Bencher, dtype: Precision) -> Result<()> {
    let first_word = || -> Result<String> {
        let model = SmolLm2::load(dtype, &Device::Cpu).map_err(WeightsError::or_skip)?;
        Ok(model.complete("The capital of France is", 1, |_| ())?.text)
    };
    b.try_iter(first_word)?;
    // After measuring, so that the first call is a first call.
    b.artifact("answer.txt", first_word()?)
}
