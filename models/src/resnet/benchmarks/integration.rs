//! Measures classification from the bytes of a JPEG to the five likeliest classes.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::classification::{self, ClassificationError, Prediction};
use crate::kept::Kept;
use crate::load::LoadError;
use crate::normalisation;
use crate::photograph::{self, Photograph};
use crate::resnet::{Depth, ResNet};

/// Decodes, resizes, normalizes, runs the network, ranks. The weights are generated, so there is no
/// right answer; the answer has to be finite and the same twice for its time to count.
///
/// The synthetic picture needs no file. The photograph is a separate case: it takes a different time to decode, and one
/// id must always mean the same work.
#[benchmark(args(depth = [18, 50], picture = ["synthetic", "china"]))]
fn classify(b: &mut Bencher, depth: usize, picture: &str) -> Result<()> {
    let jpeg = match picture {
        "synthetic" => Photograph::synthetic(640, 427).to_jpeg()?,
        name => photograph::read_file(&format!("{name}.jpg")).map_err(|error| error.or_skip())?,
    };
    let depth = Depth::try_from(depth)?;
    let model = b.load(|| ResNet::load(depth, DType::F32, &Device::Cpu)).map_err(LoadError::or_skip)?;
    let classify = || top_five(&model, picture, &jpeg);
    let mut kept = Kept::default();
    b.count("images", 1).try_iter(|| classify().map(|answer| kept.keep(answer)))?;
    // An error fails the case, figures and all.
    let (answer, again) = kept.both(classify)?;
    classification::expect_stable(&answer, &again)?;
    b.artifact("classes.txt", classification::listing(&answer))
}

fn top_five(model: &ResNet, name: &str, jpeg: &[u8]) -> Result<Vec<Prediction>> {
    let image =
        normalisation::as_torchvision(&Photograph::decode(&format!("{name}.jpg"), jpeg)?, &Device::Cpu)?;
    let mut answers = classification::top_k(&model.forward(&image)?, 5)?;
    Ok(answers.pop().ok_or(ClassificationError::Nothing)?)
}
