//! The standard library does not report when bytes arrive.

use std::io;

use super::Received;

/// Returns an error: the standard library does not offer it.
///
/// # Errors
/// Always.
pub fn note_arrivals<S>(_socket: &S) -> io::Result<()> {
    Err(crate::unsupported("the arrival of bytes"))
}

/// Returns an error: the standard library does not offer it.
///
/// # Errors
/// Always.
pub fn receive<S>(_socket: &S, _buffer: &mut [u8]) -> io::Result<Received> {
    Err(crate::unsupported("the arrival of bytes"))
}
