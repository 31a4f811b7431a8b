//! Processor time that the hypervisor gave to others.

use super::finding::{Counting, Finding, Outcome, too_short};
use crate::CpuTicks;
use bench_os::{Machine, Unknown};
use bench_syntax::quantity::percent;

const STAT: &str = "/proc/stat";

/// The share from which on it is reported: a thousandth, spread over a run, moves no median.
const MUCH: f64 = 0.001;

/// The number of ticks of 10 ms below which a single stolen one would look like much.
const FEWEST_TICKS: u64 = 20;

/// Measures the stolen time, as a share of the time of all processors.
pub(super) fn begin(machine: &Machine) -> Counting {
    let before = ticks(machine);
    Box::new(move |machine, _| judge(before?, ticks(machine)?))
}

fn ticks(machine: &Machine) -> Result<CpuTicks, Unknown> {
    let text = machine.text(STAT)?;
    let first = text.lines().next().unwrap_or_default();
    CpuTicks::parse(first).ok_or_else(|| Unknown::strange(STAT, first))
}

fn judge(before: CpuTicks, after: CpuTicks) -> Outcome {
    if after.ticks_since(before) < FEWEST_TICKS {
        return Err(too_short());
    }
    let steal = after.steal_since(before).ok_or_else(too_short)?;
    let found = format!("{} of processor time was stolen by the hypervisor", percent(steal));
    if steal >= MUCH {
        return Ok(Finding::warn(found, "take a dedicated instance, or compare live: bench compare OLD NEW"));
    }
    Ok(Finding::ok(found))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn stolen_time_is_a_share_of_all() {
        let made = MadeUp::new(&[]);
        let count = |before: &str, after: &str| {
            made.write(STAT, before);
            let counting = begin(&made.machine);
            made.write(STAT, after);
            counting(&made.machine, Duration::from_secs(1))
        };
        let start = "cpu  100 0 50 800 10 0 0 40 7 0\ncpu0 1 2 3\n";
        let stolen = count(start, "cpu  150 0 60 830 10 0 0 50 9 0\n");
        assert!(
            matches!(stolen, Ok(Finding::Warn { value, .. }) if value.starts_with("10 % of processor time"))
        );
        let quiet = count(start, "cpu  150 0 60 840 10 0 0 40 9 0\n");
        assert_eq!(quiet, Ok(Finding::ok("0.0 % of processor time was stolen by the hypervisor")));
        assert_eq!(count(start, "cpu  101 0 50 800 10 0 0 41 9 0\n"), Err(too_short()));
        assert_eq!(
            count("cpu0 1 2 3\n", start).expect_err("no line").reason,
            "/proc/stat holds `cpu0 1 2 3`"
        );
    }
}
