//! The system calls that the standard library does not offer. Other `unsafe` code stands beside what needs it: the counting
//! allocator, the marks that valgrind reads, CUDA's driver, perf events, MIG instances.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// What a process has used, all threads, those that have ended included.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// In user mode.
    pub user: Duration,
    /// In the kernel.
    pub system: Duration,
    /// Pages that had to be read from a disk.
    pub major_faults: u64,
    /// How often a thread gave its processor up: it waited for something.
    pub voluntary_switches: u64,
    /// How often a thread was put aside for another.
    pub involuntary_switches: u64,
}

/// What this process has used so far: getrusage(2).
pub fn usage() -> io::Result<Usage> {
    // SAFETY: `rusage` is plain data for which all zeroes are valid, and getrusage only writes to it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        if libc::getrusage(libc::RUSAGE_SELF, &mut usage) != 0 {
            return Err(io::Error::last_os_error());
        }
        usage
    };
    let duration = |time: libc::timeval| {
        Duration::new(time.tv_sec.max(0) as u64, 0) + Duration::from_micros(time.tv_usec.max(0) as u64)
    };
    Ok(Usage {
        user: duration(usage.ru_utime),
        system: duration(usage.ru_stime),
        major_faults: usage.ru_majflt.max(0) as u64,
        voluntary_switches: usage.ru_nvcsw.max(0) as u64,
        involuntary_switches: usage.ru_nivcsw.max(0) as u64,
    })
}

/// Whether this process has children, ended ones that nobody has waited for included. Nothing is waited for.
pub fn has_children() -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `siginfo_t` is plain data for which all zeroes are valid, and waitid only writes to it.
    unsafe {
        let mut told: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_ALL, 0, &mut told, options) == 0
    }
}

/// Bytes of a page of memory.
pub fn page_bytes() -> u64 {
    // SAFETY: sysconf reads a constant of the system and touches no memory of ours.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Processor time of the calling thread so far.
pub fn thread_cpu_time() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime only writes to the `timespec` that it is given.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    (code == 0).then(|| Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec.max(0) as u32))
}

/// `VmHWM` of this process, from `/proc/self/status`.
pub fn high_water_mark() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "/proc/self/status has no VmHWM"))
}

/// Bytes that the C library's allocator has handed out, modulo 2³²: its own arenas and what it has mapped (mallinfo(3)).
/// `None` on other systems; 0 if the program allocates in another way.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn allocated_bytes() -> Option<u32> {
    // SAFETY: it takes nothing, and returns a plain struct.
    let info = unsafe { libc::mallinfo() };
    // The fields wrap; so does their difference, which is what is asked for.
    Some((info.uordblks as u32).wrapping_add(info.hblkhd as u32))
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn allocated_bytes() -> Option<u32> {
    None
}

/// Resident memory of another process, from `/proc/<pid>/statm`.
pub fn resident_memory(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * page_bytes())
}

/// Lets children inherit this end of a channel. Unlike a `pre_exec` hook this keeps posix_spawn,
/// which does not copy the parent's page tables.
pub fn inherit(stream: &UnixStream) -> io::Result<RawFd> {
    let fd = stream.as_raw_fd();
    // SAFETY: `fd` is open, as `stream` is borrowed; F_SETFD changes no memory.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, 0) } == -1 { Err(io::Error::last_os_error()) } else { Ok(fd) }
}

/// The worker's end of the channel, whose number the runner has put into the environment; no longer
/// inherited by children of the worker.
pub fn adopt(fd: RawFd) -> io::Result<UnixStream> {
    // SAFETY: F_SETFD with any number is harmless: a descriptor that is not open is an error.
    if fd <= 2 || unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("descriptor {fd} is not a channel")));
    }
    // SAFETY: the descriptor is open (checked above), was inherited for this purpose, and nothing else
    // in this process knows its number: this runs once, at the start of the worker.
    Ok(UnixStream::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// What every worker does first: die with its runner, leave no core files, and be the first process
/// that the kernel kills when memory runs out.
pub fn settle_in_as_worker(runner: u32) {
    // SAFETY: both calls change attributes of this process only; the pointer is to a live local.
    unsafe {
        #[cfg(target_os = "linux")]
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &none);
    }
    // The runner may have died before the signal was asked for.
    if runner != std::os::unix::process::parent_id() {
        leave_at_once(1);
    }
    // Raising the own score needs no privilege; where /proc is missing, the kernel decides as it likes.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Removes an environment variable, so that programs started from here do not see it. Only for the
/// start of `main`, before any other thread exists.
pub fn forget_variable(name: impl AsRef<std::ffi::OsStr>) {
    // SAFETY: called at the start of `main`, when this process has one thread, as the documentation asks.
    unsafe { std::env::remove_var(name) }
}

/// A set of processors.
#[derive(Clone)]
pub struct Processors(#[cfg(target_os = "linux")] libc::cpu_set_t);

#[cfg(target_os = "linux")]
impl Processors {
    /// One processor; an impossible number is an empty set, which no thread can be put on.
    pub fn only(cpu: usize) -> Self {
        // SAFETY: a cpu_set_t is an array of integers, for which zeros are a value; CPU_SET writes within
        // the set, as the number has been checked.
        unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            if cpu < libc::CPU_SETSIZE as usize {
                libc::CPU_SET(cpu, &mut set);
            }
            Processors(set)
        }
    }

    /// Their numbers.
    pub fn numbers(&self) -> Vec<usize> {
        // SAFETY: CPU_ISSET reads within the set, as the numbers are below its size.
        (0..libc::CPU_SETSIZE as usize).filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &self.0) }).collect()
    }
}

#[cfg(not(target_os = "linux"))]
impl Processors {
    /// Processors cannot be chosen here.
    pub fn only(_cpu: usize) -> Self {
        Processors()
    }

    /// None that could be chosen.
    pub fn numbers(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// The processors that this thread may use.
#[cfg(target_os = "linux")]
pub fn processors() -> Option<Processors> {
    let Processors(mut set) = Processors::only(usize::MAX);
    // SAFETY: the pointer and the size describe a live local, which the call writes into.
    let done = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) };
    (done == 0).then_some(Processors(set))
}

/// The processors that this thread may use.
#[cfg(not(target_os = "linux"))]
pub fn processors() -> Option<Processors> {
    None
}

/// Puts this thread, and the processes it starts from now on, on these processors; `false` where that is
/// not possible.
#[cfg(target_os = "linux")]
pub fn use_processors(Processors(set): &Processors) -> bool {
    // SAFETY: the pointer and the size describe a live value, which the call reads.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) == 0 }
}

/// Puts this thread on these processors; `false` where that is not possible.
#[cfg(not(target_os = "linux"))]
pub fn use_processors(_: &Processors) -> bool {
    false
}

/// Ends the process without running destructors or exit handlers, which belong to somebody else
/// in a process that was forked.
pub fn leave_at_once(code: i32) -> ! {
    // SAFETY: _exit never returns and touches no memory.
    unsafe { libc::_exit(code) }
}

/// Kills a whole process group.
pub fn kill_group(leader: u32) {
    if let Ok(leader) = i32::try_from(leader) {
        // SAFETY: sends a signal; touches no memory. The leader is a child that has not been reaped or
        // whose group id cannot have been given away while members live.
        unsafe { libc::kill(-leader, libc::SIGKILL) };
    }
}

/// A descriptor that becomes readable when the process ends (Linux 5.3; `None` elsewhere).
#[cfg(target_os = "linux")]
pub fn exit_descriptor(pid: u32) -> Option<OwnedFd> {
    // SAFETY: the call takes two integers and returns a descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A descriptor that becomes readable when the process ends (Linux 5.3; `None` elsewhere).
#[cfg(not(target_os = "linux"))]
pub fn exit_descriptor(_pid: u32) -> Option<OwnedFd> {
    None
}

/// Waits until one of the descriptors can be read or has been closed by its other end, and says
/// which; all `false` after `timeout`.
pub fn wait_readable<const N: usize>(
    descriptors: [Option<BorrowedFd<'_>>; N],
    timeout: Duration,
) -> io::Result<[bool; N]> {
    // A negative descriptor is skipped by poll(2).
    let mut polled = descriptors.map(|descriptor| libc::pollfd {
        fd: descriptor.map_or(-1, |descriptor| descriptor.as_raw_fd()),
        events: libc::POLLIN,
        revents: 0,
    });
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // Rounded up: a timeout of 0.3 ms must not spin.
    let millis = if timeout.is_zero() { 0 } else { millis.max(1) };
    // SAFETY: the pointer and the length describe a live array, which poll writes `revents` into.
    let ready = unsafe { libc::poll(polled.as_mut_ptr(), N as libc::nfds_t, millis) };
    if ready == -1 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        return Ok([false; N]);
    }
    Ok(polled.map(|entry| entry.revents != 0))
}

/// The signal that kills without a chance to object.
pub const SIGKILL: i32 = libc::SIGKILL;

/// The signal that has ended a process, if one has.
pub fn ending_signal(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The conventional name of a signal.
pub fn signal_name(signal: i32) -> String {
    let known = [
        (libc::SIGHUP, "SIGHUP"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGPIPE, "SIGPIPE"),
        (libc::SIGALRM, "SIGALRM"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGXCPU, "SIGXCPU"),
        (libc::SIGXFSZ, "SIGXFSZ"),
        (libc::SIGSYS, "SIGSYS"),
    ];
    known
        .iter()
        .find(|(number, _)| *number == signal)
        .map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn waiting_tells_who_is_ready() {
        let (a, b) = UnixStream::pair().expect("pair");
        let (c, _d) = UnixStream::pair().expect("pair");
        io::Write::write_all(&mut &b, b"x").expect("written");
        let ready =
            wait_readable([Some(a.as_fd()), Some(c.as_fd()), None], Duration::from_secs(5)).expect("polled");
        assert_eq!(ready, [true, false, false]);
    }

    #[test]
    fn memory_of_this_process_is_known() {
        let peak = high_water_mark().expect("VmHWM");
        let now = resident_memory(std::process::id()).expect("statm");
        assert!(peak >= now && now > 100 * 1024, "{peak} {now}");
    }

    #[test]
    fn children_are_known_without_waiting_for_them() {
        // Other tests of this program start processes, too: so there are some for certain, never none.
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        assert!(has_children());
        child.kill().expect("killed");
        // What has ended can still be waited for.
        assert!(has_children() && child.wait().is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_stays_where_it_is_put() {
        let before = processors().expect("affinity");
        let last = *before.numbers().last().expect("a processor");
        assert!(use_processors(&Processors::only(last)));
        assert_eq!(processors().expect("affinity").numbers(), [last]);
        assert!(!use_processors(&Processors::only(usize::MAX)), "no processor at all");
        assert!(use_processors(&before));
        assert_eq!(processors().expect("affinity").numbers(), before.numbers());
    }

    #[test]
    fn only_an_open_descriptor_is_adopted() {
        for fd in [-1, 0, 2, 100_000] {
            assert!(adopt(fd).is_err(), "{fd}");
        }
    }
}
