//! Uses sigaction(2).
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Wake;

/// The signals that end a run.
const SIGNALS: [libc::c_int; 2] = [libc::SIGINT, libc::SIGTERM];

/// Whether a signal has come since listening began.
static RAISED: AtomicBool = AtomicBool::new(false);

/// The descriptor that a signal makes readable; -1 if nothing listens.
static WAKER: AtomicI32 = AtomicI32::new(-1);

/// The state that all listeners share.
static SHARED: Mutex<Shared> = Mutex::new(Shared { listeners: 0, before: Vec::new(), waker: None });

struct Shared {
    listeners: usize,
    /// The action that each signal had before.
    before: Vec<(libc::c_int, libc::sigaction)>,
    /// Both ends of the socket pair that ends waits. Never closed, as a handler may be about to write to it.
    waker: Option<(UnixStream, UnixStream)>,
}

/// Listens for Ctrl-C and SIGTERM during its life. The first signal is noted; a second one ends the process at once,
/// with 128 plus its number as exit code. After the last listener has been dropped, signals act again as they did
/// before.
#[derive(Debug)]
pub struct Signals {
    wake: Wake,
}

impl Signals {
    /// Listens from now on. All listeners that exist at the same time receive the same signals.
    ///
    /// # Errors
    /// When the system refuses a pair of sockets, or a handler.
    pub fn listen() -> io::Result<Self> {
        let mut shared = shared();
        if shared.waker.is_none() {
            let (wake, waker) = UnixStream::pair()?;
            // A handler must never wait: when the buffer is full, every wait has ended already.
            waker.set_nonblocking(true)?;
            wake.set_nonblocking(true)?;
            shared.waker = Some((wake, waker));
        }
        let Some((wake, waker)) = &shared.waker else { return Err(io::ErrorKind::NotConnected.into()) };
        let (own, descriptor) = (wake.try_clone()?, waker.as_raw_fd());
        if shared.listeners == 0 {
            // Signals that earlier listeners have received are forgotten.
            while io::Read::read(&mut &own, &mut [0; 64]).is_ok_and(|count| count > 0) {}
            RAISED.store(false, Ordering::SeqCst);
            WAKER.store(descriptor, Ordering::SeqCst);
            for signal in SIGNALS {
                match handle(signal) {
                    Ok(before) => shared.before.push((signal, before)),
                    Err(error) => {
                        shared.restore();
                        return Err(error);
                    }
                }
            }
        }
        shared.listeners += 1;
        Ok(Signals { wake: Wake::from(own) })
    }

    /// Whether a signal has arrived.
    pub fn is_raised(&self) -> bool {
        RAISED.load(Ordering::SeqCst)
    }

    /// Returns the wake that ends every wait once a signal has arrived.
    pub fn wake(&self) -> &Wake {
        &self.wake
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let mut shared = shared();
        shared.listeners -= 1;
        if shared.listeners == 0 {
            shared.restore();
        }
    }
}

impl Shared {
    fn restore(&mut self) {
        for (signal, before) in self.before.drain(..) {
            // SAFETY: `before` is what sigaction itself has returned for this signal.
            unsafe { libc::sigaction(signal, &before, std::ptr::null_mut()) };
        }
        WAKER.store(-1, Ordering::SeqCst);
    }
}

fn shared() -> MutexGuard<'static, Shared> {
    // Nothing panics while it is held, and it is valid between any two statements.
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a write that would exceed the size limit of files (`ulimit -f`) fail like one to a full disk: by default,
/// SIGXFSZ ends the process without a message (setrlimit(2)). Uses a handler instead of `SIG_IGN`, which started
/// programs would inherit.
///
/// # Errors
/// When the system refuses the handler.
pub fn outlive_full_files() -> io::Result<()> {
    extern "C" fn nothing(_: libc::c_int) {}
    install(libc::SIGXFSZ, nothing).map(|_| ())
}

/// Lets [`on_signal`] handle a signal. Returns what handled it before.
fn handle(signal: libc::c_int) -> io::Result<libc::sigaction> {
    install(signal, on_signal)
}

/// Sets the handler of a signal, which calls nothing but what signal-safety(7) allows. Returns the one before.
fn install(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) -> io::Result<libc::sigaction> {
    // SAFETY: a `sigaction` is plain data for which all zeroes are valid; the handler is a function of the right type,
    // which lives as long as the program.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        // Calls that were under way go on, as they would without a listener.
        action.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&mut action.sa_mask);
        let mut before: libc::sigaction = std::mem::zeroed();
        match libc::sigaction(signal, &action, &mut before) {
            0 => Ok(before),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

extern "C" fn on_signal(signal: libc::c_int) {
    if RAISED.swap(true, Ordering::SeqCst) {
        // SAFETY: _exit is signal-safe and touches no memory.
        unsafe { libc::_exit(128 + signal) };
    }
    let descriptor = WAKER.load(Ordering::SeqCst);
    // A write may change errno, which the interrupted code may be about to read: it is put back.
    let before = io::Error::last_os_error().raw_os_error();
    // SAFETY: write is signal-safe; the buffer is a constant; the descriptor is never closed, or is -1, which is an error.
    unsafe { libc::write(descriptor, [0u8].as_ptr().cast(), 1) };
    restore_errno(before);
}

fn restore_errno(code: Option<i32>) {
    // SAFETY: the pointer is to the errno of this thread.
    unsafe { *libc::__errno_location() = code.unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A single test, because signals belong to the process.
    #[test]
    fn a_signal_is_heard_by_all_and_forgotten_by_the_next() {
        let readable = |signals: &Signals| signals.wake().is_awake();
        let (one, other) = (Signals::listen().expect("a listener"), Signals::listen().expect("a listener"));
        assert!(!one.is_raised() && !readable(&one) && !readable(&other));
        // SAFETY: the signal is handled, as the listeners live.
        unsafe { libc::raise(libc::SIGTERM) };
        for signals in [&one, &other] {
            assert!(signals.is_raised() && readable(signals) && readable(signals));
        }
        drop((one, other));
        let next = Signals::listen().expect("a listener");
        assert!(!next.is_raised() && !readable(&next));
        drop(next);
        // SAFETY: only asks what the signal does.
        let now = unsafe {
            let mut now: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGTERM, std::ptr::null(), &mut now);
            now.sa_sigaction
        };
        assert_eq!(now, libc::SIG_DFL);
    }
}
