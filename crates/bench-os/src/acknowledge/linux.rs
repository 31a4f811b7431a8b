//! By `TCP_QUICKACK` (tcp(7)).
#![allow(unsafe_code)]

use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// Lets the system acknowledge what comes next at once. Who writes a message in two pieces waits for that between them
/// (Nagle's algorithm), and the system for 40 ms, in the hope of an answer. To be said again before each read.
pub fn acknowledge_at_once(stream: &TcpStream) {
    let on: libc::c_int = 1;
    // SAFETY: the pointer is to a live local of the size that is given. A failure costs time only.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_QUICKACK,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        );
    }
}
