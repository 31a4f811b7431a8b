//! Rounds in worker processes: watched, limited, and ended.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command as Process, ExitStatus};
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::counting::Valgrind;
use crate::error::RunError;
use crate::protocol::{Assignment, Command};
use crate::quantity::Bytes;
use crate::quietness::available_memory_bytes;
use crate::record::{Cause, RoundRecord};
use crate::runner::collect::Collector;
use crate::runner::output::Tail;
use crate::runner::process::Worker;
use crate::runner::{Execute, Interrupt};
use crate::sys;

/// How often a worker's memory is looked at. A process that touches memory as fast as it can takes
/// a few hundred megabytes in this time.
pub(crate) const LOOK_AT_MEMORY: Duration = Duration::from_millis(50);

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
    valgrind: Option<Valgrind>,
}

impl Workers {
    /// Workers may take `max_memory` each, what they print is shown as it comes if `echo`, and their instructions are
    /// counted if there is a `valgrind`.
    ///
    /// # Errors
    /// When the own executable cannot be found.
    pub(crate) fn new(
        interrupt: Interrupt,
        max_memory: Option<Bytes>,
        echo: bool,
        valgrind: Option<Valgrind>,
    ) -> Result<Self, RunError> {
        // This link stays the same program when a new build replaces the file in mid-run. By its number, for valgrind
        // is a program of its own.
        let link = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
        let executable = if link.exists() {
            link
        } else {
            std::env::current_exe()
                .or_else(|error| called_by().ok_or(error))
                .map_err(|error| RunError::io("find the own executable", "", error))?
        };
        Ok(Workers { interrupt, executable, max_memory, echo, valgrind })
    }

    /// The program that a worker is.
    fn program(&self) -> Process {
        match &self.valgrind {
            Some(valgrind) => valgrind.command(&self.executable),
            None => {
                let mut program = Process::new(&self.executable);
                program.arg0(std::env::args_os().next().unwrap_or_default());
                program
            }
        }
    }
}

/// The path by which this program was called: cargo gives a whole one. The standard library asks `/proc`
/// instead, which may not be mounted.
fn called_by() -> Option<PathBuf> {
    let name = PathBuf::from(std::env::args_os().next()?);
    if name.components().count() > 1 { name.canonicalize().ok() } else { None }
}

/// What a worker that starts now may take: what was asked for, or most of what the machine and the control group have
/// left.
pub(crate) fn memory_limit(asked: Option<Bytes>) -> Option<Bytes> {
    asked.or_else(|| available_memory_bytes().map(|bytes| Bytes((bytes as f64 * SHARE_OF_MEMORY) as u64)))
}

impl Execute for Workers {
    fn round(&mut self, _case: &Case, assignment: &Assignment, timeout: Duration) -> Option<RoundRecord> {
        if self.interrupt.is_raised() {
            return None;
        }
        let mut collector = Collector::default();
        let mut worker = match Worker::start(self.program()) {
            Ok(worker) => worker,
            Err(error) => {
                collector.fail(Cause::Start, error.to_string());
                return Some(collector.finish(String::new()));
            }
        };
        match worker.command(&Command::Measure(Box::new(assignment.clone()))) {
            // It has gone already; its exit tells why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => collector.fail(Cause::Protocol, format!("it does not listen: {error}")),
            Ok(()) => {}
        }
        let mut tail = Tail::new(self.echo);
        let limits = Limits {
            deadline: Instant::now().checked_add(timeout),
            timeout,
            timeout_is_hard: assignment.timeout_is_hard,
            memory: memory_limit(self.max_memory),
        };
        let ended = supervise(&mut worker, &mut collector, &mut tail, &limits, &self.interrupt);
        worker.end();
        match ended {
            Ended::Interrupted => return None,
            Ended::Exited(status) => {
                if let Err(wrong) = worker.drain(&mut |frame| collector.take(frame), &mut tail) {
                    collector.fail(Cause::Protocol, wrong);
                }
                if !collector.is_closed() {
                    let (cause, message) = explain(status, &tail);
                    let of_valgrind =
                        self.valgrind.as_ref().and_then(|valgrind| valgrind.diagnosis(worker.id()));
                    collector.fail(cause, of_valgrind.unwrap_or(message));
                }
            }
            Ended::Killed => {}
        }
        if let Some(valgrind) = &self.valgrind {
            collector.count(valgrind.counts(worker.id()));
        }
        Some(collector.finish(tail.into_text()))
    }
}

struct Limits {
    deadline: Option<Instant>,
    timeout: Duration,
    timeout_is_hard: bool,
    memory: Option<Bytes>,
}

impl Limits {
    /// How much longer than the timeout the worker may take, by what it says itself.
    fn more(&self, collector: &Collector) -> Duration {
        if self.timeout_is_hard { Duration::ZERO } else { collector.expected() }
    }
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
        let more = limits.more(collector);
        let deadline = limits.deadline.and_then(|deadline| deadline.checked_add(more));
        if grace.is_none() && deadline.is_some_and(|deadline| now >= deadline) {
            let limit = limits.timeout.saturating_add(more);
            collector
                .fail(Cause::Timeout, format!("not done after {:.1} s (`timeout`)", limit.as_secs_f64()));
            return Ended::Killed;
        }
        if let (Some(limit), Some(resident)) = (limits.memory, worker.resident())
            && resident > limit
        {
            collector
                .fail(Cause::OutOfMemory, format!("its resident memory passed {limit} (`--max-memory`)"));
            return Ended::Killed;
        }
        let patience = deadline
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
                    && let Err(wrong) = worker.receive(&mut |frame| collector.take(frame))
                {
                    collector.fail(Cause::Protocol, wrong);
                    return Ended::Killed;
                }
                worker.read_output(ready, tail);
                match worker.exited() {
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
pub(crate) fn explain(status: ExitStatus, tail: &Tail) -> (Cause, String) {
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
