//! Uses `SO_TIMESTAMPNS` (socket(7)): the kernel records when a packet arrives, also for TCP.
#![allow(unsafe_code)]

use std::io;
use std::mem::size_of;
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Received;

/// Room for one control message with a `timespec`, aligned as a `cmsghdr` must be.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Makes the kernel record when bytes arrive at this socket, for [`receive`].
///
/// # Errors
/// If the kernel refuses.
pub fn note_arrivals(socket: &impl AsRawFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the value is an int that lives during the call, and its size is given.
    let set = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Reads bytes from a stream socket, and how long ago the last of them arrived.
///
/// # Errors
/// Those of reading; an interrupted call is repeated.
pub fn receive(socket: &impl AsRawFd, buffer: &mut [u8]) -> io::Result<Received> {
    let mut control = Control([0; 64]);
    let mut piece = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: a message head of zeros is one without name, buffers and control messages.
    let mut head: libc::msghdr = unsafe { std::mem::zeroed() };
    head.msg_iov = &raw mut piece;
    head.msg_iovlen = 1;
    let bytes = loop {
        head.msg_control = control.0.as_mut_ptr().cast();
        head.msg_controllen = size_of::<Control>() as _;
        // SAFETY: the head names a buffer and room for control messages that live during the call, with their sizes.
        let read = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut head, 0) };
        match usize::try_from(read) {
            Ok(bytes) => break bytes,
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    };
    Ok(Received { bytes, waited: stamp(&head).and_then(since) })
}

/// Returns the arrival time in the control messages of a packet, since 1970; `None` if they contain none.
fn stamp(head: &libc::msghdr) -> Option<Duration> {
    // SAFETY: the kernel has filled in as many bytes of control messages as the head says, in memory that is still there.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(head) };
    while !message.is_null() {
        // SAFETY: it points to a whole head of a control message within that memory.
        let found = unsafe { *message };
        if found.cmsg_level == libc::SOL_SOCKET && found.cmsg_type == libc::SCM_TIMESTAMPNS {
            // SAFETY: a message of this kind holds a `timespec`, perhaps not aligned.
            let time: libc::timespec =
                unsafe { libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned() };
            let seconds = u64::try_from(time.tv_sec).ok().filter(|seconds| *seconds > 0)?;
            return Some(Duration::new(seconds, u32::try_from(time.tv_nsec).ok()?));
        }
        // SAFETY: both are what the kernel has filled in.
        message = unsafe { libc::CMSG_NXTHDR(head, message) };
    }
    None
}

/// Returns the time that has passed since `stamp`, by the system's clock; `None` if the clock was set back in between.
fn since(stamp: Duration) -> Option<Duration> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok()?.checked_sub(stamp)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::time::Instant;

    use super::*;

    #[test]
    fn bytes_have_waited_since_they_came() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut sender = TcpStream::connect(listener.local_addr().expect("its address")).expect("connected");
        let (receiver, _) = listener.accept().expect("accepted");
        note_arrivals(&receiver).expect("set");
        // The kernel begins to record times a moment after the first socket of the system has asked for them.
        std::thread::sleep(Duration::from_millis(50));
        let mut buffer = [0; 8];
        sender.write_all(b"abc").expect("written");
        std::thread::sleep(Duration::from_millis(80));
        let late = receive(&receiver, &mut buffer).expect("read");
        assert_eq!((late.bytes, &buffer[..3]), (3, &b"abc"[..]));
        assert!(late.waited.is_some_and(|waited| waited >= Duration::from_millis(80)), "{late:?}");
        // The waiting time of bytes from two writes begins with the second write.
        sender.write_all(b"d").expect("written");
        std::thread::sleep(Duration::from_millis(80));
        let second = Instant::now();
        sender.write_all(b"e").expect("written");
        let two = receive(&receiver, &mut buffer).expect("read");
        let at_most = second.elapsed();
        assert_eq!(two.bytes, 2);
        assert!(two.waited.is_some_and(|waited| waited <= at_most), "{two:?}, {at_most:?}");
        receiver.set_nonblocking(true).expect("set");
        let none = receive(&receiver, &mut buffer).expect_err("nothing");
        assert_eq!(none.kind(), std::io::ErrorKind::WouldBlock);
        drop(sender);
        receiver.set_nonblocking(false).expect("set");
        assert_eq!(receive(&receiver, &mut buffer).expect("the end").bytes, 0);
    }
}
