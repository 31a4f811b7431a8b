//! Measures drawing from a colour and a seed to the file of a picture.

use bench_core::prelude::*;
use candle_core::{DType, Device};

use crate::eye_generator::{Colour, EyeGenerator};
use crate::kept::Kept;
use crate::picture::Picture;
use crate::weights::WeightsError;

/// Noise, network, PNG. Weights that do not draw the published network's eye fail the case: its time does
/// not count.
#[benchmark(args(colour = [Colour::Blue, Colour::Brown]), max_time = "4s")]
fn draw(b: &mut Bencher, colour: Colour) -> Result<()> {
    let model = b.load(|| EyeGenerator::load(DType::F32, &Device::Cpu)).map_err(WeightsError::or_skip)?;
    let draw = || -> Result<(Picture, Vec<u8>)> {
        let mut pictures = model.draw(&[colour], 7, &Device::Cpu)?;
        let picture = pictures.pop().ok_or_else(|| Error::failure("no picture was drawn"))?;
        let png = picture.to_png()?;
        Ok((picture, png))
    };
    let mut kept = Kept::default();
    b.count("images", 1).try_iter(|| draw().map(|drawn| kept.keep(drawn)))?;
    // After measuring, so that the first call is a first call; an error fails the case, figures and all.
    model.expect_known_eye(&Device::Cpu)?;
    let ((first, png), (second, _)) = kept.both(draw)?;
    first.expect_drawn()?;
    first.expect_same(&second)?;
    b.artifact("eye.png", png)
}
