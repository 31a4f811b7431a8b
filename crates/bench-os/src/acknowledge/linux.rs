//! Uses `TCP_QUICKACK` (tcp(7)).
#![allow(unsafe_code)]

use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// Makes the system acknowledge the next data immediately. Otherwise a sender that writes a message in two pieces
/// waits between them (Nagle's algorithm), while the system delays its acknowledgement by 40 ms in the hope of an
/// answer. Must be repeated before each read.
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
