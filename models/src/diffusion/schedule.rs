//! Noise schedules: the times at which a network is evaluated, and the effect of its output on the latents.

/// One denoising step. Both samplers are linear in the latents and in the network's prediction: `latents ← keep ·
/// latents + add · prediction`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The time that is passed to the network, from 1000 (noise) to 0 (picture).
    pub time: f64,
    /// The factor by which the latents are multiplied.
    pub keep: f64,
    /// The factor by which the prediction is multiplied before it is added.
    pub add: f64,
}

/// The number of training steps that Stable Diffusion's schedule was made for.
const TRAINED_STEPS: usize = 1000;

/// Returns the steps of the deterministic sampler of Song et al., 2020 (arXiv:2010.02502, equation 12 with σ = 0), on
/// Stable Diffusion's schedule: β from 0.00085 to 0.012, linear in √β, the network predicting the noise.
///
/// With ᾱ the product of all 1 − β so far, the picture is (x − √(1 − ᾱ) ε) / √ᾱ, and the next latents are √ᾱ′ times the
/// picture plus √(1 − ᾱ′) ε.
pub fn ddim(steps: usize) -> Vec<Step> {
    let (first, last) = (0.00085f64.sqrt(), 0.012f64.sqrt());
    let mut product = 1.0;
    let products: Vec<f64> = (0..TRAINED_STEPS)
        .map(|step| {
            let root = first + (last - first) * step as f64 / (TRAINED_STEPS - 1) as f64;
            product *= 1.0 - root * root;
            product
        })
        .collect();
    let at = |time: usize| products.get(time).copied().unwrap_or(product);
    let stride = TRAINED_STEPS / steps.clamp(1, TRAINED_STEPS);
    (0..steps.min(TRAINED_STEPS))
        .rev()
        .map(|step| {
            // Offset by one, as the published pipelines do.
            let time = (step * stride + 1).min(TRAINED_STEPS - 1);
            let (here, next) = (at(time), at(time.saturating_sub(stride)));
            let keep = (next / here).sqrt();
            Step { time: time as f64, keep, add: (1.0 - next).sqrt() - keep * (1.0 - here).sqrt() }
        })
        .collect()
}

/// Returns the steps of Euler's method along the straight paths of Esser et al., 2024 (arXiv:2403.03206), as Stable
/// Diffusion 3 samples: σ from 1 to 0, shifted by 3 towards the noise, the network predicting the velocity.
pub fn rectified_flow(steps: usize) -> Vec<Step> {
    const SHIFT: f64 = 3.0;
    let sigma = |step: usize| {
        let even = 1.0 - step as f64 / steps as f64;
        SHIFT * even / (1.0 + (SHIFT - 1.0) * even)
    };
    (0..steps)
        .map(|step| Step {
            time: sigma(step) * TRAINED_STEPS as f64,
            keep: 1.0,
            add: sigma(step + 1) - sigma(step),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};
    use candle_transformers::models::stable_diffusion::ddim::DDIMSchedulerConfig;
    use candle_transformers::models::stable_diffusion::schedulers::SchedulerConfig;

    use super::*;

    #[test]
    fn ddim_is_that_of_candle() {
        for steps in [1, 4, 30, 50] {
            let mut theirs = DDIMSchedulerConfig::default().build(steps).expect("scheduler");
            let times = theirs.timesteps().to_vec();
            let ours = ddim(steps);
            assert_eq!(ours.iter().map(|step| step.time as usize).collect::<Vec<_>>(), times);
            let latents = Tensor::new(&[0.7f64], &Device::Cpu).expect("latents");
            let noise = Tensor::new(&[-0.3f64], &Device::Cpu).expect("noise");
            for (step, time) in ours.iter().zip(times) {
                let wanted = theirs.step(&noise, time, &latents).expect("step");
                let wanted = wanted.to_vec1::<f64>().expect("value")[0];
                let found = step.keep * 0.7 + step.add * -0.3;
                assert!((found - wanted).abs() < 1e-9, "{steps} steps, time {time}: {found} is not {wanted}");
            }
        }
    }

    #[test]
    fn a_straight_path_ends_where_it_leads() {
        // With the true velocity noise − picture, any number of steps gets from the noise to the picture.
        let (noise, picture) = (0.9, -0.2);
        for steps in [1, 2, 28] {
            let schedule = rectified_flow(steps);
            let end = schedule.iter().fold(noise, |x, step| step.keep * x + step.add * (noise - picture));
            assert!((end - picture).abs() < 1e-9, "{steps} steps: {end}");
            assert_eq!(schedule[0].time, 1000.0);
        }
        // Halfway, σ is 3 · 0.5 / (1 + 2 · 0.5).
        assert!((rectified_flow(2)[1].time - 750.0).abs() < 1e-9);
    }

    #[test]
    fn no_steps_are_none() {
        assert!(ddim(0).is_empty() && rectified_flow(0).is_empty());
    }
}
