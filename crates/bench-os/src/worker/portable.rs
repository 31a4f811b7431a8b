//! The operations that the standard library allows.

use std::process::Command;

/// Does nothing: the standard library changes no attribute of a process. The worker notices the end of its runner by
/// the end of the channel ([`connect`](crate::channel::connect)).
pub fn settle_in_as_worker(_runner: Option<u32>) {}

/// Does nothing: the standard library has no such option. The started process ends by itself.
pub fn end_with_this_thread(_command: &mut Command) {}

/// Ends the process without running destructors or exit handlers. It aborts, whatever the `code`: `exit` would run
/// handlers, which may wait for the thread that is being measured.
pub fn leave_at_once(_code: i32) -> ! {
    std::process::abort()
}
