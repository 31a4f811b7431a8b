//! Image generation.

use std::time::Duration;

use bench_protocol::Better;
use bench_stats::nearest_rank;

use super::streaming::{first_output_s, gaps, per_second, steps};
use super::{Answer, Derived, Domain, Figure, Quantity, Rate, Response, Seen, nothing_missing};
#[cfg(feature = "pictures")]
use crate::media::picture;

/// Image generation: images, pixels and denoising steps per second.
///
/// | metric | formula |
/// |---|---|
/// | IPS | Σ images / W |
/// | PPS | Σ width · height · images / W |
/// | SPS | Σ denoising steps / W, a step of a batch being one |
/// | image-steps/s | Σ steps · images / W |
/// | TTFI | first output − sent |
/// | step time | gaps between neighbouring steps, pooled over all requests |
/// | setup time, decode time | as the closure measured them |
///
/// `W` is the wall time of the window. TTFI needs marks of outputs ([`Request::output`](crate::Request::output)), the
/// step time marks of steps ([`Request::step`](crate::Request::step)). If a response does not contain its number of
/// steps, the marked ones count.
pub const IMAGES: Domain = Domain {
    name: "images",
    primary: "IPS",
    columns: &[
        "images",
        "width_px",
        "height_px",
        "steps",
        "guidance_scale",
        "seed",
        "image_bytes",
        "setup_s",
        "decode_s",
    ],
    derived: &[
        Derived { column: "ttfi_s", of: first_output_s },
        Derived { column: "pixels", of: pixels },
        Derived { column: "images_per_s", of: |seen| per_latency(seen, images(seen)) },
        Derived { column: "pixels_per_s", of: |seen| per_latency(seen, pixels(seen)) },
        Derived { column: "steps_per_s", of: |seen| per_latency(seen, step_count(seen)) },
        Derived { column: "step_p50_s", of: |seen| step_percentile_s(seen, 0.50) },
        Derived { column: "step_p95_s", of: |seen| step_percentile_s(seen, 0.95) },
        Derived { column: "step_max_s", of: |seen| step_percentile_s(seen, 1.0) },
    ],
    rates: &[
        Rate { name: "IPS", unit: "images/s", of: images },
        Rate { name: "PPS", unit: "pixels/s", of: pixels },
        Rate { name: "SPS", unit: "steps/s", of: step_count },
        Rate {
            name: "image-steps/s",
            unit: "image-steps/s",
            of: |seen| Some(step_count(seen)? * images(seen)?),
        },
    ],
    ratios: &[],
    quantities: &[
        Quantity {
            name: "TTFI",
            unit: "s",
            of: |seen, each| first_output_s(seen).into_iter().for_each(each),
            better: Better::Lower,
            figures: Figure::LATENCY,
        },
        Quantity {
            name: "step time",
            unit: "s",
            of: |seen, each| steps(seen).into_iter().flat_map(gaps).for_each(each),
            better: Better::Lower,
            figures: &[Figure::P50, Figure::P95],
        },
        Quantity {
            name: "setup time",
            unit: "s",
            of: |seen, each| seen.value(SETUP).into_iter().for_each(each),
            better: Better::Lower,
            figures: &[Figure::P50],
        },
        Quantity {
            name: "decode time",
            unit: "s",
            of: |seen, each| seen.value(DECODE).into_iter().for_each(each),
            better: Better::Lower,
            figures: &[Figure::P50],
        },
    ],
    plots: &["IPS", "SPS", "TTFI p95", "step time p95"],
    missing: nothing_missing,
};

// Places in the columns of `IMAGES`.
const COUNT: usize = 0;
const WIDTH: usize = 1;
const HEIGHT: usize = 2;
const STEPS: usize = 3;
const GUIDANCE_SCALE: usize = 4;
const SEED: usize = 5;
const BYTES: usize = 6;
const SETUP: usize = 7;
const DECODE: usize = 8;

/// The number up to which all whole numbers are exact in a column.
const EXACT: u64 = 1 << 53;

fn images(seen: &Seen<'_>) -> Option<f64> {
    seen.value(COUNT)
}

/// `width · height · images`.
fn pixels(seen: &Seen<'_>) -> Option<f64> {
    Some(seen.value(WIDTH)? * seen.value(HEIGHT)? * images(seen)?)
}

/// Returns the number in the response, or else the number of marks.
fn step_count(seen: &Seen<'_>) -> Option<f64> {
    let marked = || steps(seen).map(Iterator::count).filter(|&count| count > 0).map(|count| count as f64);
    seen.value(STEPS).or_else(marked)
}

fn per_latency(seen: &Seen<'_>, value: Option<f64>) -> Option<f64> {
    per_second(value, seen.times.service_latency_s())
}

fn step_percentile_s(seen: &Seen<'_>, share: f64) -> Option<f64> {
    let mut times: Vec<f64> = gaps(steps(seen)?).collect();
    times.sort_unstable_by(f64::total_cmp);
    nearest_rank(&times, share)
}

/// Images that were generated for one request, all of the same size.
///
/// ```
/// # use std::time::Duration;
/// # use bench_load::domain::Images;
/// let images = Images::new(4, 512, 512).steps(30).guidance_scale(7.5).decode(Duration::from_millis(80));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    count: Option<u64>,
    size: Option<(u32, u32)>,
    steps: Option<u32>,
    guidance_scale: Option<f64>,
    seed: Option<u64>,
    bytes: Option<u64>,
    setup: Option<Duration>,
    decode: Option<Duration>,
    format: &'static str,
    warnings: Vec<String>,
}

impl Images {
    /// Creates a response of this many images, with this size in pixels. If there are none, or a size is 0, the row
    /// gets a warning.
    pub fn new(count: usize, width: u32, height: u32) -> Self {
        let mut images = Images::none();
        images.count = Some(count as u64);
        if count == 0 {
            images.warnings.push("no image".to_owned());
        }
        if width > 0 && height > 0 {
            images.size = Some((width, height));
        } else {
            images.warnings.push(format!("an image of {width} × {height} pixels"));
        }
        images
    }

    /// Creates a response of one image, as PNG, JPEG or WebP. Only its size is read and no pixel is decoded, so that
    /// this takes little time within the request. If it is not a picture, or its header is damaged, it does not count
    /// as an image, and the row contains the reason.
    #[cfg(feature = "pictures")]
    pub fn encoded(bytes: &[u8]) -> Self {
        Images::all_encoded([bytes])
    }

    /// Creates a response of all images of a request, like [`encoded`](Self::encoded). If their sizes differ, they do
    /// not count towards PPS, and the row contains a warning.
    #[cfg(feature = "pictures")]
    pub fn all_encoded<B: AsRef<[u8]>>(pictures: impl IntoIterator<Item = B>) -> Self {
        let mut images = Images::none();
        let mut headers = Vec::new();
        let mut size = 0;
        for picture in pictures {
            size += picture.as_ref().len() as u64;
            match picture::header(picture.as_ref()) {
                Ok(header) => headers.push(header),
                Err(error) => images.warnings.push(error.to_string()),
            }
        }
        images.bytes = Some(size);
        let Some(&first) = headers.first() else {
            images.warnings.push("no image".to_owned());
            return images;
        };
        images.count = Some(headers.len() as u64);
        images.format =
            if headers.iter().all(|header| header.format == first.format) { first.format } else { "" };
        if headers.iter().all(|header| (header.width, header.height) == (first.width, first.height)) {
            images.size = Some((first.width, first.height));
        } else {
            images.warnings.push("images of different sizes".to_owned());
        }
        images
    }

    fn none() -> Self {
        Images {
            count: None,
            size: None,
            steps: None,
            guidance_scale: None,
            seed: None,
            bytes: None,
            setup: None,
            decode: None,
            format: "",
            warnings: Vec::new(),
        }
    }

    /// Sets the number of denoising steps. A step of a whole batch counts as one.
    #[must_use]
    pub fn steps(self, steps: u32) -> Self {
        Images { steps: Some(steps), ..self }
    }

    /// Sets the strength with which the prompt guided the images.
    #[must_use]
    pub fn guidance_scale(self, scale: f64) -> Self {
        Images { guidance_scale: Some(scale), ..self }
    }

    /// Sets the seed of the images. Above 2⁵³ its column is rounded, and a warning of the row has the exact value.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        if seed > EXACT {
            self.warnings.push(format!("the seed is {seed}, its column is rounded"));
        }
        Images { seed: Some(seed), ..self }
    }

    /// Sets the time before the first step: encoding the prompt, generating the noise.
    #[must_use]
    pub fn setup(self, time: Duration) -> Self {
        Images { setup: Some(time), ..self }
    }

    /// Sets the time after the last step: from latents to pixels.
    #[must_use]
    pub fn decode(self, time: Duration) -> Self {
        Images { decode: Some(time), ..self }
    }
}

impl Response for Images {
    const DOMAIN: &'static Domain = &IMAGES;

    fn tell(&self, answer: &mut Answer) {
        answer.number_if(COUNT, self.count.map(|count| count as f64));
        answer.number_if(WIDTH, self.size.map(|(width, _)| f64::from(width)));
        answer.number_if(HEIGHT, self.size.map(|(_, height)| f64::from(height)));
        answer.number_if(STEPS, self.steps.map(f64::from));
        answer.number_if(GUIDANCE_SCALE, self.guidance_scale);
        answer.number_if(SEED, self.seed.map(|seed| seed as f64));
        answer.number_if(BYTES, self.bytes.map(|bytes| bytes as f64));
        answer.number_if(SETUP, self.setup.map(|time| time.as_secs_f64()));
        answer.number_if(DECODE, self.decode.map(|time| time.as_secs_f64()));
        answer.format(self.format);
        answer.warn_all(&self.warnings);
    }
}

#[cfg(all(test, feature = "pictures"))]
mod tests {
    use image::ImageFormat;

    use super::*;
    use crate::domain::fixture::{Served, check, metrics};
    use crate::media::picture::tests::encoded;

    #[test]
    fn the_domain_holds_together() {
        check(&IMAGES);
        assert_eq!(
            metrics(&IMAGES),
            [
                "IPS",
                "PPS",
                "SPS",
                "image-steps/s",
                "TTFI p50",
                "TTFI p95",
                "TTFI p99",
                "step time p50",
                "step time p95",
                "setup time p50",
                "decode time p50",
            ]
        );
        // 24 of the shared columns describe an image request; with them, a row has at least 35 columns.
        assert!(24 + IMAGES.columns.len() + IMAGES.derived.len() >= 35);
    }

    #[test]
    fn rates_are_sums_over_the_batch() {
        // 4 images of 512 × 256 in 30 steps within 2 s.
        let served = Served::with(Images::new(4, 512, 256).steps(30).guidance_scale(7.5).seed(9));
        assert_eq!(served.rate("IPS"), Some(4.0));
        assert_eq!(served.rate("PPS"), Some(4.0 * 131_072.0));
        assert_eq!(served.rate("SPS"), Some(30.0));
        assert_eq!(served.rate("image-steps/s"), Some(120.0));
        assert_eq!(served.derived("pixels"), Some(524_288.0));
        assert_eq!(served.derived("images_per_s"), Some(2.0));
        assert_eq!(served.derived("pixels_per_s"), Some(262_144.0));
        assert_eq!(served.derived("steps_per_s"), Some(15.0));
        assert_eq!((served.column("guidance_scale"), served.column("seed")), (Some(7.5), Some(9.0)));
        assert_eq!(served.answer.warning, None);
    }

    #[test]
    fn the_gaps_between_steps_are_the_step_time() {
        let served = Served::with(Images::new(2, 8, 8)).steps(&[1_500, 1_600, 1_800, 2_500]);
        assert_eq!(served.quantity("step time"), [0.1, 0.2, 0.7]);
        assert_eq!(served.derived("step_p50_s"), Some(0.2));
        assert_eq!((served.derived("step_p95_s"), served.derived("step_max_s")), (Some(0.7), Some(0.7)));
        assert_eq!((served.rate("SPS"), served.rate("image-steps/s")), (Some(4.0), Some(8.0)));
        let one = Served::with(Images::new(1, 8, 8)).steps(&[1_500]);
        assert!(one.quantity("step time").is_empty() && one.derived("step_max_s").is_none());
        for outside in [[900, 2_000], [2_000, 3_001]] {
            let served = Served::with(Images::new(1, 8, 8)).steps(&outside);
            assert!(served.quantity("step time").is_empty() && served.rate("SPS").is_none());
        }
        assert_eq!(Served::with(Images::new(1, 8, 8).steps(30)).steps(&[1_500]).rate("SPS"), Some(30.0));
    }

    #[test]
    fn spans_of_the_pipeline_are_apart() {
        let images =
            Images::new(1, 8, 8).setup(Duration::from_millis(250)).decode(Duration::from_millis(125));
        let served = Served::with(images).outputs(&[2_500]);
        assert_eq!(
            (served.quantity("setup time"), served.quantity("decode time")),
            (vec![0.25], vec![0.125])
        );
        assert_eq!((served.quantity("TTFI"), served.derived("ttfi_s")), (vec![1.5], Some(1.5)));
        let bare = Served::with(Images::new(1, 8, 8));
        for name in ["TTFI", "step time", "setup time", "decode time"] {
            assert!(bare.quantity(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn nothing_is_divided_by_no_time() {
        let served = Served::with(Images::new(1, 8, 8).steps(3)).between(1_000, 1_000);
        for column in ["images_per_s", "pixels_per_s", "steps_per_s"] {
            assert_eq!(served.derived(column), None, "{column}");
        }
    }

    #[test]
    fn an_encoded_image_says_its_size() {
        for (format, name) in [(ImageFormat::Png, "png"), (ImageFormat::Jpeg, "jpeg")] {
            let bytes = encoded(30, 20, format);
            let served = Served::with(Images::encoded(&bytes).steps(2));
            assert_eq!(served.rate("PPS"), Some(600.0));
            assert_eq!(served.column("image_bytes"), Some(bytes.len() as f64));
            assert_eq!((served.answer.format, &served.answer.warning), (name, &None));
        }
    }

    #[test]
    fn images_of_a_batch_are_counted_together() {
        let (png, jpeg) = (encoded(30, 20, ImageFormat::Png), encoded(30, 20, ImageFormat::Jpeg));
        let all = |pictures: &[&[u8]]| Served::with(Images::all_encoded(pictures));
        let two = all(&[&png, &png]);
        assert_eq!((two.rate("IPS"), two.rate("PPS")), (Some(2.0), Some(1_200.0)));
        assert_eq!(two.column("image_bytes"), Some(2.0 * png.len() as f64));
        assert_eq!((two.answer.format, two.answer.warning), ("png", None));
        assert_eq!(all(&[&png, &jpeg]).answer.format, "");
        let one = all(&[&png, b"<html>"]);
        assert_eq!((one.rate("IPS"), one.rate("PPS")), (Some(1.0), Some(600.0)));
        assert!(one.answer.warning.expect("a warning").starts_with("not a picture"));
        let small = encoded(3, 20, ImageFormat::Png);
        let uneven = all(&[&png, &small]);
        assert_eq!((uneven.rate("IPS"), uneven.rate("PPS")), (Some(2.0), None));
        assert_eq!(uneven.answer.warning.as_deref(), Some("images of different sizes"));
        let none = all(&[]);
        assert_eq!((none.rate("IPS"), none.answer.warning.as_deref()), (None, Some("no image")));
    }

    #[test]
    fn what_is_odd_is_a_warning() {
        let warning = |images: Images| Served::with(images).answer.warning.expect("a warning");
        let broken = Images::encoded(b"<html>");
        assert_eq!(Served::with(broken.clone()).rate("IPS"), None);
        assert!(warning(broken).starts_with("not a picture"));
        assert_eq!(Served::with(Images::new(0, 8, 8)).rate("IPS"), Some(0.0));
        assert_eq!(warning(Images::new(0, 8, 8)), "no image");
        assert_eq!(Served::with(Images::new(1, 0, 8)).rate("PPS"), None);
        assert_eq!(warning(Images::new(1, 0, 8)), "an image of 0 × 8 pixels");
        assert_eq!(Served::with(Images::new(1, 8, 8).seed(EXACT)).answer.warning, None);
        assert!(warning(Images::new(1, 8, 8).seed(u64::MAX)).contains("18446744073709551615"));
        assert_eq!(
            Served::with(Images::new(1, 8, 8).guidance_scale(f64::NAN)).column("guidance_scale"),
            None
        );
    }
}
