//! The work that the clock waits for, and the devices on which benchmarks may run.

use bench_core::record::CaseRecord;
use bench_testing::{Bench, Stage};

/// Measures the case of this name in a separate run, and returns it.
fn measured(name: &str) -> CaseRecord {
    let stage = Stage::new(Bench::Devices);
    stage.bench(&["--exact", &format!("performance/{name}"), "--probes", "none"]).expect_code(0);
    stage.record().cases.remove(0)
}

fn reading(case: &CaseRecord, name: &str) -> f64 {
    case.rounds[0].reading(name).unwrap_or_else(|| panic!("{name}: {:?}", case.rounds[0].probes))
}

#[test]
fn the_clock_waits_for_queued_work_and_tells_it_apart() {
    for name in ["queued", "queued_batched", "queued_fallible", "queued_custom"] {
        let case = measured(name);
        let fastest = case.time.as_ref().expect("a time").min_s.0;
        // A sleep is never shorter. The work that was queued before, five times as much, is not part of any time.
        assert!((0.010..0.060).contains(&fastest), "{name}: {fastest}");
        let (launch, wait) = (reading(&case, "launch_time"), reading(&case, "synchronisation_time"));
        assert!(wait >= 0.010 && launch < wait, "{name}: {launch} {wait}");
        let mean = case.time.as_ref().expect("a time").mean_s.0;
        assert!((launch + wait - mean).abs() < 1e-6 * mean.max(1.0), "{name}: {launch} + {wait} of {mean}");
        assert_eq!(reading(&case, "device_memory_unused"), 0.25);
    }
    let first_call = |name: &str| measured(name).rounds[0].first_call_ns.expect("a first call");
    assert!((0..5).any(|_| first_call("queued") < 60_000_000), "what was queued before was timed");
}

#[test]
fn a_load_is_over_when_its_device_is_done() {
    let case = measured("queued_load");
    assert!(case.rounds[0].load_ns.expect("a load") >= 10_000_000);
}

#[test]
fn without_a_device_nothing_is_told_of_one() {
    let case = measured("steady");
    assert!(case.rounds[0].probes.is_empty(), "{:?}", case.rounds[0].probes);
}

#[test]
fn a_device_that_fails_fails_its_case() {
    let stage = Stage::new(Bench::Devices);
    stage
        .bench(&["--exact", "integration/broken"])
        .expect_code(1)
        .expect_said(&["failed", "an illegal memory access was encountered"]);
}

#[test]
fn benchmarks_are_told_where_they_are_wanted() {
    for (arguments, said) in [
        (&[][..], "wanted on auto"),
        (&["--device", "cpu"], "wanted on cpu"),
        (&["--device", "cuda:3"], "wanted on cuda:3"),
        (&["--device=cuda"], "wanted on cuda:0"),
    ] {
        let stage = Stage::new(Bench::Devices);
        let all = [&["--exact", "integration/wanted"], arguments].concat();
        stage.bench(&all).expect_code(0).expect_said(&[said]);
    }
    let stage = Stage::new(Bench::Devices);
    let mut command = stage.command(&["--exact", "integration/wanted", "--bench"]);
    stage.end(command.env("BENCH_DEVICE", "metal")).expect_code(0).expect_said(&["wanted on metal"]);
}

#[test]
fn a_device_that_does_not_exist_is_refused() {
    let stage = Stage::new(Bench::Devices);
    for wrong in ["gpu", "cuda:x", "cuda:-1", ""] {
        let said = stage.bench(&["--device", wrong]).expect_code(2);
        said.expect_said(&[wrong, "expected `auto`, `cpu`, `cuda:0` or `metal`"]);
    }
    assert!(stage.runs().is_empty());
}
