//! The policies by which the kernel sets clocks: one for each group of processors that share one
//! (kernel documentation, `admin-guide/pm/cpufreq.rst`).

use super::virtual_machine;
use bench_os::{Machine, Unknown};

/// The folder of all policies.
pub(super) const FOLDER: &str = "/sys/devices/system/cpu/cpufreq";

/// Returns the folders of the policies: at least one.
pub(super) fn policies(machine: &Machine) -> Result<Vec<String>, Unknown> {
    let missing = || {
        Unknown::new(
            "no cpufreq driver is loaded",
            "let the operating system set the clock (firmware setup), or `sudo modprobe acpi-cpufreq`",
        )
    };
    let names = if machine.has(FOLDER) { machine.names(FOLDER)? } else { Vec::new() };
    let policies: Vec<String> = names
        .into_iter()
        .filter(|name| name.starts_with("policy"))
        .map(|name| format!("{FOLDER}/{name}"))
        .collect();
    if !policies.is_empty() {
        return Ok(policies);
    }
    // If /sys is missing, that is the reason.
    machine.names("/sys/devices/system/cpu")?;
    Err(virtual_machine::hidden_or(machine, missing()))
}

/// Returns the lowest and highest frequency that a policy may choose now, in kHz.
pub(super) fn range_khz(machine: &Machine, policy: &str) -> Result<(u64, u64), Unknown> {
    Ok((
        machine.number(&format!("{policy}/scaling_min_freq"))?,
        machine.number(&format!("{policy}/scaling_max_freq"))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn without_policies_the_reason_is_that_of_the_machine() {
        let made =
            MadeUp::new(&[("/sys/devices/system/cpu/online", "0"), ("/proc/cpuinfo", "flags : fpu\n")]);
        let reason = |made: &MadeUp| policies(&made.machine).expect_err("no policy").reason;
        assert_eq!(reason(&made), "no cpufreq driver is loaded");
        made.write("/proc/cpuinfo", "flags : hypervisor\n");
        assert_eq!(reason(&made), "the hypervisor decides, and does not show it");
        made.remove("/proc/cpuinfo");
        let unknown = policies(&made.machine).expect_err("no policy");
        assert_eq!(unknown.reason, "no cpufreq driver is loaded");
        assert!(!unknown.advice.contains("modprobe"), "it may be virtual: {unknown:?}");
        made.remove("/sys/devices");
        assert_eq!(reason(&made), "/sys is not mounted");
    }
}
