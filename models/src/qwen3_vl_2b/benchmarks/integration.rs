//! Measures generation from a prompt, with or without the file of a picture.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use super::{load, tokens};
use crate::generation::{self, GenerationError};
use crate::kept::Kept;
use crate::photograph::{self, Photograph};
use crate::qwen3_vl_2b::{Config, Patches, Qwen3Vl};

/// Four tokens of an answer: decodes the JPEG, scales it, cuts it into patches, encodes them, reads them within a
/// prompt of 32 tokens, and generates; or reads and generates without a picture. The weights are generated, so there is
/// no right answer; it has to be the same twice for its time to count.
#[benchmark(
    args(config = [Config::REDUCED, Config::FULL], dtype = [DType::F16], input = ["text", "synthetic", "china"]),
    ignore(config = [Config::FULL]), max_time = "3s", timeout = "20m"
)]
fn answer(b: &mut Bencher, config: Config, dtype: DType, input: &str) -> Result<()> {
    let jpeg = match input {
        "text" => None,
        "synthetic" => Some(Photograph::synthetic(640, 427).to_jpeg()?),
        name => Some(photograph::read_file(&format!("{name}.jpg")).map_err(|error| error.or_skip())?),
    };
    let model = load(b, config, dtype)?;
    let answer = || four_tokens(&model, input, jpeg.as_deref());
    let mut kept = Kept::default();
    b.count("tokens", 4).try_iter(|| answer().map(|tokens| kept.keep(tokens)))?;
    // An error fails the case, figures and all.
    let (tokens, again) = kept.both(answer)?;
    generation::expect_stable(&tokens, &again)?;
    b.artifact("tokens.txt", format!("{tokens:?}\n"))
}

fn four_tokens(model: &Qwen3Vl, name: &str, jpeg: Option<&[u8]>) -> Result<Vec<u32>, GenerationError> {
    let prompt = tokens(32, model.config());
    let mut session = model.session(1)?;
    let logits = match jpeg {
        None => session.read(&prompt)?,
        Some(jpeg) => {
            let photograph = Photograph::decode(&format!("{name}.jpg"), jpeg)?;
            let image = model.look(&Patches::of(&photograph, model.config(), &Device::Cpu)?)?;
            session.read_about(&prompt[..8], &image, &prompt[8..])?
        }
    };
    generation::greedy(logits, &mut session, 4, None, |_| Ok(()))
}
