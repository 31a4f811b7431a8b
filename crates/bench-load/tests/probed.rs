//! Readings of probes on levels, in this process: energy that every request is known to take.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says so by panicking")]

use std::sync::atomic::{AtomicU64, Ordering};

use bench_core::Suite;
use bench_core::prelude::*;
use bench_core::probe::{Observation, Probe, ProbeFactory};
use bench_load::Load;
use bench_load::domain::{Images, Speech};
use bench_protocol::Reading;
use bench_record::Level;

/// The energy taken since the last reading of the probe, in joules.
static TAKEN: AtomicU64 = AtomicU64::new(0);

struct Meter;

impl Probe for Meter {
    fn name(&self) -> &'static str {
        "meter"
    }
    fn level(&mut self, _requests: u64) -> Vec<Reading> {
        vec![Reading::new("gpu_energy", "J", TAKEN.swap(0, Ordering::Relaxed) as f64)]
    }
    fn end(&mut self, _iterations: u64) -> Result<Observation, String> {
        Ok(Observation::default())
    }
}

bench_core::inventory::submit! { ProbeFactory::new("meter", || Box::new(Meter)) }

#[benchmark(category = "unit", rounds = 1)]
fn pictures(b: &mut Bencher) -> Result<()> {
    Load::closed([1, 2]).requests(10).warm_up(5).run(b, vec!["a cat".to_owned()], |_, _| {
        TAKEN.fetch_add(3, Ordering::Relaxed);
        Ok::<_, Error>(Images::new(2, 8, 8))
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn words(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(10).run(b, vec!["hello".to_owned()], |text, request| {
        request.output();
        TAKEN.fetch_add(3, Ordering::Relaxed);
        Ok::<_, Error>(Speech::new(text, 12_000, 24_000))
    })
}

fn energy(level: &Level, per: &str) -> f64 {
    let name = format!("energy per {per}");
    level.metric(&name).unwrap_or_else(|| panic!("{name}: {:?}", level.metrics)).value
}

#[test]
fn energy_is_told_by_what_was_served() {
    let record = Suite::new().in_process().run().expect("a run");
    let levels = |name: &str| {
        let case = record.cases.iter().find(|case| case.name == name).expect("a case");
        let served = case.rounds[0].served.as_ref();
        served.unwrap_or_else(|| panic!("{:?}", case.failure)).levels.clone()
    };
    let pictures = levels("pictures");
    assert_eq!(pictures.len(), 2);
    for level in &pictures {
        // Ten requests, and not the five of the warm-up.
        assert_eq!(level.metric("gpu energy").map(|metric| metric.value), Some(30.0));
        assert_eq!(energy(level, "request"), 3.0);
        assert!((energy(level, "image") - 1.5).abs() < 1e-6);
    }
    assert!((energy(&levels("words")[0], "audio second") - 6.0).abs() < 1e-6);
}
