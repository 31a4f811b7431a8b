//! The memory that is still available to this process.

use crate::{GroupMemory, Machine};

/// Returns the bytes that can be used without swapping and within the limit of the control group, if it has one: the
/// amount that the kernel calls available (`MemAvailable`), or the rest of the limit plus the pages of files that the
/// kernel would give back, whichever is less. `None` if the system reports neither.
pub fn available_memory_bytes() -> Option<u64> {
    of(&Machine::this())
}

fn of(machine: &Machine) -> Option<u64> {
    let whole = machine.text("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    });
    let group = GroupMemory::of(machine).and_then(|GroupMemory { used, limit, reclaimable }| {
        Some(limit?.saturating_sub(used.saturating_sub(reclaimable)))
    });
    whole.into_iter().chain(group).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    #[test]
    fn the_machine_or_the_group_sets_the_limit() {
        let mut files = vec![
            ("/proc/meminfo", "MemTotal: 9 kB\nMemAvailable:      4 kB\n"),
            ("/proc/self/cgroup", "0::/\n"),
            ("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("/sys/fs/cgroup/memory.current", "3000\n"),
            ("/sys/fs/cgroup/memory.max", "5000\n"),
            ("/sys/fs/cgroup/memory.stat", "inactive_file 500\n"),
        ];
        let available = |files: &[(&str, &str)]| of(&MadeUp::new(files).machine);
        assert_eq!(available(&files), Some(2500));
        files[4].1 = "max\n";
        assert_eq!(available(&files), Some(4096));
        assert_eq!(available(&files[..1]), Some(4096));
        assert_eq!(available(&[]), None);
    }

    #[test]
    fn this_machine_has_some() {
        assert!(available_memory_bytes().is_some_and(|bytes| bytes > 1 << 20) || crate::IS_PORTABLE);
    }
}
