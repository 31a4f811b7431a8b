//! How long tasks had to wait for a processor.

use std::time::Duration;

use super::finding::{Counting, Finding, Outcome, too_short};
use crate::calibration::stalled_in;
use bench_os::{Machine, Unknown};
use bench_syntax::quantity::percent;

const PRESSURE: &str = "/proc/pressure/cpu";

/// The share of time for which tasks may wait: a worker, its runner and the kernel's own threads meet now and then.
const MUCH: f64 = 0.10;

/// Counts pressure stall information, `some` of all processors. A case with more threads than processors causes
/// pressure by itself, and is reported too.
pub(super) fn begin(machine: &Machine) -> Counting {
    let before = stalled(machine);
    Box::new(move |machine, elapsed| judge(before?, stalled(machine)?, elapsed))
}

fn stalled(machine: &Machine) -> Result<Duration, Unknown> {
    let text = machine.text(PRESSURE).map_err(|unknown| {
        // Some distributions build it in, but do not enable it.
        if machine.has("/proc/self") && !machine.has(PRESSURE) {
            Unknown { advice: "boot with `psi=1` on the kernel's command line".to_owned(), ..unknown }
        } else {
            unknown
        }
    })?;
    stalled_in(&text).ok_or_else(|| Unknown::strange(PRESSURE, &text))
}

fn judge(before: Duration, after: Duration, elapsed: Duration) -> Outcome {
    if elapsed.is_zero() {
        return Err(too_short());
    }
    let share = after.saturating_sub(before).as_secs_f64() / elapsed.as_secs_f64();
    let found = format!("tasks waited for a processor {} of the time", percent(share.min(1.0)));
    if share > MUCH {
        let advice = "stop what else runs, and give benchmarks no more threads than there are processors";
        return Ok(Finding::warn(found, advice));
    }
    Ok(Finding::ok(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn waiting_is_a_share_of_the_time() {
        let made = MadeUp::new(&[(PRESSURE, "some avg10=0.00 total=1000000\n")]);
        let count = |after: &str| {
            made.write(PRESSURE, "some avg10=0.00 total=1000000\n");
            let counting = begin(&made.machine);
            made.write(PRESSURE, after);
            counting(&made.machine, Duration::from_secs(2))
        };
        let little = count("some avg10=0.00 total=1200000\n");
        assert_eq!(little, Ok(Finding::ok("tasks waited for a processor 10 % of the time")));
        let much = count("some avg10=0.00 total=1600000\n");
        assert!(matches!(much, Ok(Finding::Warn { value, .. }) if value.contains(" 30 % ")));
        assert!(count("full avg10=0.00 total=7\n").is_err());
        assert!(judge(Duration::ZERO, Duration::ZERO, Duration::ZERO).is_err());
    }

    #[test]
    fn a_kernel_that_does_not_keep_it_is_told_how() {
        let counting = begin(&MadeUp::new(&[]).machine);
        let unknown = counting(&MadeUp::new(&[]).machine, Duration::from_secs(1)).expect_err("no file");
        assert!(unknown.reason.contains(PRESSURE) && unknown.advice.contains("psi=1"), "{unknown:?}");
        // A file that exists but cannot be read is another case.
        let made = MadeUp::new(&[("/proc/pressure/cpu/file", "")]);
        let unknown = begin(&made.machine)(&made.machine, Duration::from_secs(1)).expect_err("a folder");
        assert!(!unknown.advice.contains("psi=1"), "{unknown:?}");
        let made = MadeUp::bare(&[]);
        let unknown = begin(&made.machine)(&made.machine, Duration::from_secs(1)).expect_err("no /proc");
        assert_eq!(unknown.reason, "/proc is not mounted");
    }
}
