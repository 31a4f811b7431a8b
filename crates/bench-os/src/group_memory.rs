//! The memory that the control group uses, and its limit.

use crate::Machine;
use crate::cgroup::{self, Group, Version};

/// Limits from this one on mean "no limit": no machine has as much memory, and version 1 writes a huge number.
const UNLIMITED: u64 = 1 << 60;

/// The memory of a control group, including pages of files that its processes have read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupMemory {
    /// Bytes in use.
    pub used: u64,
    /// Bytes that it may use; `None` if they are not limited.
    pub limit: Option<u64>,
    /// Bytes among those in use that the kernel gives back when they are needed: pages of files that have not been read
    /// for a while.
    pub reclaimable: u64,
}

impl GroupMemory {
    /// Reads the group around this process that has the least memory left; its own group, if none is limited. `None`
    /// if the use of no group can be read.
    pub fn own() -> Option<Self> {
        GroupMemory::of(&Machine::this())
    }

    /// Same as [`own`](Self::own), for the process whose files `machine` has.
    pub fn of(machine: &Machine) -> Option<Self> {
        let Group { version, folders } = cgroup::own(machine, "memory").ok()??;
        let (used, limit, files) = match version {
            Version::One => ("memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"),
            Version::Two => ("memory.current", "memory.max", "inactive_file"),
        };
        // The root group of version 2 has no such files, and `max` is not a number.
        let groups: Vec<GroupMemory> = folders
            .iter()
            .filter_map(|folder| {
                let used = machine.number(&format!("{folder}/{used}")).ok()?;
                let limit = machine.number(&format!("{folder}/{limit}")).ok();
                let counts = machine.text(&format!("{folder}/memory.stat")).unwrap_or_default();
                let count = |line: &str| line.strip_prefix(files)?.strip_prefix(' ')?.parse().ok();
                Some(GroupMemory {
                    used,
                    limit: limit.filter(|limit| *limit < UNLIMITED),
                    reclaimable: counts.lines().find_map(count).unwrap_or(0),
                })
            })
            .collect();
        let limited =
            groups.iter().filter_map(|group| Some((group.limit?.saturating_sub(group.used), group)));
        limited.min_by_key(|(left, _)| *left).map(|(_, group)| group).or(groups.first()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    fn group(files: &[(&str, &str)]) -> Option<GroupMemory> {
        GroupMemory::of(&MadeUp::new(files).machine)
    }

    fn memory(used: u64, limit: Option<u64>) -> GroupMemory {
        GroupMemory { used, limit, reclaimable: 0 }
    }

    #[test]
    fn pages_of_files_that_can_be_had_back_are_told_apart() {
        for (cgroup, mount, names) in [
            ("0::/\n", "cgroup2 cgroup2 rw", ["memory.current", "memory.max", "inactive_file"]),
            (
                "4:memory:/\n",
                "cgroup cgroup rw,memory",
                ["memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"],
            ),
        ] {
            let [used, limit, files] = names;
            let found = group(&[
                ("/proc/self/cgroup", cgroup),
                ("/proc/self/mountinfo", &format!("30 23 0:26 / /sys/fs/cgroup rw - {mount}\n")),
                (&format!("/sys/fs/cgroup/{used}"), "1000\n"),
                (&format!("/sys/fs/cgroup/{limit}"), "1500\n"),
                ("/sys/fs/cgroup/memory.stat", &format!("{files}_more 1\n{files} 400\n")),
            ]);
            assert_eq!(found, Some(GroupMemory { used: 1000, limit: Some(1500), reclaimable: 400 }));
        }
    }

    #[test]
    fn the_second_hierarchy_tells_of_the_group_with_the_least_left() {
        let mut files = vec![
            ("/proc/self/cgroup", "0::/slice/job\n"),
            ("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("/sys/fs/cgroup/slice/job/memory.current", "1000\n"),
            ("/sys/fs/cgroup/slice/job/memory.max", "max\n"),
            ("/sys/fs/cgroup/slice/memory.current", "5000\n"),
            ("/sys/fs/cgroup/slice/memory.max", "max\n"),
        ];
        assert_eq!(group(&files), Some(memory(1000, None)));
        files[5].1 = "6000\n";
        assert_eq!(group(&files), Some(memory(5000, Some(6000))));
        files[3].1 = "1500\n";
        assert_eq!(group(&files), Some(memory(1000, Some(1500))));
    }

    #[test]
    fn the_first_hierarchy_has_files_of_its_own_and_a_number_for_no_limit() {
        let mut files = vec![
            ("/proc/self/cgroup", "5:cpu:/other\n4:memory:/job\n0::/\n"),
            ("/proc/self/mountinfo", "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"),
            ("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1000\n"),
            ("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n"),
        ];
        assert_eq!(group(&files), Some(memory(1000, None)));
        files[3].1 = "4096\n";
        assert_eq!(group(&files), Some(memory(1000, Some(4096))));
    }

    #[test]
    fn without_a_group_there_is_nothing_to_tell() {
        assert_eq!(group(&[]), None);
        let two = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(group(&[("/proc/self/cgroup", "0::/\n"), ("/proc/self/mountinfo", two)]), None);
    }
}
