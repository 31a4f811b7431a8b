//! An inherited Unix socket.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use super::Connection;

/// Lets children inherit this end of a channel. With a `pre_exec` hook instead, the standard library would not use
/// posix_spawn, which does not copy the parent's page tables.
pub(crate) fn inherit(stream: &UnixStream) -> io::Result<RawFd> {
    let fd = stream.as_raw_fd();
    // SAFETY: `fd` is open, as `stream` is borrowed; F_SETFD changes no memory.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, 0) } == -1 { Err(io::Error::last_os_error()) } else { Ok(fd) }
}

/// Takes the worker's end of the channel, whose number the runner has put into the environment. Children of the worker
/// do not inherit it.
///
/// # Errors
/// When the number is not an open descriptor.
pub fn adopt(descriptor: i32) -> io::Result<Connection> {
    // SAFETY: F_SETFD with any number is harmless: a descriptor that is not open is an error.
    if descriptor <= 2 || unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("descriptor {descriptor} is not a channel"),
        ));
    }
    // SAFETY: the descriptor is open (checked above), was inherited for this purpose, and nothing else
    // in this process knows its number: this runs once, at the start of the worker.
    let stream = UnixStream::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
    let spare = stream.try_clone().ok().map(|spare| Box::new(spare) as Box<dyn io::Write + Send>);
    Ok(Connection { reader: Box::new(stream.try_clone()?), writer: Box::new(stream), spare })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_descriptor_is_adopted() {
        for descriptor in [-1, 0, 2, 100_000] {
            assert!(adopt(descriptor).is_err(), "{descriptor}");
        }
    }
}
