//! When bytes arrived at a socket: a process that reads them late still learns it from the kernel.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

use std::time::Duration;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::{note_arrivals, receive};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::{note_arrivals, receive};

/// Whether [`receive`] works on this system.
pub const CAN_SEE_ARRIVALS: bool = !crate::IS_PORTABLE;

/// Bytes that were read from a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Their number; 0 if the other side has closed the connection.
    pub bytes: usize,
    /// How long ago the last of them had arrived when they were read, by the system's clock, which may have been set in
    /// between; `None` if the kernel does not say it.
    pub waited: Option<Duration>,
}

#[cfg(all(test, target_os = "linux", not(bench_portable)))]
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
        // The kernel begins to note times a moment after the first socket of the system has asked for them.
        std::thread::sleep(Duration::from_millis(50));
        let mut buffer = [0; 8];
        sender.write_all(b"abc").expect("written");
        std::thread::sleep(Duration::from_millis(80));
        let late = receive(&receiver, &mut buffer).expect("read");
        assert_eq!((late.bytes, &buffer[..3]), (3, &b"abc"[..]));
        assert!(late.waited.is_some_and(|waited| waited >= Duration::from_millis(80)), "{late:?}");
        // Those of two writes have waited since the second.
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
