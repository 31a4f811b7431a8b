//! Text about images: vision-language models.

use std::time::Duration;

use bench_protocol::Better;

use super::{Answer, Derived, Domain, Figure, Generation, Quantity, Rate, Response, Seen, text};

/// Text about images: the metrics of [`TEXT`](super::TEXT), and the times of the two parts of the model.
///
/// | metric | formula |
/// |---|---|
/// | IPS | Σ images that were looked at / W |
/// | image analysis time | vision tower and projector, as the closure measured it |
/// | text time | language model, as the closure measured it |
pub const MULTIMODAL: Domain = Domain {
    name: "multimodal",
    primary: "output tokens/s",
    columns: &join::<&str, { text::COLUMNS.len() + 5 }>(
        text::COLUMNS,
        &["images", "width_px", "height_px", "image_analysis_s", "text_s"],
    ),
    derived: &join::<Derived, { text::DERIVED.len() + 1 }>(
        text::DERIVED,
        &[Derived { column: "pixels", of: pixels }],
    ),
    rates: &join::<Rate, { text::RATES.len() + 1 }>(
        text::RATES,
        &[Rate { name: "IPS", unit: "images/s", of: |seen| seen.value(COUNT) }],
    ),
    ratios: &[],
    quantities: &join::<Quantity, { text::QUANTITIES.len() + 2 }>(
        text::QUANTITIES,
        &[
            Quantity {
                name: "image analysis time",
                unit: "s",
                of: |seen, each| seen.value(IMAGE_ANALYSIS).into_iter().for_each(each),
                better: Better::Lower,
                figures: &[Figure::P50, Figure::P95],
            },
            Quantity {
                name: "text time",
                unit: "s",
                of: |seen, each| seen.value(LANGUAGE).into_iter().for_each(each),
                better: Better::Lower,
                figures: &[Figure::P50, Figure::P95],
            },
        ],
    ),
    plots: &join::<&str, { text::PLOTS.len() + 1 }>(text::PLOTS, &["image analysis time p95"]),
    missing: text::missing,
};

// Places in the columns of `MULTIMODAL`, behind those of a text.
const COUNT: usize = text::COLUMNS.len();
const WIDTH: usize = COUNT + 1;
const HEIGHT: usize = COUNT + 2;
const IMAGE_ANALYSIS: usize = COUNT + 3;
const LANGUAGE: usize = COUNT + 4;

/// Joins two lists. The compiler checks that `N` is the sum of their lengths.
const fn join<T: Copy, const N: usize>(first: &[T], second: &[T]) -> [T; N] {
    assert!(first.len() + second.len() == N);
    let mut all = [first[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// `width · height · images`.
fn pixels(seen: &Seen<'_>) -> Option<f64> {
    Some(seen.value(WIDTH)? * seen.value(HEIGHT)? * seen.value(COUNT)?)
}

/// Text that was generated about one or more images.
///
/// ```
/// # use std::time::Duration;
/// # use bench_load::domain::{Generation, Multimodal};
/// let answer = Multimodal::new(Generation::new(60).input_tokens(600))
///     .images(1, 640, 480)
///     .image_analysis(Duration::from_millis(90))
///     .language(Duration::from_millis(700));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multimodal {
    generation: Generation,
    images: Option<(usize, u32, u32)>,
    image_analysis: Option<Duration>,
    language: Option<Duration>,
}

impl Multimodal {
    /// Creates a response with this text; set its images with [`images`](Self::images).
    pub fn new(generation: Generation) -> Self {
        Multimodal { generation, images: None, image_analysis: None, language: None }
    }

    /// Sets the number of images, and their size in pixels. If a size is 0, the row gets a warning.
    #[must_use]
    pub fn images(self, count: usize, width: u32, height: u32) -> Self {
        Multimodal { images: Some((count, width, height)), ..self }
    }

    /// Sets the time of the vision tower and the projector.
    #[must_use]
    pub fn image_analysis(self, time: Duration) -> Self {
        Multimodal { image_analysis: Some(time), ..self }
    }

    /// Sets the time of the language model.
    #[must_use]
    pub fn language(self, time: Duration) -> Self {
        Multimodal { language: Some(time), ..self }
    }
}

impl Response for Multimodal {
    const DOMAIN: &'static Domain = &MULTIMODAL;

    fn tell(&self, answer: &mut Answer) {
        let mut warnings = self.generation.tell_numbers(answer);
        if let Some((count, width, height)) = self.images {
            answer.number(COUNT, count as f64);
            if width > 0 && height > 0 {
                answer.number(WIDTH, f64::from(width));
                answer.number(HEIGHT, f64::from(height));
            } else {
                warnings.push(format!("an image of {width} × {height} pixels"));
            }
        }
        answer.number_if(IMAGE_ANALYSIS, self.image_analysis.map(|time| time.as_secs_f64()));
        answer.number_if(LANGUAGE, self.language.map(|time| time.as_secs_f64()));
        answer.warn_all(&warnings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TEXT;
    use crate::domain::fixture::{Served, check, metrics};

    #[test]
    fn the_domain_holds_together() {
        check(&MULTIMODAL);
        let names = metrics(&MULTIMODAL);
        assert!(metrics(&TEXT).iter().all(|name| names.contains(name)), "{names:?}");
        let of_its_own: Vec<_> = names.iter().filter(|name| !metrics(&TEXT).contains(name)).collect();
        assert_eq!(
            of_its_own,
            ["IPS", "image analysis time p50", "image analysis time p95", "text time p50", "text time p95"]
        );
    }

    #[test]
    fn the_text_counts_as_a_text_does() {
        let generation = Generation::new(4).input_tokens(100).reasoning_tokens(1).text("abc");
        let marked = |served: Served| served.outputs(&[1_500, 1_750, 2_500]).answered(1_750);
        let text = marked(Served::with(generation.clone()));
        let both = marked(Served::with(Multimodal::new(generation)));
        for column in text::COLUMNS {
            assert_eq!(both.column(column), text.column(column), "{column}");
        }
        for derived in text::DERIVED {
            assert_eq!(both.derived(derived.column), text.derived(derived.column), "{}", derived.column);
        }
        assert_eq!(both.quantity("ICL"), [0.25, 0.75]);
        assert_eq!(both.missing(), text.missing());
        assert_eq!((both.rate("output tokens/s"), both.rate("input tokens/s")), (Some(4.0), Some(100.0)));
        assert_eq!(both.rate("IPS"), None);
    }

    #[test]
    fn image_and_text_have_times_of_their_own() {
        let served = Served::with(
            Multimodal::new(Generation::new(4))
                .images(2, 640, 480)
                .image_analysis(Duration::from_millis(125))
                .language(Duration::from_millis(750)),
        );
        assert_eq!((served.rate("IPS"), served.derived("pixels")), (Some(2.0), Some(614_400.0)));
        assert_eq!(served.quantity("image analysis time"), [0.125]);
        assert_eq!(served.quantity("text time"), [0.75]);
        let bare = Served::with(Multimodal::new(Generation::new(4)));
        assert!(bare.quantity("image analysis time").is_empty() && bare.quantity("text time").is_empty());
    }

    #[test]
    fn all_that_is_odd_is_one_warning() {
        let served = Served::with(Multimodal::new(Generation::new(0)).images(1, 0, 9));
        assert_eq!(served.answer.warning.as_deref(), Some("no token; an image of 0 × 9 pixels"));
        assert_eq!((served.rate("IPS"), served.derived("pixels")), (Some(1.0), None));
    }
}
