//! Uses prctl(2), setrlimit(2) and `/proc/self/oom_score_adj`.
#![allow(unsafe_code)]

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Prepares this process for its work: no core files, and the first to be killed when memory runs out. With the
/// process id of its runner, if that is its parent, it ends when the runner does.
pub fn settle_in_as_worker(runner: Option<u32>) {
    // SAFETY: both calls change attributes of this process only; the pointer is to a live local.
    unsafe {
        if runner.is_some() {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        }
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &none);
    }
    // The runner may have died before the signal was asked for.
    if runner.is_some_and(|runner| runner != std::os::unix::process::parent_id()) {
        leave_at_once(1);
    }
    // Raising the own score needs no privilege; where /proc is missing, the kernel decides as it likes.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Makes the process that `command` starts end when the thread that starts it has ended: children of a worker end with
/// it.
pub fn end_with_this_thread(command: &mut Command) {
    let parent = std::process::id();
    let ask = move || {
        // SAFETY: prctl changes an attribute of the new process only, and may be called between fork and exec.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        // The parent may have died before the signal was asked for.
        if parent == std::os::unix::process::parent_id() {
            Ok(())
        } else {
            Err(std::io::ErrorKind::NotConnected.into())
        }
    };
    // SAFETY: the closure makes two system calls and allocates nothing.
    unsafe { command.pre_exec(ask) };
}

/// Ends the process without running destructors or exit handlers, which belong to the parent
/// in a process that was forked.
pub fn leave_at_once(code: i32) -> ! {
    // SAFETY: _exit never returns and touches no memory.
    unsafe { libc::_exit(code) }
}
