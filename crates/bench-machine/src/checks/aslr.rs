//! Randomization of the address space.

use super::container;
use super::finding::{Finding, Outcome};
use bench_os::{Machine, Unknown};

/// `ADDR_NO_RANDOMIZE` of personality(2), as `setarch --addr-no-randomize` and debuggers set it; inherited
/// by the workers.
const NO_RANDOMIZE: u64 = 0x0004_0000;

/// Checks address randomization. The place of data in memory moves times by several percent. Each round is a separate
/// process, so with randomization the rounds sample the layouts and the interval contains their effect; without it,
/// every round has the same layout, and a change of the code is compared with whatever that layout happens to cost
/// (Mytkowicz et al., ASPLOS 2009). Harnesses that measure a single process advise the opposite.
pub(super) fn look(machine: &Machine) -> Outcome {
    const SETTING: &str = "/proc/sys/kernel/randomize_va_space";
    let setting = machine.text(SETTING)?;
    // Absent from kernels without it; may not be read in some containers.
    let personality = machine.text("/proc/self/personality").ok();
    let personality = personality.and_then(|flags| u64::from_str_radix(&flags, 16).ok()).unwrap_or_default();
    let advice = || container::write(machine, "2", SETTING);
    match setting.as_str() {
        "2" if personality & NO_RANDOMIZE != 0 => Ok(Finding::warn(
            "off for this process: all rounds have one memory layout",
            "start it without `setarch --addr-no-randomize` or a debugger",
        )),
        "2" => Ok(Finding::ok("on")),
        "1" => Ok(Finding::warn("on, but not for the heap", advice())),
        "0" => Ok(Finding::warn("off: all rounds have one memory layout", advice())),
        strange => Err(Unknown::strange(SETTING, strange)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn layouts_should_be_sampled() {
        let setting = "/proc/sys/kernel/randomize_va_space";
        let made = MadeUp::new(&[(setting, "2\n")]);
        assert_eq!(look(&made.machine), Ok(Finding::ok("on")));
        made.write("/proc/self/personality", "00000000\n");
        assert_eq!(look(&made.machine), Ok(Finding::ok("on")));
        made.write("/proc/self/personality", "00040000\n");
        assert!(
            matches!(look(&made.machine), Ok(Finding::Warn { advice, .. }) if advice.contains("setarch"))
        );
        for value in ["0", "1"] {
            made.write(setting, value);
            let Ok(Finding::Warn { advice, .. }) = look(&made.machine) else {
                panic!("no warning for {value}")
            };
            assert_eq!(advice, "echo 2 | sudo tee /proc/sys/kernel/randomize_va_space");
        }
        made.write(setting, "3");
        assert!(look(&made.machine).is_err());
    }
}
