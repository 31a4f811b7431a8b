//! Measurements that are the same for every architecture, so that their figures can be compared.

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Images;
use bench_load::input::{ImageRequest, ImageRequests, Prompts};
use candle_core::{DType, Tensor};

use super::autoencoder::LATENT_SCALE;
use super::check::expect_sound;
use super::config::Config;
use super::denoiser::Denoiser;
use super::pipeline::{Drawn, GenerationError, Pipeline};
use crate::axis::{Place, Threads, expect_convolutions};
use crate::kept::Kept;
use crate::load::LoadError;
use crate::memory::{MemoryError, expect_bytes};
use crate::seeded::Seeded;

/// A time in the middle of a schedule.
const TIME: f64 = 501.0;

/// Times one evaluation of the network on a batch of latents of `side` × `side` pixels. The time counts only if the
/// output is sound.
///
/// # Errors
/// On an impossible size, and if the output is not finite or not the same twice; a skip if there is too little memory.
pub fn step<D: Denoiser>(b: &mut Bencher, denoiser: &D, side: usize, batch: usize) -> Result<()> {
    let what = || format!("a denoising step on {batch} pictures of {side} × {side} pixels");
    let needed = denoiser.working_bytes(batch, side, side);
    expect_bytes(denoiser.device(), needed, what).map_err(MemoryError::or_skip)?;
    let latents = latents(denoiser, side, batch)?;
    let conditioning = denoiser.condition(&vec!["a lighthouse"; batch])?;
    let predict = || denoiser.predict(&latents, TIME, &conditioning);
    let mut kept = Kept::default();
    b.count("steps", 1).count("image-steps", batch).try_iter(|| predict().map(|noise| kept.keep(noise)))?;
    // An error fails the case, figures and all.
    let (one, other) = kept.both(predict)?;
    Ok(expect_sound(&latents, &one, &other)?)
}

/// Times one evaluation at 128 × 128 pixels with the device, element type and threads of the axes.
///
/// # Errors
/// Same as [`step`]; a skip if the device cannot convolve this type.
pub fn step_on<D: Denoiser>(
    b: &mut Bencher,
    config: Config,
    batch: usize,
    dtype: DType,
    device: Place,
    threads: Threads,
) -> Result<()> {
    threads.take()?;
    let device = device.open(b)?;
    expect_convolutions(dtype, &device)?;
    let model = b.load(|| D::load(config, dtype, &device)).map_err(LoadError::or_skip)?;
    step(b, &model, 128, batch)
}

/// Returns latents of noise.
fn latents<D: Denoiser>(denoiser: &D, side: usize, batch: usize) -> candle_core::Result<Tensor> {
    let shape = (batch, D::LATENT_CHANNELS, side / LATENT_SCALE, side / LATENT_SCALE);
    let latents = Seeded::new(1).uniform("latents", shape, -1.7, 1.7, denoiser.device())?;
    latents.to_dtype(denoiser.dtype())
}

/// Serves requests for one picture of `side` × `side` pixels in `steps` steps each, one after another.
///
/// # Errors
/// If every request has failed.
pub fn serve<D: Denoiser + Sync>(
    b: &mut Bencher,
    pipeline: &Pipeline<D>,
    side: u32,
    steps: u32,
    requests: u64,
) -> Result<()> {
    let wanted = ImageRequests::new(Prompts::seeded(8)).size(side, side).steps(steps);
    pipeline.expect_room(&request(side, steps)).map_err(GenerationError::or_skip)?;
    Load::closed(1).requests(requests).run(b, wanted, |wanted: &ImageRequest, request| {
        let Drawn { pictures, setup, decode } = pipeline.draw(wanted, || request.step())?;
        request.output();
        let images = Images::new(pictures.len(), wanted.width, wanted.height).steps(wanted.steps);
        let images = images.guidance_scale(wanted.guidance_scale).seed(wanted.seed);
        Ok::<_, GenerationError>(images.setup(setup).decode(decode))
    })
}

/// Times drawing from a prompt and a seed to the bytes of a PNG. The picture must show something, and the same thing
/// twice, for its time to count.
///
/// # Errors
/// The fault of the request or the picture.
pub fn draw<D: Denoiser>(b: &mut Bencher, pipeline: &Pipeline<D>, side: u32, steps: u32) -> Result<Vec<u8>> {
    let wanted = request(side, steps);
    pipeline.expect_room(&wanted).map_err(GenerationError::or_skip)?;
    let draw = || -> Result<_> {
        let mut pictures = pipeline.draw(&wanted, || ())?.pictures;
        let picture = pictures.pop().ok_or_else(|| Error::failure("no picture was drawn"))?;
        let png = picture.to_png()?;
        Ok((picture, png))
    };
    let mut kept = Kept::default();
    b.count("images", 1).try_iter(|| draw().map(|drawn| kept.keep(drawn)))?;
    // An error fails the case, figures and all.
    let ((first, png), (second, _)) = kept.both(draw)?;
    first.expect_drawn()?;
    first.expect_same(&second)?;
    Ok(png)
}

/// Returns a request for a picture of `side` × `side` pixels in `steps` steps.
fn request(side: u32, steps: u32) -> ImageRequest {
    ImageRequest {
        prompt: "a lighthouse on a cliff at dusk".to_owned(),
        width: side,
        height: side,
        number: 1,
        steps,
        guidance_scale: 7.5,
        seed: 42,
    }
}
