//! Classification of images.

use super::streaming::per_second;
use super::{Answer, Derived, Domain, Rate, Response, Seen, nothing_missing};

/// Classification: IPS, which is Σ classified images / W, `W` being the wall time of the window.
pub const CLASSIFICATION: Domain = Domain {
    name: "classification",
    primary: "IPS",
    columns: &["images", "top1_class", "top1_confidence"],
    derived: &[Derived {
        column: "images_per_s",
        of: |seen| per_second(images(seen), seen.times.service_latency_s()),
    }],
    rates: &[Rate { name: "IPS", unit: "images/s", of: images }],
    ratios: &[],
    quantities: &[],
    plots: &["IPS"],
    missing: nothing_missing,
};

// Places in the columns of `CLASSIFICATION`.
const COUNT: usize = 0;
const TOP1_CLASS: usize = 1;
const TOP1_CONFIDENCE: usize = 2;

fn images(seen: &Seen<'_>) -> Option<f64> {
    seen.value(COUNT)
}

/// Images that were classified for one request.
///
/// ```
/// # use bench_load::domain::Classified;
/// let one = Classified::new(1).top1(207, 0.93);
/// let batch = Classified::new(32);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    images: usize,
    top1: Option<(u32, f64)>,
}

impl Classified {
    /// Creates a response of this many images. If there are none, the row gets a warning.
    pub fn new(images: usize) -> Self {
        Classified { images, top1: None }
    }

    /// Sets the class of the first image, and the confidence of the model, from 0 to 1. If the confidence is
    /// outside that range or not a number, the row gets a warning.
    #[must_use]
    pub fn top1(self, class: u32, confidence: f64) -> Self {
        Classified { top1: Some((class, confidence)), ..self }
    }
}

impl Response for Classified {
    const DOMAIN: &'static Domain = &CLASSIFICATION;

    fn tell(&self, answer: &mut Answer) {
        let mut warnings = Vec::new();
        answer.number(COUNT, self.images as f64);
        if self.images == 0 {
            warnings.push("no image".to_owned());
        }
        if let Some((class, confidence)) = self.top1 {
            answer.number(TOP1_CLASS, f64::from(class));
            answer.number(TOP1_CONFIDENCE, confidence);
            if !(0.0..=1.0).contains(&confidence) {
                warnings.push(format!("a confidence of {confidence}"));
            }
        }
        answer.warn_all(&warnings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::{Served, check, metrics};

    #[test]
    fn the_domain_holds_together() {
        check(&CLASSIFICATION);
        assert_eq!(metrics(&CLASSIFICATION), ["IPS"]);
    }

    #[test]
    fn images_are_counted() {
        // 32 images in 2 s.
        let served = Served::with(Classified::new(32).top1(207, 0.75));
        assert_eq!((served.rate("IPS"), served.derived("images_per_s")), (Some(32.0), Some(16.0)));
        assert_eq!(
            (served.column("top1_class"), served.column("top1_confidence")),
            (Some(207.0), Some(0.75))
        );
        assert_eq!(served.answer.warning, None);
        assert_eq!(served.between(5, 5).derived("images_per_s"), None);
    }

    #[test]
    fn what_is_odd_is_a_warning() {
        let warning = |response| Served::with(response).answer.warning;
        assert_eq!(warning(Classified::new(0)).as_deref(), Some("no image"));
        let nan = Classified::new(1).top1(0, f64::NAN);
        assert_eq!(Served::with(nan.clone()).column("top1_confidence"), None);
        assert_eq!(warning(nan).as_deref(), Some("a confidence of NaN"));
        assert_eq!(warning(Classified::new(1).top1(0, 1.5)).as_deref(), Some("a confidence of 1.5"));
    }
}
