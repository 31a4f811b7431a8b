//! Elsewhere nothing is known of it.

use std::io;

use super::Received;

/// # Errors
/// Always: the standard library does not offer it.
pub fn note_arrivals<S>(_socket: &S) -> io::Result<()> {
    Err(crate::unsupported("the arrival of bytes"))
}

/// # Errors
/// Always: the standard library does not offer it.
pub fn receive<S>(_socket: &S, _buffer: &mut [u8]) -> io::Result<Received> {
    Err(crate::unsupported("the arrival of bytes"))
}
