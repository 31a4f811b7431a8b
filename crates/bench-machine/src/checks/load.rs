//! How busy the machine was when the run began.

use super::finding::{Finding, Outcome};
use bench_os::{Machine, Unknown};

/// The load average above which the machine is busy: half a processor works on something else.
const BUSY: f64 = 0.5;

/// Checks the load average over one minute: tasks that run or wait to, and those that wait for a disk (proc(5)). Only
/// before the run, since the run itself makes load.
pub(super) fn look(machine: &Machine) -> Outcome {
    const LOAD: &str = "/proc/loadavg";
    let text = machine.text(LOAD)?;
    let load: f64 = text
        .split_whitespace()
        .next()
        .and_then(|minute| minute.parse().ok())
        .ok_or_else(|| Unknown::strange(LOAD, &text))?;
    let found = format!("{load:.2} tasks over the last minute");
    if load > BUSY {
        return Ok(Finding::warn(
            found,
            "stop what else runs (`top` shows it); after a build, wait a minute",
        ));
    }
    Ok(Finding::ok(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn half_a_processor_is_too_much() {
        let made = MadeUp::new(&[("/proc/loadavg", "0.50 3.00 3.00 1/106 21299\n")]);
        assert_eq!(look(&made.machine), Ok(Finding::ok("0.50 tasks over the last minute")));
        made.write("/proc/loadavg", "0.51 0.00 0.00 1/106 21299\n");
        assert!(matches!(look(&made.machine), Ok(Finding::Warn { .. })));
        made.write("/proc/loadavg", "\n");
        assert_eq!(look(&made.machine).expect_err("empty").reason, "/proc/loadavg holds ``");
    }
}
