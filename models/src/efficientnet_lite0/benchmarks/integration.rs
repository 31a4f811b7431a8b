//! Measures classification from the file of a photograph.

use std::path::Path;

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::classification::{self, ClassificationError, ImageNetClass, Prediction};
use crate::efficientnet_lite0::{EfficientNetLite0, prepare};
use crate::photograph::Photograph;
use crate::weights::{WeightsError, images_directory};

/// Reads the file, decodes, resizes, normalises, runs the network, ranks. A wrong answer fails the
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
    b.count("images", 1).try_iter(|| top_five(&model, &path))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    let answer = top_five(&model, &path)?;
    classification::expect_class(&answer, right)?;
    b.artifact("classes.txt", classification::listing(&answer))
}

fn top_five(model: &EfficientNetLite0, path: &Path) -> Result<Vec<Prediction>> {
    let image = prepare(&Photograph::read(path)?, &Device::Cpu)?;
    let mut answers = classification::top_k(&model.forward(&image)?, 5)?;
    Ok(answers.pop().ok_or(ClassificationError::Nothing)?)
}
