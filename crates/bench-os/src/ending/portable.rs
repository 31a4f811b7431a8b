//! Describes an ending in the words of the standard library: `signal: 11 (SIGSEGV)`, `exit code: 0xc0000005`.

use std::process::ExitStatus;

use super::Ending;

pub(super) fn ending(status: ExitStatus) -> Ending {
    match status.code() {
        // A crash on Windows is a negative code, an NTSTATUS of severity *error*.
        Some(code) if code >= 0 => Ending::Exit(code),
        Some(_) | None => Ending::Crash { name: status.to_string(), is_kill: false },
    }
}
