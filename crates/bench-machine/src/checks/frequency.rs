//! Limits of the clock below what the processor can do.

use super::finding::{Finding, Outcome};
use super::{container, cpufreq};
use bench_os::Machine;

/// Checks whether a limit keeps the clock below what the processor can do. Power managers, firmware and thermal daemons
/// set such limits, and change them at any time. A limit that leaves a single frequency was set on purpose, for steady
/// figures.
pub(super) fn look(machine: &Machine) -> Outcome {
    let mut limited: Option<(u64, u64)> = None;
    let mut fixed = Vec::new();
    let mut most = 0;
    for policy in cpufreq::policies(machine)? {
        let (low, high) = cpufreq::range_khz(machine, &policy)?;
        let able: u64 = machine.number(&format!("{policy}/cpuinfo_max_freq"))?;
        if low == high {
            fixed.push(high);
        } else if high < able && limited.is_none_or(|(known, of)| high * of < known * able) {
            limited = Some((high, able));
        }
        most = most.max(able);
    }
    if let Some((high, able)) = limited {
        let path = format!("{}/policy*/scaling_max_freq", cpufreq::FOLDER);
        // The kernel reduces it to what each policy can do.
        let advice = container::write(machine, &most.to_string(), &path);
        return Ok(Finding::warn(format!("{} of {}", gigahertz(high), gigahertz(able)), advice));
    }
    // Written by the hardware-managed modes of `intel_pstate`, in addition to the limits of the policies.
    let path = "/sys/devices/system/cpu/intel_pstate/max_perf_pct";
    if machine.has(path) {
        let percent: u64 = machine.number(path)?;
        if percent < 100 && fixed.is_empty() {
            return Ok(Finding::warn(
                format!("{percent} % of the highest"),
                container::write(machine, "100", path),
            ));
        }
    }
    Ok(Finding::ok(match fixed.iter().max() {
        Some(khz) => format!("fixed at {}", gigahertz(*khz)),
        None => format!("none below {}", gigahertz(most)),
    }))
}

fn gigahertz(khz: u64) -> String {
    format!("{:.2} GHz", khz as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    const FILES: [&str; 3] = ["scaling_min_freq", "scaling_max_freq", "cpuinfo_max_freq"];

    fn machine(policies: &[[u64; 3]]) -> MadeUp {
        let made = MadeUp::new(&[]);
        for (number, policy) in policies.iter().enumerate() {
            for (file, khz) in FILES.iter().zip(policy) {
                made.write(&format!("{}/policy{number}/{file}", cpufreq::FOLDER), &format!("{khz}\n"));
            }
        }
        made
    }

    #[test]
    fn the_tightest_limit_is_named_and_lifted_to_the_highest_frequency() {
        // Cores of two kinds: 3.0 of 4.0 GHz is tighter than 4.9 of 5.0.
        let made = machine(&[[800_000, 4_900_000, 5_000_000], [800_000, 3_000_000, 4_000_000]]);
        let command = "echo 5000000 | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_max_freq";
        assert_eq!(look(&made.machine), Ok(Finding::warn("3.00 GHz of 4.00 GHz", command)));
    }

    #[test]
    fn no_limit_and_a_single_frequency_are_well() {
        let free = machine(&[[800_000, 5_000_000, 5_000_000]]);
        assert_eq!(look(&free.machine), Ok(Finding::ok("none below 5.00 GHz")));
        let fixed = machine(&[[2_000_000, 2_000_000, 5_000_000]]);
        assert_eq!(look(&fixed.machine), Ok(Finding::ok("fixed at 2.00 GHz")));
    }

    #[test]
    fn a_limit_of_the_driver_counts_too() {
        let made = machine(&[[800_000, 5_000_000, 5_000_000]]);
        let path = "/sys/devices/system/cpu/intel_pstate/max_perf_pct";
        made.write(path, "100");
        assert!(matches!(look(&made.machine), Ok(Finding::Ok(_))));
        made.write(path, "60");
        let command = format!("echo 100 | sudo tee {path}");
        assert_eq!(look(&made.machine), Ok(Finding::warn("60 % of the highest", command)));
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let made = machine(&[[800_000, 5_000_000, 5_000_000]]);
        made.remove(&format!("{}/policy0/cpuinfo_max_freq", cpufreq::FOLDER));
        let unknown = look(&made.machine).expect_err("no file");
        assert!(unknown.reason.ends_with("policy0/cpuinfo_max_freq"), "{unknown:?}");
    }
}
