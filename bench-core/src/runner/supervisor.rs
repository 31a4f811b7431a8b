//! A worker process, from its start to its end.

use std::io::{self, BufRead, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::error::RunError;
use crate::protocol::{Assignment, CHANNEL_VARIABLE, Command, Frame, LONGEST_FRAME, write_message};
use crate::quantity::Bytes;
use crate::record::{Cause, RoundRecord};
use crate::runner::collect::Collector;
use crate::runner::output::Tail;
use crate::runner::{Execute, Interrupt};
use crate::sys;

/// How often a worker's memory is looked at. A process that touches memory as fast as it can takes
/// a few hundred megabytes in this time.
const LOOK_AT_MEMORY: Duration = Duration::from_millis(50);

/// A worker that has said its last may take this long to exit.
const GRACE: Duration = Duration::from_secs(5);

/// Share of the memory that is available when a round begins that its worker may take.
const SHARE_OF_MEMORY: f64 = 0.9;

/// Runs every round in a fresh process of this executable.
pub(crate) struct Workers {
    interrupt: Interrupt,
    executable: PathBuf,
    max_memory: Option<Bytes>,
    echo: bool,
}

impl Workers {
    /// Workers may take `max_memory` each, and what they print is shown as it comes if `echo`.
    ///
    /// # Errors
    /// When the own executable cannot be found.
    pub(crate) fn new(interrupt: Interrupt, max_memory: Option<Bytes>, echo: bool) -> Result<Self, RunError> {
        // `/proc/self/exe` stays the same program when a new build replaces the file in mid-run.
        let link = PathBuf::from("/proc/self/exe");
        let executable = if link.exists() {
            link
        } else {
            std::env::current_exe().map_err(|error| RunError::io("find the own executable", "", error))?
        };
        Ok(Workers { interrupt, executable, max_memory, echo })
    }

    fn memory_limit(&self) -> Option<Bytes> {
        self.max_memory.or_else(|| {
            sys::available_memory().ok().map(|bytes| Bytes((bytes.0 as f64 * SHARE_OF_MEMORY) as u64))
        })
    }

    fn start(&self) -> io::Result<Worker> {
        let (ours, theirs) = UnixStream::pair()?;
        let descriptor = sys::inherit(&theirs)?;
        let own_name = std::env::args_os().next().unwrap_or_default();
        let mut child = Process::new(&self.executable)
            .arg0(own_name)
            .env(CHANNEL_VARIABLE, format!("{descriptor}:{}", std::process::id()))
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
}

impl Execute for Workers {
    fn round(&mut self, _case: &Case, assignment: &Assignment, timeout: Duration) -> Option<RoundRecord> {
        if self.interrupt.is_raised() {
            return None;
        }
        let mut collector = Collector::default();
        let mut worker = match self.start() {
            Ok(worker) => worker,
            Err(error) => {
                collector.fail(Cause::Start, error.to_string());
                return Some(collector.finish(String::new()));
            }
        };
        match worker.command(&Command::Measure(assignment.clone())) {
            // It has gone already; its exit tells why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => collector.fail(Cause::Protocol, format!("it does not listen: {error}")),
            Ok(()) => {}
        }
        let mut tail = Tail::new(self.echo);
        let limits =
            Limits { deadline: Instant::now().checked_add(timeout), timeout, memory: self.memory_limit() };
        let ended = supervise(&mut worker, &mut collector, &mut tail, &limits, &self.interrupt);
        worker.end();
        match ended {
            Ended::Interrupted => None,
            Ended::Exited(status) => {
                worker.drain(&mut collector, &mut tail);
                if !collector.is_closed() {
                    let (cause, message) = explain(status, &tail);
                    collector.fail(cause, message);
                }
                Some(collector.finish(tail.into_text()))
            }
            Ended::Killed => Some(collector.finish(tail.into_text())),
        }
    }
}

struct Limits {
    deadline: Option<Instant>,
    timeout: Duration,
    memory: Option<Bytes>,
}

enum Ended {
    Exited(ExitStatus),
    /// By us; the collector knows why.
    Killed,
    Interrupted,
}

/// Follows a worker until it has exited or must be killed.
fn supervise(
    worker: &mut Worker,
    collector: &mut Collector,
    tail: &mut Tail,
    limits: &Limits,
    interrupt: &Interrupt,
) -> Ended {
    let mut grace: Option<Instant> = None;
    loop {
        let now = Instant::now();
        if interrupt.is_raised() {
            return Ended::Interrupted;
        }
        if collector.is_closed() && grace.is_none() {
            grace = now.checked_add(GRACE);
        }
        if grace.is_some_and(|grace| now >= grace) {
            // All figures are there: how long the program takes to fall asleep is its own affair.
            return Ended::Killed;
        }
        if grace.is_none() && limits.deadline.is_some_and(|deadline| now >= deadline) {
            collector.fail(
                Cause::Timeout,
                format!("not done after {:.1} s (`timeout`)", limits.timeout.as_secs_f64()),
            );
            return Ended::Killed;
        }
        if let (Some(limit), Some(resident)) = (limits.memory, sys::resident_memory(worker.child.id()))
            && resident > limit
        {
            collector
                .fail(Cause::OutOfMemory, format!("its resident memory passed {limit} (`--max-memory`)"));
            return Ended::Killed;
        }
        let patience = limits
            .deadline
            .into_iter()
            .chain(grace)
            .map(|deadline| deadline.saturating_duration_since(now))
            .fold(LOOK_AT_MEMORY, Duration::min);
        match worker.wait(interrupt, patience) {
            Err(error) => {
                collector.fail(Cause::Protocol, format!("cannot be watched: {error}"));
                return Ended::Killed;
            }
            Ok(ready) => {
                if ready.channel
                    && let Err(wrong) = worker.receive(collector)
                {
                    collector.fail(Cause::Protocol, wrong);
                    return Ended::Killed;
                }
                worker.read_output(ready, tail);
                match worker.child.try_wait() {
                    Ok(Some(status)) => return Ended::Exited(status),
                    Ok(None) => {}
                    Err(error) => {
                        collector.fail(Cause::Protocol, format!("cannot be waited for: {error}"));
                        return Ended::Killed;
                    }
                }
            }
        }
    }
}

/// Why a worker that exited without a last word did so.
fn explain(status: ExitStatus, tail: &Tail) -> (Cause, String) {
    let Some(signal) = status.signal() else {
        let code = status.code().unwrap_or_default();
        return (Cause::Exit, format!("the process exited with code {code} before the round had ended"));
    };
    let name = sys::signal_name(signal);
    if tail.contains("has overflowed its stack") {
        (Cause::StackOverflow, format!("the stack overflowed ({name})"))
    } else if tail.contains("memory allocation of ") {
        (Cause::OutOfMemory, format!("an allocation failed ({name})"))
    } else if signal == libc::SIGKILL {
        (Cause::Signal, format!("{name}: somebody else killed it, perhaps the kernel for want of memory"))
    } else {
        (Cause::Signal, name)
    }
}

/// A worker process and our ends of its streams.
struct Worker {
    child: Child,
    channel: Option<UnixStream>,
    received: Vec<u8>,
    stdout: Option<std::fs::File>,
    stderr: Option<std::fs::File>,
    exit: Option<OwnedFd>,
}

#[derive(Clone, Copy)]
struct Ready {
    channel: bool,
    stdout: bool,
    stderr: bool,
}

impl Worker {
    fn command(&mut self, command: &Command) -> io::Result<()> {
        match &mut self.channel {
            Some(channel) => write_message(channel, command),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn wait(&self, interrupt: &Interrupt, patience: Duration) -> io::Result<Ready> {
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
    fn receive(&mut self, collector: &mut Collector) -> Result<(), String> {
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
        for line in whole.lines() {
            let line = line.map_err(|error| error.to_string())?;
            let frame: Frame =
                serde_json::from_str(&line).map_err(|error| format!("not a frame: {error}"))?;
            collector.take(frame)?;
        }
        Ok(())
    }

    fn read_output(&mut self, ready: Ready, tail: &mut Tail) {
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
    fn end(&mut self) {
        sys::kill_group(self.child.id());
        // It may have left its group; that it has exited already is no error.
        let _ = self.child.kill();
        // Already reaped, or about to be: SIGKILL cannot be put off.
        let _ = self.child.wait();
    }

    /// Takes what was still on its way when the worker ended. Everyone who could write has been
    /// killed, but a process that has left the group may go on: the end must come anyway.
    fn drain(&mut self, collector: &mut Collector, tail: &mut Tail) {
        const ROUNDS: usize = 4096;
        for _ in 0..ROUNDS {
            let descriptors = [
                self.channel.as_ref().map(AsFd::as_fd),
                self.stdout.as_ref().map(AsFd::as_fd),
                self.stderr.as_ref().map(AsFd::as_fd),
            ];
            let Ok([channel, stdout, stderr]) = sys::wait_readable(descriptors, Duration::ZERO) else {
                return;
            };
            if !(channel || stdout || stderr) {
                return;
            }
            if channel && let Err(wrong) = self.receive(collector) {
                collector.fail(Cause::Protocol, wrong);
                self.channel = None;
            }
            self.read_output(Ready { channel, stdout, stderr }, tail);
        }
    }
}
