//! The frequency governor, which chooses the clock.

use std::collections::BTreeSet;

use super::finding::{Finding, Outcome};
use super::{container, cpufreq};
use bench_os::Machine;

/// Checks the governor. Any other than `performance` lowers the clock when a processor is idle, and takes milliseconds
/// to raise it again, unless there is only one clock to choose.
pub(super) fn look(machine: &Machine) -> Outcome {
    let policies = cpufreq::policies(machine)?;
    let mut governors = BTreeSet::new();
    let (mut pinned, mut offered) = (true, true);
    for policy in &policies {
        governors.insert(machine.text(&format!("{policy}/scaling_governor"))?);
        pinned &= cpufreq::range_khz(machine, policy).is_ok_and(|(low, high)| low == high);
        offered &= machine
            .text(&format!("{policy}/scaling_available_governors"))
            .is_ok_and(|names| names.split_whitespace().any(|name| name == "performance"));
    }
    let found = governors.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    if found == "performance" {
        return Ok(Finding::ok(found));
    }
    if pinned {
        return Ok(Finding::ok(format!("{found}, with a single frequency to choose")));
    }
    let path = format!("{}/policy*/scaling_governor", cpufreq::FOLDER);
    let advice = if offered {
        container::write(machine, "performance", &path)
    } else {
        "this kernel offers no governor `performance`: sudo modprobe cpufreq_performance".to_owned()
    };
    Ok(Finding::warn(found, advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    const POLICY: &str = "/sys/devices/system/cpu/cpufreq/policy";

    fn machine(governors: &[&str]) -> MadeUp {
        let made = MadeUp::new(&[]);
        for (number, governor) in governors.iter().enumerate() {
            made.write(&format!("{POLICY}{number}/scaling_governor"), &format!("{governor}\n"));
            made.write(&format!("{POLICY}{number}/scaling_available_governors"), "powersave performance\n");
        }
        made
    }

    #[test]
    fn all_processors_must_be_governed_for_performance() {
        assert_eq!(look(&machine(&["performance"; 2]).machine), Ok(Finding::ok("performance")));
        let one_is_not = look(&machine(&["performance", "powersave"]).machine);
        let command = "echo performance | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor";
        assert_eq!(one_is_not, Ok(Finding::warn("performance, powersave", command)));
    }

    #[test]
    fn a_single_frequency_needs_no_governor() {
        let made = machine(&["schedutil"]);
        made.write(&format!("{POLICY}0/scaling_min_freq"), "2000000");
        made.write(&format!("{POLICY}0/scaling_max_freq"), "2000000");
        assert_eq!(look(&made.machine), Ok(Finding::ok("schedutil, with a single frequency to choose")));
        made.write(&format!("{POLICY}0/scaling_max_freq"), "3000000");
        assert!(matches!(look(&made.machine), Ok(Finding::Warn { .. })));
    }

    #[test]
    fn no_governor_is_advised_that_the_kernel_does_not_offer() {
        let made = machine(&["ondemand"]);
        made.write(&format!("{POLICY}0/scaling_available_governors"), "ondemand powersave");
        let Ok(Finding::Warn { advice, .. }) = look(&made.machine) else { panic!("no warning") };
        assert!(advice.contains("modprobe cpufreq_performance"), "{advice}");
    }
}
