//! A field that is defined outside of this crate, as the book shows it.
#![allow(clippy::expect_used, reason = "a test says so by panicking")]

use bench_core::Suite;
use bench_core::prelude::*;
use bench_load::Load;

// The book begins here.
use bench_core::domain::Better;
use bench_load::domain::{Answer, Domain, Figure, Quantity, Rate, Response, nothing_missing};

/// Translation: words per second, and how long a word takes.
const TRANSLATION: Domain = Domain {
    name: "translation",
    primary: "WPS",
    columns: &["words"], // the columns of requests.csv
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
// The book ends here.

#[benchmark(category = "unit", rounds = 1)]
fn translate(b: &mut Bencher) -> Result<()> {
    Load::closed(2).requests(20).run(b, vec!["one two three".to_owned()], |text, _request| {
        std::thread::sleep(std::time::Duration::from_millis(3));
        Ok::<_, Error>(Translation { words: text.split(' ').count() })
    })
}

#[test]
fn its_metrics_follow_and_its_files_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = Suite::new()
        .name_contains("translate")
        .in_process()
        .output_dir(folder.path())
        .run()
        .expect("a record");
    let case = &record.cases[0];
    assert_eq!(case.metrics[0].name, "WPS");
    let metric = |name: &str| case.metrics.iter().find(|metric| metric.name == name).expect(name).value;
    assert!((metric("WPS") / metric("RPS") - 3.0).abs() < 1e-9);
    assert!(metric("time per word p50") >= 1e-3);
    let latest = folder.path().join("latest");
    let read = |file: &str| std::fs::read_to_string(latest.join(file)).expect(file);
    let requests = read("requests.csv");
    assert!(requests.lines().next().is_some_and(|header| header.ends_with(",words")), "{requests}");
    assert_eq!(requests.lines().count(), 21);
    assert!(read("levels.csv").contains("wps_words_per_s"));
    assert!(!latest.join("requests").exists(), "the parts have become one file");
    let plots: Vec<_> = std::fs::read_dir(latest.join("plots")).expect("plots").flatten().collect();
    assert!(plots.len() >= 2, "{plots:?}");
}
