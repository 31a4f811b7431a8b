//! Runs rounds in worker processes, and supervises, limits and ends these.

use std::io;
use std::process::{Command as Process, ExitStatus};
use std::time::{Duration, Instant};

use bench_machine::available_memory_bytes;
use bench_os::Ending;
use bench_protocol::{Assignment, Command};
use bench_record::{Cause, RoundRecord};
use bench_syntax::quantity::{Bytes, nanoseconds};

use crate::callgrind::Valgrind;
use crate::program::Program;
use crate::rounds::collect::Collector;
use crate::rounds::{Interrupt, LOOK_AT_MEMORY, PlannedCase, RoundExecutor, Tail, Worker};

/// The time that a worker may take to exit after its last frame.
const GRACE: Duration = Duration::from_secs(5);

/// The share that a worker may take of the memory that is available when it starts.
const SHARE_OF_MEMORY: f64 = 0.9;

/// Runs every round in a process of the case's program: a new one, unless its worker has offered to be shared.
pub struct Workers {
    interrupt: Interrupt,
    max_memory: Option<Bytes>,
    echo: bool,
    valgrind: Option<Valgrind>,
    /// A worker that waits for the next case of its set-up.
    idle: Option<Idle>,
}

/// A shared worker between two rounds.
struct Idle {
    program: Program,
    set_up: String,
    worker: Worker,
    memory: Option<Bytes>,
}

impl Workers {
    /// Creates a supervisor: workers may use `max_memory` each, their output is shown as it arrives if `echo`, and
    /// their instructions are counted if there is a `valgrind`.
    pub fn new(
        interrupt: Interrupt,
        max_memory: Option<Bytes>,
        echo: bool,
        valgrind: Option<Valgrind>,
    ) -> Self {
        Workers { interrupt, max_memory, echo, valgrind, idle: None }
    }

    fn command(&self, program: &Program) -> Process {
        match &self.valgrind {
            Some(valgrind) => valgrind.command(program),
            None => program.command(),
        }
    }

    /// Returns the worker that waits for this case, or a new one; its memory limit; and whether it is new.
    fn worker(&mut self, case: &PlannedCase<'_>) -> io::Result<(Worker, Option<Bytes>, bool)> {
        if let Some(mut idle) = self.idle.take() {
            let same = case.shared_with() == Some((&idle.program, idle.set_up.as_str()));
            // Data after the last frame of a round does not belong to the next one.
            let is_quiet = !idle.worker.has_more_to_say();
            if same && is_quiet && matches!(idle.worker.exited(), Ok(None)) {
                return Ok((idle.worker, idle.memory, false));
            }
            idle.worker.retire(GRACE);
        }
        Ok((Worker::start(self.command(case.program))?, memory_limit(self.max_memory), true))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.pass_ended();
    }
}

/// Returns the memory limit of a worker that starts now: the given one, or most of the memory that the machine and the
/// control group have left. `None` if that is not known.
pub fn memory_limit(asked: Option<Bytes>) -> Option<Bytes> {
    asked.or_else(|| available_memory_bytes().map(|bytes| Bytes((bytes as f64 * SHARE_OF_MEMORY) as u64)))
}

impl RoundExecutor for Workers {
    fn round(
        &mut self,
        case: &PlannedCase<'_>,
        assignment: &Assignment,
        timeout: Duration,
    ) -> Option<RoundRecord> {
        if self.interrupt.is_raised() {
            return None;
        }
        let started = Instant::now();
        let mut collector = Collector::default();
        let (mut worker, memory, is_new) = match self.worker(case) {
            Ok(found) => found,
            Err(error) => {
                collector.fail(Cause::Start, error.to_string());
                return Some(collector.finish(String::new()));
            }
        };
        if !is_new {
            collector.goes_on();
        }
        match worker.command(&Command::Measure(Box::new(assignment.clone()))) {
            // The worker has exited already; its exit status shows why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => {
                collector.fail(Cause::Protocol, format!("a command could not be sent to it: {error}"))
            }
            Ok(()) => {}
        }
        let mut tail = Tail::new(self.echo);
        let limits = Limits {
            deadline: Instant::now().checked_add(timeout),
            timeout,
            timeout_is_hard: assignment.timeout_is_hard,
            memory,
        };
        let may_stay = case.case.set_up.is_some() && self.valgrind.is_none();
        let ended = supervise(&mut worker, &mut collector, &mut tail, &limits, &self.interrupt, may_stay);
        if let Some(ready) = collector.ready_at() {
            collector.started_in(nanoseconds(ready.saturating_duration_since(started)));
        }
        if let Ended::Waits = ended {
            let set_up = case.case.set_up.clone().unwrap_or_default();
            self.idle = Some(Idle { program: case.program.clone(), set_up, worker, memory });
            collector.check_figures(assignment.mode);
            return Some(collector.finish(tail.into_text()));
        }
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
            Ended::Killed | Ended::Waits => {}
        }
        if let Some(valgrind) = &self.valgrind {
            collector.count(valgrind.counts(worker.id()));
        }
        collector.check_figures(assignment.mode);
        Some(collector.finish(tail.into_text()))
    }

    fn pass_ended(&mut self) {
        if let Some(mut idle) = self.idle.take() {
            // After an interrupt, the worker is not given time to exit by itself.
            let patience = if self.interrupt.is_raised() { Duration::ZERO } else { GRACE };
            idle.worker.retire(patience);
        }
    }
}

struct Limits {
    deadline: Option<Instant>,
    timeout: Duration,
    timeout_is_hard: bool,
    memory: Option<Bytes>,
}

impl Limits {
    /// Returns the time by which the worker may exceed the timeout, according to its own report.
    fn more(&self, collector: &Collector) -> Duration {
        if self.timeout_is_hard { Duration::ZERO } else { collector.expected() }
    }
}

enum Ended {
    Exited(ExitStatus),
    /// Killed by the runner; the collector knows why.
    Killed,
    /// It has not ended: it waits for its next case.
    Waits,
    Interrupted,
}

/// Follows a worker until it has exited or must be killed.
fn supervise(
    worker: &mut Worker,
    collector: &mut Collector,
    tail: &mut Tail,
    limits: &Limits,
    interrupt: &Interrupt,
    may_stay: bool,
) -> Ended {
    let mut grace: Option<Instant> = None;
    loop {
        // Neither reported start-up time nor the planned time of load levels counts against the timeout.
        let more = collector.start_up().saturating_add(limits.more(collector));
        let deadline = limits.deadline.and_then(|deadline| deadline.checked_add(more));
        let now = Instant::now();
        if interrupt.is_raised() {
            return Ended::Interrupted;
        }
        if may_stay && collector.is_closed() && collector.is_shared() && collector.is_well() {
            return Ended::Waits;
        }
        if (collector.is_closed() || !worker.is_connected()) && grace.is_none() {
            grace = now.checked_add(GRACE);
            // Otherwise, a shared worker would wait for its next case.
            if collector.is_shared() {
                worker.close();
            }
        }
        if grace.is_some_and(|grace| now >= grace) {
            if !collector.is_closed() {
                let last = "expected `finished`, `failed` or `skipped` as the last frame";
                collector.fail(
                    Cause::Protocol,
                    format!("{last}, found that it closed the channel and kept running"),
                );
            }
            // If all figures have arrived, a program that is slow to exit is not a failure.
            return Ended::Killed;
        }
        if grace.is_none() && deadline.is_some_and(|deadline| now >= deadline) {
            let late = match collector.ready_at() {
                Some(_) => "not done",
                None => "expected `ready` as its first frame, found nothing",
            };
            let seconds = limits.timeout.saturating_add(more).as_secs_f64();
            collector.fail(Cause::Timeout, format!("{late} after {seconds:.1} s (`timeout`)"));
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

/// Explains why a worker exited without a last message.
pub fn explain(status: ExitStatus, tail: &Tail) -> (Cause, String) {
    let (name, is_kill) = match Ending::of(status) {
        Ending::Exit(code) => {
            return (Cause::Exit, format!("the process exited with code {code} before the round had ended"));
        }
        Ending::Crash { name, is_kill } => (name, is_kill),
    };
    if tail.contains("has overflowed its stack") {
        (Cause::StackOverflow, format!("the stack overflowed ({name})"))
    } else if tail.contains("memory allocation of ") {
        (Cause::OutOfMemory, format!("an allocation failed ({name})"))
    } else if is_kill {
        (Cause::Signal, format!("{name}: another process killed it, perhaps the kernel for lack of memory"))
    } else {
        (Cause::Signal, name)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::path::Path;

    use bench_protocol::{Case, Mode};
    use bench_record::{CaseRecord, Failure};
    use bench_syntax::Category;

    /// Runs a round of a program that consists of this shell script.
    fn fails(script: &str, timeout: Duration) -> Failure {
        let program = Program::executable(Path::new("/bin/sh"))
            .expect("a folder")
            .with_arguments(["-c", script].map(Into::into));
        let case = Case::new("unit/x", Category::Unit);
        let record = CaseRecord::blank(&case.id, case.category);
        let planned = PlannedCase { program: &program, case: &case, record };
        let assignment = Assignment::new("unit/x", Mode::Once);
        let interrupt = Interrupt::listen().expect("signals");
        let mut workers = Workers::new(interrupt, None, false, None);
        let round = workers.round(&planned, &assignment, timeout).expect("not interrupted");
        round.failure.expect("it cannot be measured")
    }

    #[test]
    fn a_worker_that_never_connects_runs_into_its_timeout() {
        let failure = fails("echo asleep; exec sleep 600", Duration::from_millis(300));
        assert_eq!(failure.cause, Cause::Timeout, "{failure}");
        let silent = fails("exec sleep 600", Duration::ZERO);
        assert_eq!(silent.cause, Cause::Timeout, "{silent}");
    }

    #[test]
    fn a_worker_that_dies_before_it_connects_is_told_with_its_code_and_last_words() {
        let failure = fails("echo no such library >&2; exit 7", Duration::from_secs(60));
        assert_eq!(failure.cause, Cause::Exit, "{failure}");
        assert!(
            failure.message.contains("code 7") && failure.output_tail == "no such library\n",
            "{failure}"
        );
        let killed = fails("kill -s ABRT $$", Duration::from_secs(60));
        assert!(killed.cause == Cause::Signal && killed.message.contains("SIGABRT"), "{killed}");
    }
}
