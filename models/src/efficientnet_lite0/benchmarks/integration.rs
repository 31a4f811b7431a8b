//! Measures classification from the file of a photograph.

use std::path::Path;

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::classification::{self, ClassificationError, ImageNetClass, Prediction};
use crate::efficientnet_lite0::{EfficientNetLite0, prepare};
use crate::kept::Kept;
use crate::photograph::Photograph;
use crate::weights::{WeightsError, images_directory};

/// Reads the file, decodes, resizes, normalizes, runs the network, ranks. A wrong answer fails the
/// case: its time does not count.
#[benchmark(args(picture = ["china", "flower"]))]
fn classify(b: &mut Bencher, picture: &str) -> Result<()> {
    let path = images_directory().join(format!("{picture}.jpg"));
    let model =
        b.load(|| EfficientNetLite0::load(DType::F32, &Device::Cpu)).map_err(WeightsError::or_skip)?;
    Photograph::read(&path).map_err(|error| error.or_skip())?;
    let right = match picture {
        "china" => ImageNetClass::PALACE,
        _ => ImageNetClass::DAISY,
    };
    let classify = || top_five(&model, &path);
    let mut kept = Kept::default();
    b.count("images", 1).try_iter(|| classify().map(|answer| kept.keep(answer)))?;
    // An error fails the case, figures and all.
    let answer = kept.last(classify)?;
    classification::expect_class(&answer, right)?;
    b.artifact("classes.txt", classification::listing(&answer))
}

fn top_five(model: &EfficientNetLite0, path: &Path) -> Result<Vec<Prediction>> {
    let image = prepare(&Photograph::read(path)?, &Device::Cpu)?;
    let mut answers = classification::top_k(&model.forward(&image)?, 5)?;
    Ok(answers.pop().ok_or(ClassificationError::Nothing)?)
}
