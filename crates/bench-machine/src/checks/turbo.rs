//! Turbo: a clock above the nominal one, for as long as heat and neighbours allow.

use super::finding::{Finding, Outcome};
use super::{container, cpufreq, virtual_machine};
use bench_os::{Machine, Unknown};

/// The drivers' switches: the path, the content when turbo is on, and the command that turns it off.
const SWITCHES: [(&str, &str, &str); 2] = [
    // `intel_pstate` in its active and passive modes (`admin-guide/pm/intel_pstate.rst`).
    ("/sys/devices/system/cpu/intel_pstate/no_turbo", "0", "1"),
    // acpi-cpufreq, amd-pstate (`admin-guide/pm/cpufreq.rst`).
    ("/sys/devices/system/cpu/cpufreq/boost", "1", "0"),
];

/// Checks turbo, with which the clock depends on the work and the heat of other cores.
pub(super) fn look(machine: &Machine) -> Outcome {
    for (path, on, off) in SWITCHES {
        // `no_turbo` cannot be read while its driver is there but switched off.
        if let Ok(found) = machine.text(path) {
            return judge(machine, path, &found, on, off);
        }
    }
    // Some drivers only have a switch for each policy.
    let switch = |policy: String| machine.text(&format!("{policy}/boost")).ok();
    let found: Vec<String> = cpufreq::policies(machine)?.into_iter().filter_map(switch).collect();
    if let Some(found) = found.iter().find(|found| *found != "0").or(found.first()) {
        return judge(machine, &format!("{}/policy*/boost", cpufreq::FOLDER), found, "1", "0");
    }
    Err(virtual_machine::hidden_or(
        machine,
        Unknown::new("this frequency driver has no switch for it", "switch it off in the firmware setup"),
    ))
}

fn judge(machine: &Machine, path: &str, found: &str, on: &str, off: &str) -> Outcome {
    match found {
        found if found == off => Ok(Finding::ok("off")),
        found if found == on => Ok(Finding::warn("on", container::write(machine, off, path))),
        strange => Err(Unknown::strange(path, strange)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    const INTEL: &str = "/sys/devices/system/cpu/intel_pstate/no_turbo";
    const GENERIC: &str = "/sys/devices/system/cpu/cpufreq/boost";
    const POLICY: &str = "/sys/devices/system/cpu/cpufreq/policy0/boost";

    #[test]
    fn each_driver_has_a_switch_of_its_own() {
        for (path, on, off) in [(INTEL, "0", "1"), (GENERIC, "1", "0"), (POLICY, "1", "0")] {
            let made = MadeUp::new(&[(path, on)]);
            let switch = path.replace("policy0", "policy*");
            let command = format!("echo {off} | sudo tee {switch}");
            assert_eq!(look(&made.machine), Ok(Finding::warn("on", command)), "{path}");
            made.write(path, &format!("{off}\n"));
            assert_eq!(look(&made.machine), Ok(Finding::ok("off")), "{path}");
        }
    }

    #[test]
    fn one_policy_with_turbo_is_enough_to_warn() {
        let made = MadeUp::new(&[(POLICY, "0"), (&POLICY.replace('0', "1"), "1")]);
        assert!(matches!(look(&made.machine), Ok(Finding::Warn { .. })));
    }

    #[test]
    fn a_switch_that_is_none_is_unknown() {
        let made = MadeUp::new(&[(INTEL, "perhaps")]);
        assert_eq!(look(&made.machine).expect_err("no switch").reason, format!("{INTEL} holds `perhaps`"));
        let made = MadeUp::new(&[("/sys/devices/system/cpu/cpufreq/policy0/scaling_driver", "acpi-cpufreq")]);
        let reason = look(&made.machine).expect_err("no switch").reason;
        assert_eq!(reason, "this frequency driver has no switch for it");
    }
}
