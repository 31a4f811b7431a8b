//! Counters that the kernel keeps for a thread: perf_event_open(2).
#![allow(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::FromRawFd;

/// The counted event: its type and its number, from `linux/perf_event.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    kind: u32,
    number: u64,
}

impl Event {
    pub(crate) const CYCLES: Event = Event { kind: 0, number: 0 };
    pub(crate) const INSTRUCTIONS: Event = Event { kind: 0, number: 1 };
    pub(crate) const CACHE_MISSES: Event = Event { kind: 0, number: 3 };
    pub(crate) const BRANCH_MISSES: Event = Event { kind: 0, number: 5 };
}

/// The first version of `perf_event_attr`, which every kernel knows.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint_address: u64,
}

/// `inherit`: threads and processes that are started later count as well.
const INHERIT: u64 = 1 << 1;
/// `exclude_kernel` and `exclude_hv`: only the program is counted, which needs no privilege.
const PROGRAM_ALONE: u64 = 1 << 5 | 1 << 6;
/// `PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING`.
const WITH_TIMES: u64 = 1 << 0 | 1 << 1;
/// `PERF_FLAG_FD_CLOEXEC`.
const CLOSE_ON_EXEC: libc::c_ulong = 1 << 3;

/// A counter of one thread and of those that it starts.
#[derive(Debug)]
pub(crate) struct Counter(File);

impl Counter {
    /// Opens a counter that counts from now on.
    ///
    /// # Errors
    /// The kernel's error.
    pub(crate) fn open(event: Event, thread: i32) -> io::Result<Self> {
        let attributes = Attributes {
            kind: event.kind,
            size: size_of::<Attributes>() as u32,
            config: event.number,
            read_format: WITH_TIMES,
            flags: INHERIT | PROGRAM_ALONE,
            ..Attributes::default()
        };
        const ANY_PROCESSOR: libc::c_int = -1;
        const NO_GROUP: libc::c_int = -1;
        // SAFETY: the pointer is to a live value that contains its own size, and the kernel only reads it.
        let descriptor = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attributes,
                thread,
                ANY_PROCESSOR,
                NO_GROUP,
                CLOSE_ON_EXEC,
            )
        };
        match i32::try_from(descriptor) {
            // SAFETY: the kernel has just made this descriptor for us.
            Ok(descriptor) if descriptor >= 0 => Ok(Counter(unsafe { File::from_raw_fd(descriptor) })),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Reads the count so far.
    pub(crate) fn read(&self) -> io::Result<f64> {
        let mut bytes = [0; 24];
        (&self.0).read_exact(&mut bytes)?;
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[at..at + 8]);
            u64::from_ne_bytes(eight) as f64
        };
        Ok(scaled(number(0), number(8), number(16)))
    }
}

/// Returns a count, divided by the share of the time in which its counter ran (perf_event_open(2), *Reading results*):
/// a processor has few counters, and if more are requested, the kernel multiplexes them. NaN if the counter never ran.
fn scaled(value: f64, enabled: f64, running: f64) -> f64 {
    if enabled == 0.0 { 0.0 } else { value * enabled / running }
}

/// Returns the threads of this process; only 0, the calling thread, if `/proc` does not list them.
pub(crate) fn threads() -> Vec<i32> {
    let names = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let threads: Vec<i32> = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    if threads.is_empty() { vec![0] } else { threads }
}

/// Returns `/proc/sys/kernel/perf_event_paranoid`, where 2 allows all users to count their own programs.
fn paranoia() -> Option<i32> {
    fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").ok()?.trim().parse().ok()
}

/// Returns the reason why perf_event_open(2) has failed, and what to do about it.
pub(crate) fn refusal(error: &io::Error) -> String {
    reason(error, paranoia())
}

fn reason(error: &io::Error, paranoia: Option<i32>) -> String {
    match (error.raw_os_error(), paranoia) {
        (Some(libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP), _) => {
            "no hardware counters on this machine; a virtual machine has them only if its host passes them on \
             (`perf list hw`)"
                .to_owned()
        }
        (Some(libc::EACCES | libc::EPERM), Some(level @ 3..)) => format!(
            "hardware counters are not available to this user (perf_event_paranoid is {level}): sudo sysctl \
             kernel.perf_event_paranoid=2"
        ),
        (Some(libc::EACCES | libc::EPERM), _) => {
            "hardware counters are not available to this process: a container or sandbox forbids \
             perf_event_open, so allow it in \
             the seccomp profile or give it CAP_PERFMON"
                .to_owned()
        }
        (Some(libc::EMFILE | libc::ENFILE), _) => {
            "no descriptors are left for hardware counters: ulimit -n 4096".to_owned()
        }
        (Some(libc::ENOSYS), _) => "this kernel was built without perf events".to_owned(),
        _ => format!("hardware counters cannot be opened: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// Nanoseconds on a processor, which the kernel counts even if the machine has no counters.
    const TASK_CLOCK: Event = Event { kind: 1, number: 1 };

    fn spin() {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(20) {}
    }

    #[test]
    fn counters_that_took_turns_are_scaled() {
        assert_eq!(scaled(50.0, 200.0, 100.0), 100.0);
        assert_eq!(scaled(0.0, 0.0, 0.0), 0.0, "a thread that slept");
        assert!(!scaled(0.0, 100.0, 0.0).is_finite(), "a counter that never had its turn");
    }

    #[test]
    fn threads_that_are_started_later_are_counted() {
        let counter = match Counter::open(TASK_CLOCK, 0) {
            Ok(counter) => counter,
            Err(error) => return eprintln!("skipped: {error}"),
        };
        let before = counter.read().expect("read");
        std::thread::spawn(spin).join().expect("ended");
        let after = counter.read().expect("read");
        // A machine under load may give it a fraction of the time.
        assert!(after - before > 100_000.0, "{before} {after}");
    }

    #[test]
    fn an_event_that_does_not_exist_is_an_error() {
        let error = Counter::open(Event { kind: 1, number: 10_000 }, 0).expect_err("no such event");
        assert!(error.raw_os_error().is_some(), "{error:?}");
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let reason = |errno, paranoia| super::reason(&io::Error::from_raw_os_error(errno), paranoia);
        for errno in [libc::ENOENT, libc::EOPNOTSUPP, libc::ENODEV] {
            assert!(reason(errno, Some(2)).starts_with("no hardware counters on this machine"));
        }
        let paranoid = reason(libc::EACCES, Some(4));
        assert!(
            paranoid.contains("is 4") && paranoid.ends_with("sysctl kernel.perf_event_paranoid=2"),
            "{paranoid}"
        );
        for paranoia in [Some(2), Some(-1), None] {
            assert!(reason(libc::EPERM, paranoia).contains("seccomp"));
        }
        assert!(reason(libc::ENOSYS, None).contains("built without"));
        assert!(reason(libc::EMFILE, None).contains("ulimit"));
        assert!(reason(libc::EIO, None).starts_with("hardware counters cannot be opened: "));
    }
}
