//! The processors that a run may use.

use std::collections::BTreeSet;

use super::finding::{Finding, Outcome};
use super::processors;
use bench_os::{Machine, Unknown};

/// Checks the processors that a run may use. With only one, the worker shares it with the runner and with its own
/// threads. On processors that are isolated from the scheduler (`isolcpus=`), the threads of a process are not spread:
/// all stay on the first one.
pub(super) fn look(machine: &Machine) -> Outcome {
    const ONLINE: &str = "/sys/devices/system/cpu/online";
    let allowed = allowed(machine)?;
    let online = machine.text(ONLINE)?;
    let online = processors::parse(&online).ok_or_else(|| Unknown::strange(ONLINE, &online))?;
    let isolated = machine.text("/sys/devices/system/cpu/isolated").ok();
    let isolated = isolated.and_then(|list| processors::parse(&list)).unwrap_or_default();
    let found = match online.len() {
        1 => "the only processor".to_owned(),
        all if allowed.len() < all => format!("{} of {all} processors", allowed.len()),
        all => format!("all {all} processors"),
    };
    if allowed.len() < 2 && online.len() > 1 {
        // The first one has most of the interrupts.
        let two: Vec<String> = online.iter().skip(online.len() - 2).map(u32::to_string).collect();
        let two = two.join(",");
        return Ok(Finding::warn(found, format!("taskset --cpu-list {two} cargo bench")));
    }
    if allowed.len() > 1 && allowed.is_subset(&isolated) {
        return Ok(Finding::warn(
            format!("{found}, isolated: threads are not spread over them"),
            "reserve them with a cpuset instead of `isolcpus=` on the kernel's command line",
        ));
    }
    Ok(Finding::ok(found))
}

/// Returns the processors that this process may use.
pub(super) fn allowed(machine: &Machine) -> Result<BTreeSet<u32>, Unknown> {
    const STATUS: &str = "/proc/self/status";
    let status = machine.text(STATUS)?;
    let list =
        status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default().trim();
    let allowed = processors::parse(list).filter(|allowed| !allowed.is_empty());
    allowed
        .ok_or_else(|| Unknown::new(format!("{STATUS} has no list of processors"), format!("cat {STATUS}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    fn machine(allowed: &str, online: &str) -> MadeUp {
        MadeUp::new(&[
            (
                "/proc/self/status",
                &format!("Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t{allowed}\nMems: 1\n"),
            ),
            ("/sys/devices/system/cpu/online", online),
        ])
    }

    #[test]
    fn one_processor_of_several_is_too_few() {
        assert_eq!(look(&machine("0-7", "0-7").machine), Ok(Finding::ok("all 8 processors")));
        assert_eq!(look(&machine("2-3", "0-7").machine), Ok(Finding::ok("2 of 8 processors")));
        let advice = "taskset --cpu-list 6,7 cargo bench";
        assert_eq!(look(&machine("3", "0-7").machine), Ok(Finding::warn("1 of 8 processors", advice)));
        assert_eq!(look(&machine("0", "0").machine), Ok(Finding::ok("the only processor")));
    }

    #[test]
    fn isolated_processors_do_not_share_threads() {
        let made = machine("2-3", "0-7");
        made.write("/sys/devices/system/cpu/isolated", "2-3,5\n");
        assert!(matches!(look(&made.machine), Ok(Finding::Warn { .. })));
        made.write("/sys/devices/system/cpu/isolated", "3\n");
        assert_eq!(look(&made.machine), Ok(Finding::ok("2 of 8 processors")));
    }

    #[test]
    fn without_a_list_nobody_knows() {
        let made = MadeUp::new(&[("/proc/self/status", "Name:\tx\n")]);
        assert!(look(&made.machine).is_err());
    }
}
