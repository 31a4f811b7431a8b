//! Harnesses that print one figure for each benchmark: each of their processes is a round of one sample.

use std::process::Command;
use std::time::Duration;

use bench_protocol::{Finish, Frame, ProbeReport, Reading};

use crate::adapter::{Held, Tell, Trouble, finish};
use crate::subject::{Ended, Subject};

/// The shortest sample that is reported, in nanoseconds: the time of one iteration is multiplied until whole
/// nanoseconds are precise enough.
const LEAST_NS: f64 = 1e6;

/// Returns a number of iterations, and the time that they take together, in nanoseconds.
fn sample(ns_per_iteration: f64) -> Option<(u64, u64)> {
    let is_time = ns_per_iteration.is_finite() && ns_per_iteration > 0.0;
    is_time.then(|| {
        let iterations = (LEAST_NS / ns_per_iteration).ceil().clamp(1.0, 1e12);
        (iterations as u64, (iterations * ns_per_iteration).round() as u64)
    })
}

/// Sends the only figure of a round.
pub(crate) fn tell_figure(
    ns_per_iteration: f64,
    ended: &Ended,
    readings: Vec<Reading>,
    tell: &mut Tell<'_>,
) -> Result<Finish, Trouble> {
    let (iterations, ns) = sample(ns_per_iteration)
        .ok_or_else(|| format!("{ns_per_iteration} ns an iteration is not a time"))?;
    tell(Frame::Samples { iterations, ns: vec![ns] })?;
    Ok(with_readings(finish(iterations), ended, readings))
}

/// Returns the last frame with the readings of the process.
pub(crate) fn with_readings(mut finish: Finish, ended: &Ended, mut readings: Vec<Reading>) -> Finish {
    let peak = ended.peak_memory.map(|bytes| Reading::new("peak_memory", "bytes", bytes as f64).max());
    readings.extend(peak);
    finish.probes = vec![ProbeReport { readings, ..ProbeReport::of("process") }];
    finish
}

/// Creates the reading of a rate that a harness has printed.
pub(crate) fn rate(unit: &str, per_second: f64) -> Reading {
    Reading::new("throughput", unit, per_second).higher_is_better()
}

/// Runs a command that lists benchmarks as libtest does.
pub(crate) fn list(subject: &Subject, command: &mut Command, patience: Duration) -> Result<Held, String> {
    let ended = subject.run(command, Some(patience))?;
    if !ended.status.success() {
        return Err(format!("`--list --format terse` ended with {}", ended.status));
    }
    Ok(Held { names: terse(&ended.stdout), ..Held::default() })
}

/// Returns the names of benchmarks in a list as libtest prints it: `path::name: benchmark`.
fn terse(stdout: &str) -> Vec<String> {
    stdout.lines().filter_map(|line| line.strip_suffix(": benchmark")).map(str::to_owned).collect()
}

/// Formats a share of a time in seconds, as harnesses accept it.
pub(crate) fn seconds(ns: u64, share: f64) -> String {
    let least = Duration::from_millis(1);
    format!("{:.6}", Duration::from_nanos(ns).mul_f64(share).max(least).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_become_samples_without_loss() {
        for ns in [0.3654, 12.0, 1234.56, 2.5e9] {
            let (iterations, together) = sample(ns).expect("a time");
            assert!((together as f64 / iterations as f64 / ns - 1.0).abs() < 1e-6, "{ns}");
        }
        assert!([0.0, -1.0, f64::NAN, f64::INFINITY].into_iter().all(|ns| sample(ns).is_none()));
    }

    #[test]
    fn only_benchmarks_are_taken_from_a_list() {
        assert_eq!(terse("a::b: benchmark\nc: test\n\n2 tests, 1 benchmark\n"), ["a::b"]);
    }
}
