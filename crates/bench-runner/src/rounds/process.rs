//! A worker process and what it says.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::time::Duration;

use crate::rounds::Interrupt;
use crate::rounds::output::Tail;
use bench_os as sys;
use bench_protocol::{CHANNEL_VARIABLE, Command, Frame, LONGEST_FRAME, channel_value, json, write_message};
use bench_syntax::quantity::Bytes;

/// Takes a frame, or says what is wrong with it.
pub(crate) type Take<'a> = dyn FnMut(Frame) -> Result<(), String> + 'a;

/// A worker process and our ends of its streams.
pub struct Worker {
    child: Child,
    channel: Option<UnixStream>,
    received: Vec<u8>,
    stdout: Option<std::fs::File>,
    stderr: Option<std::fs::File>,
    exit: Option<OwnedFd>,
}

/// Which streams have something to read.
#[derive(Clone, Copy)]
pub struct Ready {
    pub channel: bool,
    stdout: bool,
    stderr: bool,
}

impl Worker {
    /// Starts a program as a worker.
    pub fn start(mut program: Process) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let descriptor = sys::inherit(&theirs)?;
        let mut child = program
            .env(CHANNEL_VARIABLE, channel_value(descriptor, std::process::id()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: Ctrl-C reaches the runner alone, and what the worker starts can be ended with it.
            .process_group(0)
            .spawn()?;
        drop(theirs);
        let streams = (child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from));
        let exit = sys::exit_descriptor(child.id());
        Ok(Worker {
            child,
            channel: Some(ours),
            received: Vec::new(),
            stdout: streams.0.map(std::fs::File::from),
            stderr: streams.1.map(std::fs::File::from),
            exit,
        })
    }

    /// Sends a command to the worker.
    ///
    /// # Errors
    /// When the worker has closed its end.
    pub fn command(&mut self, command: &Command) -> io::Result<()> {
        match &mut self.channel {
            Some(channel) => write_message(channel, command),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Its resident memory now.
    pub fn resident(&self) -> Option<Bytes> {
        sys::resident_memory(self.child.id()).map(Bytes)
    }

    /// How many threads it has now.
    pub fn threads(&self) -> Option<usize> {
        std::fs::read_dir(format!("/proc/{}/task", self.child.id())).ok().map(Iterator::count)
    }

    /// Waits until there is something to read, the worker has ended, or `patience` is over.
    pub fn wait(&self, interrupt: &Interrupt, patience: Duration) -> io::Result<Ready> {
        let [channel, stdout, stderr, ..] = sys::wait_readable(
            [
                self.channel.as_ref().map(AsFd::as_fd),
                self.stdout.as_ref().map(AsFd::as_fd),
                self.stderr.as_ref().map(AsFd::as_fd),
                self.exit.as_ref().map(AsFd::as_fd),
                Some(interrupt.descriptor()),
            ],
            patience,
        )?;
        Ok(Ready { channel, stdout, stderr })
    }

    /// Reads what is there of the channel, and hands on every whole frame.
    ///
    /// # Errors
    /// What is wrong with what it says.
    pub fn receive(&mut self, take: &mut Take<'_>) -> Result<(), String> {
        let Some(channel) = &mut self.channel else { return Ok(()) };
        let mut chunk = [0; 64 << 10];
        let searched = self.received.len();
        match channel.read(&mut chunk) {
            // The other end is closed; the exit tells why.
            Ok(0) => self.channel = None,
            Ok(count) => self.received.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.channel = None,
            Err(error) => return Err(format!("the channel broke: {error}")),
        }
        let Some(end) = self.received[searched..].iter().rposition(|byte| *byte == b'\n') else {
            return if self.received.len() > LONGEST_FRAME {
                Err("a frame without an end".to_owned())
            } else {
                Ok(())
            };
        };
        let rest = self.received.split_off(searched + end + 1);
        let whole = std::mem::replace(&mut self.received, rest);
        for line in whole.strip_suffix(b"\n").unwrap_or(&whole).split(|byte| *byte == b'\n') {
            let frame: Frame = json::from_bytes(line).map_err(|error| format!("not a frame: {error}"))?;
            take(frame)?;
        }
        Ok(())
    }

    /// Reads what the worker has printed, as far as it is ready.
    pub fn read_output(&mut self, ready: Ready, tail: &mut Tail) {
        for (stream, ready) in [(&mut self.stdout, ready.stdout), (&mut self.stderr, ready.stderr)] {
            let open = match (stream.as_mut(), ready) {
                // A stream that cannot be read has nothing more to tell.
                (Some(stream), true) => tail.take(stream).unwrap_or(false),
                _ => continue,
            };
            if !open {
                *stream = None;
            }
        }
    }

    /// Kills what is left of the worker's process group, and reaps the worker.
    pub fn end(&mut self) {
        sys::kill_group(self.child.id());
        // It may have left its group; that it has exited already is no error.
        let _ = self.child.kill();
        // Already reaped, or about to be: SIGKILL cannot be put off.
        let _ = self.child.wait();
    }

    /// Takes what was still on its way when the worker ended. Everyone who could write has been
    /// killed, but a process that has left the group may go on: the end must come anyway.
    ///
    /// # Errors
    /// As [`Worker::receive`]; what it prints is read all the same.
    pub fn drain(&mut self, take: &mut Take<'_>, tail: &mut Tail) -> Result<(), String> {
        const ROUNDS: usize = 4096;
        let mut outcome = Ok(());
        for _ in 0..ROUNDS {
            let descriptors = [
                self.channel.as_ref().map(AsFd::as_fd),
                self.stdout.as_ref().map(AsFd::as_fd),
                self.stderr.as_ref().map(AsFd::as_fd),
            ];
            let Ok([channel, stdout, stderr]) = sys::wait_readable(descriptors, Duration::ZERO) else {
                break;
            };
            if !(channel || stdout || stderr) {
                break;
            }
            if channel && let Err(wrong) = self.receive(take) {
                outcome = Err(wrong);
                self.channel = None;
            }
            self.read_output(Ready { channel, stdout, stderr }, tail);
        }
        outcome
    }
}
