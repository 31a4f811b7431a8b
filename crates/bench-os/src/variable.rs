//! Variables of the environment.
#![allow(unsafe_code)]

/// Removes an environment variable, so that programs started from here do not see it. Only for the
/// start of `main`, before any other thread exists.
pub fn forget_variable(name: impl AsRef<std::ffi::OsStr>) {
    // SAFETY: called at the start of `main`, when this process has one thread, as the documentation asks.
    unsafe { std::env::remove_var(name) }
}
