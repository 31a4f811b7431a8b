//! The memory of the processes that this one has started.

use std::collections::HashMap;
use std::fs;

use bench_os as sys;

/// Returns the resident bytes of all descendants of this process; `None` if it has none. Shared pages count once for
/// each process.
///
/// Without children this is one system call; with some, the files of all processes are read.
pub(super) fn resident_bytes() -> Option<u64> {
    if !sys::has_children() {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        // A process may end before its file is read.
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        if let Some(parent) = parent(&stat) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut bytes = 0;
    let mut left = children.remove(&std::process::id()).unwrap_or_default();
    while let Some(process) = left.pop() {
        bytes += sys::resident_memory(process).unwrap_or_default();
        left.extend(children.remove(&process).unwrap_or_default());
    }
    Some(bytes)
}

/// Returns the parent's id: the fourth field of `/proc/<pid>/stat` (proc_pid_stat(5)). The second is a name in
/// parentheses, which may contain any character.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_fields() {
        assert_eq!(parent("7 (a) R 1 (b) S 42 7 7 0"), Some(42));
        assert_eq!(parent(""), None);
    }

    #[cfg(all(target_os = "linux", not(bench_portable)))]
    #[test]
    fn grandchildren_count() {
        // A shell that waits for another process.
        let mut shell = std::process::Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().expect("sh");
        let children = || {
            let all = fs::read_dir("/proc").expect("/proc").flatten();
            let stat =
                |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            all.map(stat).filter(|stat| parent(stat) == Some(shell.id())).collect::<Vec<_>>()
        };
        while !children().iter().any(|stat| stat.contains("(sleep)")) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let sleep: u32 = children()[0].split(' ').next().and_then(|pid| pid.parse().ok()).expect("a number");
        let own = |pid| sys::resident_memory(pid).expect("statm");
        let both = own(shell.id()) + own(sleep);
        assert!(resident_bytes().expect("children") >= both);
        shell.kill().expect("killed");
        shell.wait().expect("ended");
    }
}
