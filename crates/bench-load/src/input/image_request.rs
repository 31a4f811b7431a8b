//! Requests for images.

use bench_core::Error;

use super::{Describe, InputError, Inputs, Prepared};
use crate::domain::Facts;

/// The parameters from which images are generated.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageRequest {
    /// The description of the image.
    pub prompt: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Number of images.
    pub number: usize,
    /// Denoising steps.
    pub steps: u32,
    /// The strength with which the prompt guides the images.
    pub guidance_scale: f64,
    /// Seed of the noise.
    pub seed: u64,
}

impl Describe for ImageRequest {
    fn facts(&self) -> Facts {
        Facts::of_text(&self.prompt)
    }
}

/// Requests for images, each with a different seed. By default, they are for one image of 512 × 512 pixels in 50
/// steps at a guidance scale of 7.5, the defaults of the first Stable Diffusion pipelines.
///
/// ```
/// # use bench_load::input::{ImageRequests, Inputs, Prompts};
/// let requests = ImageRequests::new(Prompts::seeded(10)).size(1024, 768).steps(30).prepare()?;
/// assert_ne!(requests.measured[0].seed, requests.measured[1].seed);
/// # Ok::<(), bench_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ImageRequests<P> {
    prompts: P,
    variations: Option<usize>,
    /// The template of all requests: each has its own prompt, and a seed counted up from this one.
    like: ImageRequest,
}

impl<P: Inputs<Item: AsRef<str>>> ImageRequests<P> {
    /// Creates a request for each prompt of a source such as [`Prompts`](super::Prompts) or a `Vec<String>`.
    pub fn new(prompts: P) -> Self {
        let like = ImageRequest {
            prompt: String::new(),
            width: 512,
            height: 512,
            number: 1,
            steps: 50,
            guidance_scale: 7.5,
            seed: 0,
        };
        ImageRequests { prompts, variations: None, like }
    }

    /// Sets the number of requests, which use the prompts in turn. The default is the number of prompts. If the load
    /// does not send more requests, no seed is used twice.
    #[must_use]
    pub fn variations(self, count: usize) -> Self {
        ImageRequests { variations: Some(count), ..self }
    }

    /// Sets the width and height of each image, in pixels.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        (self.like.width, self.like.height) = (width, height);
        self
    }

    /// Sets the number of images of each request.
    #[must_use]
    pub fn number(mut self, number: usize) -> Self {
        self.like.number = number;
        self
    }

    /// Sets the number of denoising steps.
    #[must_use]
    pub fn steps(mut self, steps: u32) -> Self {
        self.like.steps = steps;
        self
    }

    /// Sets the strength with which the prompt guides the images.
    #[must_use]
    pub fn guidance_scale(mut self, scale: f64) -> Self {
        self.like.guidance_scale = scale;
        self
    }

    /// Sets the seed of the first request. Each further request adds one; those of the warm-up come after all
    /// others.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.like.seed = seed;
        self
    }
}

impl<P: Inputs<Item: AsRef<str>>> Inputs for ImageRequests<P> {
    type Item = ImageRequest;

    fn prepare(self) -> Result<Prepared<ImageRequest>, Error> {
        let like = self.like;
        let wrong = |what, found: String, wanted| Err(InputError::Value { what, found, wanted }.into());
        if like.width == 0 || like.height == 0 {
            return wrong("image size", format!("{} × {}", like.width, like.height), "at least 1 pixel");
        }
        if like.number == 0 {
            return wrong("images of a request", "0".to_owned(), "at least 1");
        }
        if like.steps == 0 {
            return wrong("denoising steps", "0".to_owned(), "at least 1");
        }
        if !like.guidance_scale.is_finite() {
            return wrong("guidance scale", like.guidance_scale.to_string(), "a number");
        }
        if self.variations == Some(0) {
            return Err(InputError::NoneWanted("image requests").into());
        }
        let prompts = self.prompts.prepare()?;
        let count = self.variations.unwrap_or(prompts.measured.len());
        let requests = |prompts: &[P::Item], first: usize| -> Vec<ImageRequest> {
            let with_seed = |(n, prompt): (usize, &P::Item)| ImageRequest {
                prompt: prompt.as_ref().to_owned(),
                seed: like.seed.wrapping_add((first + n) as u64),
                ..like.clone()
            };
            prompts.iter().cycle().take(count).enumerate().map(with_seed).collect()
        };
        let others = if prompts.warm_up.is_empty() { &prompts.measured } else { &prompts.warm_up };
        Ok(Prepared { measured: requests(&prompts.measured, 0), warm_up: requests(others, count) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Prompts;

    #[test]
    fn each_request_has_what_was_said_and_a_seed_of_its_own() {
        let prepared = ImageRequests::new(["a cat", "a dog"])
            .size(64, 32)
            .number(4)
            .steps(20)
            .guidance_scale(3.5)
            .seed(7)
            .variations(3)
            .prepare()
            .expect("requests");
        let request = |prompt: &str, seed| ImageRequest {
            prompt: prompt.to_owned(),
            width: 64,
            height: 32,
            number: 4,
            steps: 20,
            guidance_scale: 3.5,
            seed,
        };
        assert_eq!(prepared.measured, [request("a cat", 7), request("a dog", 8), request("a cat", 9)]);
        assert_eq!(prepared.warm_up, [request("a cat", 10), request("a dog", 11), request("a cat", 12)]);
        assert_eq!(prepared.measured[0].facts(), "a cat".facts());
    }

    #[test]
    fn the_warm_up_has_prompts_of_its_own_where_there_are_some() {
        let prompts = Prompts::seeded(2).prepare().expect("prompts");
        let prepared = ImageRequests::new(Prompts::seeded(2)).seed(u64::MAX).prepare().expect("requests");
        let of = |requests: &[ImageRequest]| -> Vec<_> {
            requests.iter().map(|request| request.prompt.clone()).collect()
        };
        assert_eq!(of(&prepared.measured), prompts.measured);
        assert_eq!(of(&prepared.warm_up), prompts.warm_up);
        let seeds = prepared.measured.iter().chain(&prepared.warm_up).map(|request| request.seed);
        assert_eq!(seeds.collect::<Vec<_>>(), [u64::MAX, 0, 1, 2]);
    }

    #[test]
    fn what_cannot_be_made_says_why() {
        let error = |requests: ImageRequests<[&'static str; 1]>| {
            requests.prepare().expect_err("no requests").to_string()
        };
        let requests = || ImageRequests::new(["a cat"]);
        assert_eq!(error(requests().size(0, 9)), "image size 0 × 9: expected at least 1 pixel");
        assert_eq!(error(requests().number(0)), "images of a request 0: expected at least 1");
        assert_eq!(error(requests().steps(0)), "denoising steps 0: expected at least 1");
        assert_eq!(error(requests().guidance_scale(f64::NAN)), "guidance scale NaN: expected a number");
        assert!(error(requests().variations(0)).starts_with("0 image requests"));
        assert!(ImageRequests::new(Vec::<String>::new()).prepare().is_err());
    }
}
