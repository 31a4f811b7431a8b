//! A limit of processor time that the control group sets.

use super::finding::{Counting, Finding, Outcome};
use super::{affinity, container};
use bench_os::cgroup::{self, Group, Version};
use bench_os::{Machine, Unknown};

/// The tightest limit, and how often it has stopped the group so far.
#[derive(Clone, Debug, PartialEq)]
struct Quota {
    /// The limit of processor time, as a number of processors.
    processors: f64,
    /// Periods in which the group was stopped, since it was made.
    stops: u64,
}

/// Counts how often the quota was used up: a group that has used up its share of a period, usually 100 ms, is
/// stopped for the rest of it (kernel documentation, `admin-guide/cgroup-v2.rst`, `scheduler/sched-bwc.rst`).
pub(super) fn begin(machine: &Machine) -> Counting {
    let before = tightest(machine);
    // Read now, because a comparison moves itself from one processor to another.
    let allowed = affinity::allowed(machine).map(|allowed| allowed.len());
    Box::new(move |machine, _| judge(machine, before?, tightest(machine)?, allowed?))
}

fn tightest(machine: &Machine) -> Result<Option<Quota>, Unknown> {
    let Some(Group { version, folders }) = cgroup::own(machine, "cpu")? else { return Ok(None) };
    let mut tightest: Option<Quota> = None;
    let mut seen = false;
    for folder in folders {
        // The root of the hierarchy and groups without the controller have no such file.
        let file =
            format!("{folder}/{}", if version == Version::One { "cpu.cfs_quota_us" } else { "cpu.max" });
        if !machine.has(&file) {
            continue;
        }
        seen = true;
        let limit = match version {
            Version::One => {
                limit(&machine.text(&file)?, &machine.text(&format!("{folder}/cpu.cfs_period_us"))?)
            }
            Version::Two => {
                machine.text(&file)?.split_once(' ').and_then(|(quota, period)| limit(quota, period))
            }
        };
        let Some(processors) = limit else { continue };
        if tightest.as_ref().is_none_or(|known| processors < known.processors) {
            let statistics = machine.text(&format!("{folder}/cpu.stat")).unwrap_or_default();
            let stops = statistics.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.parse().ok());
            tightest = Some(Quota { processors, stops: stops.unwrap_or_default() });
        }
    }
    // In a container the group that limits it may lie outside of what is shown.
    if !seen && container::name(machine).is_some() {
        return Err(Unknown::new(
            "this container does not show it",
            "docker inspect --format '{{.HostConfig.NanoCpus}}' CONTAINER",
        ));
    }
    Ok(tightest)
}

/// Returns the limit as a number of processors; `None` for `max` and -1, which mean that there is no limit.
fn limit(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

fn judge(machine: &Machine, before: Option<Quota>, after: Option<Quota>, allowed: usize) -> Outcome {
    let Some(after) = after else { return Ok(Finding::ok("none")) };
    let stops = after.stops.saturating_sub(before.map_or(after.stops, |before| before.stops));
    let mut found = format!("{:.1} processors", after.processors);
    if stops > 0 {
        found += &format!(", used up in {stops} periods");
    }
    if stops == 0 && after.processors >= allowed as f64 {
        return Ok(Finding::ok(found));
    }
    let advice = if container::name(machine).is_some() {
        "give the container processors instead of a share: docker run --cpuset-cpus 0-3, or a static CPU manager policy"
    } else {
        "start the run outside of the limit: systemd-run --scope -p CPUQuota= cargo bench"
    };
    Ok(Finding::warn(found, advice))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use bench_os::testing::MadeUp;

    const GROUP: &str = "/sys/fs/cgroup/job";

    fn second(group: &str) -> MadeUp {
        MadeUp::new(&[
            ("/proc/self/cgroup", group),
            ("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("/proc/self/status", "Cpus_allowed_list:\t0-7\n"),
        ])
    }

    fn count(made: &MadeUp, meanwhile: impl Fn()) -> Outcome {
        let counting = begin(&made.machine);
        meanwhile();
        counting(&made.machine, Duration::from_secs(1))
    }

    #[test]
    fn a_quota_below_the_processors_at_hand_is_warned_of() {
        let made = second("0::/job\n");
        assert_eq!(count(&made, || {}), Ok(Finding::ok("none")));
        made.write(&format!("{GROUP}/cpu.max"), "max 100000\n");
        assert_eq!(count(&made, || {}), Ok(Finding::ok("none")));
        made.write(&format!("{GROUP}/cpu.max"), "800000 100000\n");
        assert_eq!(count(&made, || {}), Ok(Finding::ok("8.0 processors")));
        made.write(&format!("{GROUP}/cpu.max"), "250000 100000\n");
        assert!(matches!(count(&made, || {}), Ok(Finding::Warn { value, .. }) if value == "2.5 processors"));
    }

    #[test]
    fn the_tightest_group_counts_and_so_do_its_stops() {
        let made = second("0::/job/part\n");
        made.write(&format!("{GROUP}/part/cpu.max"), "900000 100000\n");
        made.write(&format!("{GROUP}/cpu.max"), "800000 100000\n");
        made.write(&format!("{GROUP}/cpu.stat"), "usage_usec 5\nnr_periods 9\nnr_throttled 3\n");
        let stopped = count(&made, || made.write(&format!("{GROUP}/cpu.stat"), "nr_throttled 15\n"));
        let wanted = "8.0 processors, used up in 12 periods";
        assert!(matches!(stopped, Ok(Finding::Warn { value, .. }) if value == wanted));
    }

    #[test]
    fn the_first_hierarchy_has_files_of_its_own() {
        let made = second("4:cpu:/job\n");
        let mount = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
        made.write("/proc/self/mountinfo", mount);
        made.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
        made.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
        assert_eq!(count(&made, || {}), Ok(Finding::ok("none")));
        made.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
        assert!(matches!(count(&made, || {}), Ok(Finding::Warn { value, .. }) if value == "1.5 processors"));
    }

    #[test]
    fn a_container_that_shows_no_group_leaves_it_unknown() {
        let made = second("0::/\n");
        made.write("/.dockerenv", "");
        assert_eq!(count(&made, || {}).expect_err("hidden").reason, "this container does not show it");
        made.write("/sys/fs/cgroup/cpu.max", "200000 100000");
        let Ok(Finding::Warn { advice, .. }) = count(&made, || {}) else { panic!("no warning") };
        assert!(advice.contains("--cpuset-cpus"), "{advice}");
    }
}
