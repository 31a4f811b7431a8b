//! Checks whether the processor slowed down because of heat.

use std::time::Duration;

use super::finding::{Counting, Finding, Outcome};
use super::virtual_machine;
use bench_os::{Machine, Unknown};

const PROCESSORS: &str = "/sys/devices/system/cpu";

/// The counters of events since boot: each processor has those of its core and of its package (kernel documentation,
/// `admin-guide/thermal/intel_thermal_throttle.rst`).
const COUNTERS: [&str; 2] = ["core_throttle_count", "package_throttle_count"];

/// Counts the events, which the kernel does on Intel processors only.
pub(super) fn begin(machine: &Machine) -> Counting {
    let before = counts(machine);
    Box::new(move |machine, elapsed| judge(&before?, &counts(machine)?, elapsed))
}

/// Returns the counters of all processors, in order.
fn counts(machine: &Machine) -> Result<Vec<u64>, Unknown> {
    let folders: Vec<String> = machine
        .names(PROCESSORS)?
        .iter()
        .map(|name| format!("{PROCESSORS}/{name}/thermal_throttle"))
        .filter(|folder| machine.has(folder))
        .collect();
    if folders.is_empty() {
        let missing =
            Unknown::new("this processor or kernel does not count it", "watch temperatures: `sensors`");
        return Err(virtual_machine::hidden_or(machine, missing));
    }
    let files = folders.iter().flat_map(|folder| COUNTERS.map(|counter| format!("{folder}/{counter}")));
    files.filter(|file| machine.has(file)).map(|file| machine.number(&file)).collect()
}

fn judge(before: &[u64], after: &[u64], elapsed: Duration) -> Outcome {
    // The processors of a package count the same event, each for itself.
    let events = before.iter().zip(after).map(|(before, after)| after.saturating_sub(*before)).max();
    let over = format!("in {:.0} s", elapsed.as_secs_f64().ceil());
    Ok(match events.unwrap_or_default() {
        0 => Finding::ok(format!("none {over}")),
        events => Finding::warn(
            format!("{events} times {over}"),
            "cool the machine, or keep its clock where it stays cool: turn turbo off, lower scaling_max_freq",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    const CORE: &str = "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count";

    #[test]
    fn only_what_happens_meanwhile_counts() {
        let made = MadeUp::new(&[
            (CORE, "7"),
            (&CORE.replace("core", "package"), "90"),
            (&CORE.replace("cpu1", "cpu0"), "1"),
        ]);
        let over = Duration::from_millis(2500);
        assert_eq!(begin(&made.machine)(&made.machine, over), Ok(Finding::ok("none in 3 s")));
        let counting = begin(&made.machine);
        made.write(CORE, "12");
        assert!(
            matches!(counting(&made.machine, over), Ok(Finding::Warn { value, .. }) if value == "5 times in 3 s")
        );
    }

    #[test]
    fn processors_that_do_not_count_are_unknown() {
        let made =
            MadeUp::new(&[("/sys/devices/system/cpu/cpu0/online", "1"), ("/proc/cpuinfo", "flags : fpu")]);
        let unknown = begin(&made.machine)(&made.machine, Duration::from_secs(1)).expect_err("no counter");
        assert_eq!(unknown.reason, "this processor or kernel does not count it");
    }
}
