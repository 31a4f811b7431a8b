//! The figures that the portable variant cannot measure, and the end of its processes.
#![cfg(bench_portable)]

use bench_core::record::Status;
use bench_testing::{Bench, Stage};

#[test]
fn what_cannot_be_known_is_unavailable_and_never_0() {
    let stage = Stage::new(Bench::Second);
    stage
        .bench(&["--exact", "unit/second"])
        .expect_code(0)
        .expect_said(&["memory limits of workers are not enforced"]);
    let record = stage.record();
    let case = &record.cases[0];
    assert_eq!(case.status, Status::Ok);
    assert!(case.time.is_some(), "time needs no system");
    for probe in ["memory", "cpu", "counters"] {
        let state = record.environment.probes.iter().find(|state| state.probe == probe).expect(probe);
        let reason = state.unavailable.as_deref().expect(probe);
        assert!(reason.contains("on Linux only"), "{probe}: {reason}");
    }
    let of_linux = ["peak_memory", "memory_before", "cpu_time", "cores_used", "cycles", "major_faults"];
    let seen: Vec<&str> = case.observed.iter().map(|metric| metric.name.as_str()).collect();
    assert!(!seen.iter().any(|name| of_linux.contains(name)), "{seen:?}");
    assert_eq!((case.peak_memory_bytes, case.cpu_time_s), (None, None));
    let limits = record.warnings.iter().filter(|warning| warning.contains("memory limits"));
    assert_eq!(limits.count(), 1, "{:?}", record.warnings);
}

#[test]
fn instructions_are_not_counted() {
    let stage = Stage::new(Bench::Second);
    let arguments = ["--exact", "unit/second", "--measure=instructions"];
    stage.bench(&arguments).expect_code(2).expect_said(&["needs Linux"]);
}
