//! Checks the source of power.

use super::finding::{Finding, Outcome};
use bench_os::{Machine, Unknown};

/// The folder of all supplies (kernel documentation, `ABI/testing/sysfs-class-power`).
const FOLDER: &str = "/sys/class/power_supply";

/// Checks whether the machine runs on battery: firmware and power managers then lower clocks as they like.
pub(super) fn look(machine: &Machine) -> Outcome {
    let field =
        |supply: &str, name: &str| machine.text(&format!("{FOLDER}/{supply}/{name}")).unwrap_or_default();
    let (mut plugged, mut batteries) = (false, Vec::new());
    for supply in machine.names(FOLDER)? {
        match field(&supply, "type").as_str() {
            // Batteries of mice and headsets do not power the machine.
            "Battery" if field(&supply, "scope") != "Device" => batteries.push(field(&supply, "status")),
            "Mains" | "USB" | "Wireless" => plugged |= field(&supply, "online") == "1",
            _ => {}
        }
    }
    let status = |wanted: &str| batteries.iter().any(|status| status == wanted);
    if batteries.is_empty() {
        Ok(Finding::ok("none"))
    } else if status("Discharging") && !plugged {
        Ok(Finding::warn("in use", "plug the charger in"))
    } else if plugged || status("Charging") || status("Full") || status("Not charging") {
        Ok(Finding::ok("not in use"))
    } else {
        let reason = "the battery does not report whether it is in use";
        Err(Unknown::new(reason, format!("cat {FOLDER}/*/status")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    fn supply(made: &MadeUp, name: &str, fields: &[(&str, &str)]) {
        fields.iter().for_each(|(field, value)| made.write(&format!("{FOLDER}/{name}/{field}"), value));
    }

    #[test]
    fn only_a_battery_that_powers_the_machine_counts() {
        let made = MadeUp::new(&[]);
        assert!(look(&made.machine).is_err(), "no folder");
        supply(&made, "mouse", &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging")]);
        assert_eq!(look(&made.machine), Ok(Finding::ok("none")));
        supply(&made, "BAT0", &[("type", "Battery\n"), ("status", "Discharging\n")]);
        assert_eq!(look(&made.machine), Ok(Finding::warn("in use", "plug the charger in")));
        supply(&made, "AC", &[("type", "Mains\n"), ("online", "0\n")]);
        assert!(matches!(look(&made.machine), Ok(Finding::Warn { .. })));
        supply(&made, "AC", &[("online", "1\n")]);
        assert_eq!(look(&made.machine), Ok(Finding::ok("not in use")));
    }

    #[test]
    fn a_battery_that_says_nothing_is_unknown() {
        let made = MadeUp::new(&[]);
        supply(&made, "BAT0", &[("type", "Battery"), ("status", "Unknown")]);
        assert!(look(&made.machine).is_err());
        supply(&made, "BAT0", &[("status", "Not charging")]);
        assert_eq!(look(&made.machine), Ok(Finding::ok("not in use")));
    }
}
