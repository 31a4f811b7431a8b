//! The standard library cannot pass a socket to a child on every system.

use std::io;

use super::Connection;

/// Returns an error: this program only accepts a channel over TCP.
///
/// # Errors
/// Always.
pub fn adopt(_descriptor: i32) -> io::Result<Connection> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this program cannot inherit a socket on this system: expected a channel address `tcp:PORT:TOKEN`. Use a runner that \
         was built for the same system",
    ))
}
