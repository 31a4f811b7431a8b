//! A field of one's own.

// The guide begins here.
use bench_core::domain::Better;
use bench_load::domain::{Answer, Domain, Figure, Quantity, Rate, Response, nothing_missing};

/// Translation: words per second, and how long a word takes.
const TRANSLATION: Domain = Domain {
    name: "translation",
    primary: "WPS",
    columns: &["words"], // of requests.csv
    derived: &[],
    rates: &[Rate { name: "WPS", unit: "words/s", of: |seen| seen.value(0) }],
    ratios: &[],
    quantities: &[Quantity {
        name: "time per word",
        unit: "s",
        of: |seen, each| {
            if let Some(words) = seen.value(0).filter(|words| *words > 0.0) {
                each(seen.times.service_latency_s() / words);
            }
        },
        better: Better::Lower,
        figures: &[Figure::P50, Figure::P95],
    }],
    plots: &["time per word p95"],
    missing: nothing_missing,
};

struct Translation {
    words: usize,
}

impl Response for Translation {
    const DOMAIN: &'static Domain = &TRANSLATION;

    fn tell(&self, answer: &mut Answer) {
        answer.number(0, self.words as f64);
    }
}
// The guide ends here.
