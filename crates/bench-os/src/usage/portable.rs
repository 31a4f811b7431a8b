//! The standard library reports no processor time.

use std::io;
use std::time::Duration;

use super::Usage;
use crate::unsupported;

/// Returns an error: the standard library reports no processor time.
///
/// # Errors
/// Always.
pub fn usage() -> io::Result<Usage> {
    Err(unsupported("processor time"))
}

/// Returns `None`: the standard library reports no processor time.
pub fn cpu_time_of(_pid: u32) -> Option<Duration> {
    None
}

/// Returns `None`: the standard library reports no processor time.
pub fn thread_cpu_time() -> Option<Duration> {
    None
}
