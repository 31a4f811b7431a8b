//! Processor time of the whole machine.

use crate::read_line;

/// Ticks of all processors since boot, from the first line of `/proc/stat` (proc(5)).
#[derive(Clone, Copy, Debug)]
pub struct CpuTicks {
    total: u64,
    steal: u64,
}

impl CpuTicks {
    /// Reads the ticks since the machine started; `None` if `/proc/stat` cannot be read.
    pub fn now() -> Option<Self> {
        CpuTicks::parse(&read_line("/proc/stat")?)
    }

    /// Parses the first line of `/proc/stat`; `None` if it is malformed.
    pub fn parse(line: &str) -> Option<Self> {
        let ticks: Vec<u64> =
            line.strip_prefix("cpu ")?.split_whitespace().map_while(|field| field.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; guest time is part of user already.
        Some(CpuTicks { total: ticks.iter().take(8).sum(), steal: *ticks.get(7)? })
    }

    /// Returns the ticks of all processors since `earlier`.
    pub fn ticks_since(self, earlier: CpuTicks) -> u64 {
        self.total.saturating_sub(earlier.total)
    }

    /// Returns the share of the time since `earlier` that was stolen; `None` if no tick has passed.
    pub fn steal_since(self, earlier: CpuTicks) -> Option<f64> {
        let total = self.total.checked_sub(earlier.total).filter(|total| *total > 0)?;
        Some(self.steal.saturating_sub(earlier.steal) as f64 / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_a_share_of_all_ticks() {
        let before = CpuTicks::parse("cpu  100 0 50 800 10 0 0 40 7 0").expect("a line of /proc/stat");
        let after = CpuTicks::parse("cpu  150 0 60 830 10 0 0 50 9 0").expect("a line of /proc/stat");
        assert_eq!(after.steal_since(before), Some(0.1));
        assert_eq!(before.steal_since(before), None);
        assert!(CpuTicks::parse("cpu0 1 2 3").is_none());
    }
}
