//! Reads `/proc` (proc(5)).
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Whether the memory of a worker can be read, and so limited.
pub const CAN_LIMIT_MEMORY: bool = true;

/// Whether this process has children, including ended ones that have not been waited for. Reaps none of them.
pub fn has_children() -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `siginfo_t` is plain data for which all zeroes are valid, and waitid only writes to it.
    unsafe {
        let mut told: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_ALL, 0, &mut told, options) == 0
    }
}

/// Bytes of a page of memory.
fn page_bytes() -> u64 {
    // SAFETY: sysconf reads a constant of the system and touches no memory of ours.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Returns `VmHWM` of this process, in bytes, from `/proc/self/status`.
///
/// # Errors
/// When the file cannot be read.
pub fn high_water_mark() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    high_water_mark_in(&text)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "/proc/self/status has no VmHWM"))
}

/// Returns `VmHWM` of another process, in bytes; `None` when it has exited.
pub fn high_water_mark_of(pid: u32) -> Option<u64> {
    high_water_mark_in(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn high_water_mark_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Resets `VmHWM` to the memory that is resident now, by writing `5` to `/proc/self/clear_refs`.
///
/// # Errors
/// When the file cannot be written.
pub fn reset_high_water_mark() -> io::Result<()> {
    std::fs::write("/proc/self/clear_refs", "5")
}

/// Returns the bytes that the C library's allocator has handed out, modulo 2³²: its own arenas and its mappings
/// (mallinfo(3)). `None` with other C libraries; 0 if the program allocates in another way.
pub fn allocated_bytes() -> Option<u32> {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: it takes nothing, and returns a plain struct.
        let info = unsafe { libc::mallinfo() };
        // The fields wrap; so does their difference, which is what is asked for.
        Some((info.uordblks as u32).wrapping_add(info.hblkhd as u32))
    }
    #[cfg(not(target_env = "gnu"))]
    None
}

/// Returns the resident memory of another process, in bytes, from `/proc/<pid>/statm`; `None` when it has exited.
pub fn resident_memory(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    resident_in(&text)
}

/// Returns the resident memory of this process, in bytes, read from `/proc/self/statm` through a descriptor that stays
/// open; `None` if `/proc` is not mounted.
pub fn own_resident_memory() -> Option<u64> {
    thread_local! {
        static STATM: RefCell<Option<File>> = const { RefCell::new(None) };
    }
    STATM.with_borrow_mut(|file| {
        if file.is_none() {
            *file = File::open("/proc/self/statm").ok();
        }
        let mut text = [0; 128];
        let length = file.as_ref()?.read_at(&mut text, 0).ok()?;
        resident_in(std::str::from_utf8(&text[..length]).ok()?)
    })
}

/// The second field of a `statm`, which counts pages.
fn resident_in(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * page_bytes())
}

/// Returns the number of threads of another process; `None` when it has exited.
pub fn threads(pid: u32) -> Option<usize> {
    std::fs::read_dir(format!("/proc/{pid}/task")).ok().map(Iterator::count)
}

/// Returns the processor time of each thread of another process so far, in nanoseconds, by thread id; `None` when it
/// has exited, or if the kernel does not report it (`CONFIG_SCHED_INFO`).
pub fn thread_times(pid: u32) -> Option<std::collections::BTreeMap<u32, u64>> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let times: std::collections::BTreeMap<u32, u64> = threads
        .filter_map(|thread| {
            let id = thread.file_name().to_str()?.parse().ok()?;
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            Some((id, text.split_whitespace().next()?.parse().ok()?))
        })
        .collect();
    (!times.is_empty()).then_some(times)
}

/// Returns another process and all living processes that it and its descendants have started, as far as
/// `/proc/<pid>/task/<tid>/children` lists them.
pub fn process_tree(pid: u32) -> Vec<u32> {
    let mut tree = vec![pid];
    let mut next = 0;
    while let Some(pid) = tree.get(next) {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let children: Vec<u32> = tasks
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|text| text.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
            .filter(|child| !tree.contains(child))
            .collect();
        tree.extend(children);
        next += 1;
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_this_process_is_known() {
        let readings = || {
            // In this order: reading takes memory itself.
            let now = resident_memory(std::process::id()).expect("statm");
            (now, high_water_mark().expect("VmHWM"))
        };
        // In between, other tests of this process free memory, and reset the peak.
        let found: Vec<(u64, u64)> = (0..100).map(|_| readings()).collect();
        assert!(found.iter().any(|(now, peak)| peak >= now && *now > 100 * 1024), "{found:?}");
    }

    #[test]
    fn what_a_process_has_started_belongs_to_its_tree() {
        let mut shell = std::process::Command::new("sh")
            .args(["-c", "sleep 60 & echo $!; wait"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("sh");
        let mut line = String::new();
        let stdout = shell.stdout.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
        let sleeps: u32 = line.trim().parse().expect("an id");
        assert_eq!(process_tree(shell.id()), [shell.id(), sleeps]);
        assert!(process_tree(std::process::id()).contains(&sleeps));
        for id in [sleeps, shell.id()] {
            assert!(std::process::Command::new("kill").arg(id.to_string()).status().expect("kill").success());
        }
        shell.wait().expect("ended");
    }

    #[test]
    fn children_are_known_without_waiting_for_them() {
        // Other tests of this program start processes, too, so `false` cannot be tested here.
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        assert!(has_children());
        child.kill().expect("killed");
        // A child that has ended can still be waited for.
        assert!(has_children() && child.wait().is_ok());
    }
}
