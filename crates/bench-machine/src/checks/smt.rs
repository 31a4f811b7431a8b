//! Simultaneous multithreading: two logical processors that share one core.

use super::finding::{Finding, Outcome};
use super::{container, virtual_machine};
use bench_os::{Machine, Unknown};

/// Checks multithreading: a task on the other thread of a core takes a share of the core that no other counter shows.
pub(super) fn look(machine: &Machine) -> Outcome {
    const ACTIVE: &str = "/sys/devices/system/cpu/smt/active";
    match machine.text(ACTIVE)?.as_str() {
        "1" => {
            Ok(Finding::warn("on", container::write(machine, "off", "/sys/devices/system/cpu/smt/control")))
        }
        // What looks like a core from within may be half of one.
        "0" if virtual_machine::is_virtual(machine)? => Err(virtual_machine::hidden()),
        "0" => Ok(Finding::ok("off")),
        strange => Err(Unknown::strange(ACTIVE, strange)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn threads_that_share_a_core_are_warned_of() {
        let made =
            MadeUp::new(&[("/sys/devices/system/cpu/smt/active", "1\n"), ("/proc/cpuinfo", "flags: fpu")]);
        let command = "echo off | sudo tee /sys/devices/system/cpu/smt/control";
        assert_eq!(look(&made.machine), Ok(Finding::warn("on", command)));
        made.write("/sys/devices/system/cpu/smt/active", "0\n");
        assert_eq!(look(&made.machine), Ok(Finding::ok("off")));
        made.remove("/proc/cpuinfo");
        assert!(look(&made.machine).is_err(), "it may be virtual");
        made.write("/sys/devices/system/cpu/smt/active", "maybe");
        assert!(look(&made.machine).is_err());
    }

    #[test]
    fn a_virtual_machine_does_not_know_what_its_cores_are() {
        let made = MadeUp::new(&[
            ("/sys/devices/system/cpu/smt/active", "0"),
            ("/proc/cpuinfo", "flags: hypervisor"),
        ]);
        assert_eq!(
            look(&made.machine).expect_err("unknown").reason,
            "the hypervisor decides, and does not show it"
        );
        made.write("/sys/devices/system/cpu/smt/active", "1");
        assert!(matches!(look(&made.machine), Ok(Finding::Warn { .. })));
    }
}
