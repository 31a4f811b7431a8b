//! The ending of a process.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
use linux as system;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
use portable as system;

use std::process::ExitStatus;

/// The ending of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited, with this code.
    Exit(i32),
    /// It was ended by a signal or crashed.
    Crash {
        /// The signal's name on Linux (`SIGSEGV`), the system's words elsewhere.
        name: String,
        /// Whether the signal was SIGKILL: another process, or the kernel, has killed it. `false` if not on Linux.
        is_kill: bool,
    },
}

impl Ending {
    /// Creates an ending from an exit status.
    pub fn of(status: ExitStatus) -> Self {
        system::ending(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    #[cfg(unix)]
    fn an_exit_and_a_signal_are_told_apart() {
        let ended =
            |script: &str| Ending::of(Command::new("sh").args(["-c", script]).status().expect("a shell"));
        assert_eq!(ended("exit 3"), Ending::Exit(3));
        let Ending::Crash { name, .. } = ended("kill -s ABRT $$") else { panic!("it has been killed") };
        assert!(name.contains("SIGABRT"), "{name}");
    }
}
