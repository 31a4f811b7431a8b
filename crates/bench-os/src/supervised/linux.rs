//! Uses a Unix socket that the child inherits, a separate process group, poll(2) and pidfd_open(2).
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Offer, Ready, Source};
use crate::channel::inherit;
use crate::strays::RUNNER_VARIABLE;

/// Ends a wait early when something is written to its other end.
#[derive(Debug, Default)]
pub struct Wake(Option<UnixStream>);

impl From<UnixStream> for Wake {
    fn from(stream: UnixStream) -> Self {
        Wake(Some(stream))
    }
}

#[cfg(test)]
impl Wake {
    /// Whether it ends every wait.
    pub(crate) fn is_awake(&self) -> bool {
        wait_readable([self.0.as_ref().map(AsFd::as_fd)], Duration::ZERO).expect("polled")[0]
    }
}

/// A child process and our ends of its streams.
#[derive(Debug)]
pub struct Supervised {
    child: Child,
    channel: Option<UnixStream>,
    /// The current time limit of the channel's writes.
    patience: Option<Duration>,
    stdout: Option<File>,
    stderr: Option<File>,
    /// Becomes readable when the child ends; absent before Linux 5.3.
    exit: Option<OwnedFd>,
}

impl Supervised {
    /// Starts `command`, with the offer, as `value` writes it, in the environment variable `variable`.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn start(
        mut command: Command,
        variable: &str,
        value: impl FnOnce(Offer<'_>) -> String,
    ) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let descriptor = inherit(&theirs)?;
        let mut child = command
            .env(variable, value(Offer::Inherited { descriptor, runner: std::process::id() }))
            .env(RUNNER_VARIABLE, format!("{:010}", std::process::id()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: Ctrl-C reaches the runner alone, and processes that the child starts can be ended
            // with it.
            .process_group(0)
            .spawn()?;
        drop(theirs);
        let streams = (child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from));
        let exit = exit_descriptor(child.id());
        Ok(Supervised {
            child,
            channel: Some(ours),
            patience: None,
            stdout: streams.0.map(File::from),
            stderr: streams.1.map(File::from),
            exit,
        })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its channel; gives up after `patience`, if that is given.
    ///
    /// # Errors
    /// `NotConnected` if the channel is closed; the errors of the system.
    pub fn send(&mut self, bytes: &[u8], patience: Option<Duration>) -> io::Result<()> {
        let Some(channel) = &mut self.channel else { return Err(io::ErrorKind::NotConnected.into()) };
        if self.patience != patience {
            channel.set_write_timeout(patience)?;
            self.patience = patience;
        }
        channel.write_all(bytes)
    }

    /// Whether a stream may still have something to read, as far as is known.
    pub fn is_open(&self, source: Source) -> bool {
        match source {
            Source::Channel => self.channel.is_some(),
            Source::Stdout => self.stdout.is_some(),
            Source::Stderr => self.stderr.is_some(),
        }
    }

    /// Returns how it ended; `None` while it runs.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until there is something to read, the child has ended, `wake` is woken, or `patience` is over.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn wait(&mut self, wake: &Wake, patience: Duration) -> io::Result<Ready> {
        let [channel, stdout, stderr, ..] = wait_readable(
            [
                self.channel.as_ref().map(AsFd::as_fd),
                self.stdout.as_ref().map(AsFd::as_fd),
                self.stderr.as_ref().map(AsFd::as_fd),
                self.exit.as_ref().map(AsFd::as_fd),
                wake.0.as_ref().map(AsFd::as_fd),
            ],
            patience,
        )?;
        Ok(Ready { channel, stdout, stderr })
    }

    /// Reads the available bytes. Returns their number: 0 when the stream has ended, which then is never ready again.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn read(&mut self, source: Source, chunk: &mut [u8]) -> io::Result<usize> {
        let count = match source {
            Source::Channel => self.channel.as_mut().map(|channel| channel.read(chunk)),
            Source::Stdout => self.stdout.as_mut().map(|stdout| stdout.read(chunk)),
            Source::Stderr => self.stderr.as_mut().map(|stderr| stderr.read(chunk)),
        };
        let count = match count {
            Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Ok(0),
            Some(count) => count,
            None => return Ok(0),
        };
        if matches!(count, Ok(0)) {
            self.close(source);
        }
        count
    }

    /// Stops reading a stream.
    pub fn close(&mut self, source: Source) {
        match source {
            Source::Channel => self.channel = None,
            Source::Stdout => self.stdout = None,
            Source::Stderr => self.stderr = None,
        }
    }

    /// Returns which streams of a child that has ended still have something to read.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn rest(&mut self) -> io::Result<Ready> {
        let descriptors = [
            self.channel.as_ref().map(AsFd::as_fd),
            self.stdout.as_ref().map(AsFd::as_fd),
            self.stderr.as_ref().map(AsFd::as_fd),
        ];
        let [channel, stdout, stderr] = wait_readable(descriptors, Duration::ZERO)?;
        Ok(Ready { channel, stdout, stderr })
    }

    /// Stops the threads of the child's process group until it is [resumed](Self::resume).
    pub fn pause(&self) {
        signal_group(self.child.id(), libc::SIGSTOP);
    }

    /// Lets the child's process group go on.
    pub fn resume(&self) {
        signal_group(self.child.id(), libc::SIGCONT);
    }

    /// Kills the rest of the child's process group, and reaps the child.
    pub fn end(&mut self) {
        signal_group(self.child.id(), libc::SIGKILL);
        // It may have left its group; that it has exited already is not an error.
        let _ = self.child.kill();
        // Already reaped, or about to be: SIGKILL cannot be put off.
        let _ = self.child.wait();
    }
}

/// Sends a signal to a whole process group.
fn signal_group(leader: u32, signal: i32) {
    if let Ok(leader) = i32::try_from(leader) {
        // SAFETY: sends a signal; touches no memory. The leader is a child that has not been reaped or
        // whose group id cannot have been given away while members live.
        unsafe { libc::kill(-leader, signal) };
    }
}

/// A descriptor that becomes readable when the process ends (Linux 5.3; `None` before).
fn exit_descriptor(pid: u32) -> Option<OwnedFd> {
    // SAFETY: the call takes two integers and returns a descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Waits until one of the descriptors can be read or has been closed by its other end. Returns `true` for each of
/// these; only `false` after `timeout`.
fn wait_readable<const N: usize>(
    descriptors: [Option<BorrowedFd<'_>>; N],
    timeout: Duration,
) -> io::Result<[bool; N]> {
    // A negative descriptor is skipped by poll(2).
    let mut polled = descriptors.map(|descriptor| libc::pollfd {
        fd: descriptor.map_or(-1, |descriptor| descriptor.as_raw_fd()),
        events: libc::POLLIN,
        revents: 0,
    });
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // Rounded up: a timeout of 0.3 ms must not spin.
    let millis = if timeout.is_zero() { 0 } else { millis.max(1) };
    // SAFETY: the pointer and the length describe a live array, which poll writes `revents` into.
    let ready = unsafe { libc::poll(polled.as_mut_ptr(), N as libc::nfds_t, millis) };
    if ready == -1 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        return Ok([false; N]);
    }
    Ok(polled.map(|entry| entry.revents != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_tells_who_is_ready() {
        let (a, b) = UnixStream::pair().expect("pair");
        let (c, _d) = UnixStream::pair().expect("pair");
        io::Write::write_all(&mut &b, b"x").expect("written");
        let ready =
            wait_readable([Some(a.as_fd()), Some(c.as_fd()), None], Duration::from_secs(5)).expect("polled");
        assert_eq!(ready, [true, false, false]);
    }
}
