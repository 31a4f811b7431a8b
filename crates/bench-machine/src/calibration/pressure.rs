//! Pressure stall information: for how long something had to wait for a processor
//! (kernel documentation, `Documentation/accounting/psi.rst`).

use std::time::Duration;

/// Returns the time since boot in which at least one task waited for a processor; `None` if the kernel does not report
/// it.
pub(super) fn stalled() -> Option<Duration> {
    stalled_in(&bench_os::Machine::this().text("/proc/pressure/cpu").ok()?)
}

/// Returns that time from the text of `/proc/pressure/cpu`.
pub(crate) fn stalled_in(text: &str) -> Option<Duration> {
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let total = some.split_whitespace().find_map(|field| field.strip_prefix("total="))?;
    total.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_some_is_read() {
        let text = "some avg10=21.31 avg60=22.18 avg300=8.59 total=3003308318\n\
            full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
        assert_eq!(stalled_in(text), Some(Duration::from_micros(3_003_308_318)));
        assert_eq!(stalled_in("full avg10=0.00 total=7"), None);
        assert_eq!(stalled_in("some avg10=0.00"), None);
    }
}
