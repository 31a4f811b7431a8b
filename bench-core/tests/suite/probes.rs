//! Readings of probes of programs whose use of the machine is known.
#![cfg(not(bench_portable))] // memory is read on Linux only

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use bench_core::domain::Metric;
use bench_core::record::{CaseRecord, Record};
use bench_testing::{Bench, Stage, not_checked};

const MIB: f64 = (1 << 20) as f64;

fn record(stage: &Stage, command: &mut Command) -> Record {
    let ended = stage.end(command).expect_code(0);
    serde_json::from_str(&ended.stdout).expect("a record")
}

fn case(stage: &Stage, arguments: &[&str]) -> CaseRecord {
    record(stage, &mut stage.command(arguments)).cases.remove(0)
}

#[track_caller]
fn observed<'a>(case: &'a CaseRecord, metric: &str) -> &'a Metric {
    case.observed.iter().find(|seen| seen.name == metric).unwrap_or_else(|| panic!("{metric}: {case:?}"))
}

#[track_caller]
fn assert_gibibyte(case: &CaseRecord) {
    let bytes = |metric: &str| observed(case, metric).value;
    // All other memory of the process is resident before, too.
    let touched = bytes("peak_memory") - bytes("memory_before");
    assert!((touched / (1024.0 * MIB) - 1.0).abs() < 0.01, "{touched} {:?}", case.observed);
    assert!(bytes("memory_before") < 64.0 * MIB && bytes("memory_after") < 64.0 * MIB, "{:?}", case.observed);
}

#[test]
fn a_gibibyte_is_read_whatever_the_parent_has() {
    let stage = Stage::new(Bench::Probes);
    assert_gibibyte(&case(&stage, &["gibibyte"]));
    assert_gibibyte(&case(&stage, &["gibibyte", "1280"]));
}

#[test]
fn a_gibibyte_is_read_without_privileges() {
    const NOBODY: u32 = 65_534;
    let stage = Stage::new(Bench::Probes);
    let as_nobody = |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
        command
    };
    let may = as_nobody(&["hold"]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    if !may.as_ref().is_ok_and(std::process::ExitStatus::success) {
        not_checked(&format!("this user cannot start the fixture as another one ({may:?})"));
        return;
    }
    assert_gibibyte(&record(&stage, &mut as_nobody(&["gibibyte", "1280"])).cases[0]);
}

#[test]
fn what_grows_with_every_iteration_is_said() {
    let stage = Stage::new(Bench::Probes);
    let leaks = case(&stage, &["leaks"]);
    let growth = observed(&leaks, "memory_growth");
    let leaked = 64.0 * 1024.0;
    // An allocator takes a little more than is requested.
    assert!((0.98 * leaked..1.1 * leaked).contains(&growth.value), "{growth:?}");
    let interval = growth.interval.expect("one round has the interval of its own");
    assert!(interval.low > 0.8 * leaked && interval.high < 1.3 * leaked, "{growth:?}");
    assert_eq!(growth.unit, "bytes/iteration");
    assert!(
        leaks
            .warnings
            .iter()
            .any(|warning| warning.starts_with("resident memory grows with every iteration ("))
    );
    let before = observed(&leaks, "memory_before").value;
    assert!(observed(&leaks, "memory_after").value > before + 100.0 * leaked, "{leaks:?}");
    assert!(!leaks.observed.iter().any(|seen| seen.name == "peak_memory_tree"), "it has no children");
}

#[test]
fn what_a_child_has_counts_for_the_tree_alone() {
    let stage = Stage::new(Bench::Probes);
    let keeps = case(&stage, &["keeps_a_child"]);
    let (own, tree) = (observed(&keeps, "peak_memory").value, observed(&keeps, "peak_memory_tree").value);
    assert!(own < 64.0 * MIB, "{own}");
    assert!((100.0 * MIB..own + 164.0 * MIB).contains(&(tree - own)), "{own} {tree}");
    assert!(!keeps.observed.iter().any(|seen| seen.name == "memory_growth"), "nothing grows: {keeps:?}");
}

#[test]
fn without_proc_memory_is_unavailable_with_the_reason() {
    let stage = Stage::new(Bench::Probes);
    let inside = stage.command(&["leaks"]);
    // A mount over /proc that only this process sees.
    let mut hidden = Command::new("unshare");
    hidden.args(["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" leaks"]);
    hidden.arg(inside.get_program()).current_dir(stage.path());
    let may = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "none", "/proc"]).output();
    if !may.as_ref().is_ok_and(|output| output.status.success()) {
        not_checked(&format!("this user cannot hide /proc ({may:?})"));
        return;
    }
    let record = record(&stage, &mut hidden);
    let state = |name: &str| record.environment.probes.iter().find(|state| state.probe == name).expect(name);
    let reason = state("memory").unavailable.as_deref().expect("unavailable");
    assert!(reason.starts_with("/proc is not mounted"), "{reason}");
    let seen: Vec<&str> = record.cases[0].observed.iter().map(|metric| metric.name.as_str()).collect();
    assert!(!seen.contains(&"peak_memory") && !seen.contains(&"migrations"), "{seen:?}");
    assert!(seen.contains(&"cpu_time"), "getrusage needs no /proc: {seen:?}");
    assert_eq!(record.cases[0].peak_memory_bytes, None);
}
