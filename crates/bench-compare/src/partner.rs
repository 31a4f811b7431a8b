//! One side's worker of a process pair: it times a batch on command.

mod round;

use bench_runner::program::{Kind, Program};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bench_os::Processors;
use bench_os::turns::Turns;
use bench_protocol::{
    Assignment, Command, DeviceChoice, DeviceWishes, FailureKind, Frame, Mode, PADDING_VARIABLE, PROTOCOL,
};
use bench_record::{Cause, Failure};
use bench_runner::rounds::{Interrupt, LOOK_AT_MEMORY, Tail, Worker, explain, memory_limit};
use bench_syntax::quantity::Bytes;

pub(super) use round::{Asked, Round, round};

/// The limits of a worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) timeout: Duration,
    pub(super) memory: Option<Bytes>,
    /// The device, if the benchmark asks for one.
    pub(super) device: DeviceChoice,
}

/// The reason why a worker times no more batches.
#[derive(Debug)]
pub(super) enum Broken {
    Interrupted,
    Failed(Failure),
    Skipped(String),
}

/// A worker in step mode. Killed when dropped.
pub(super) struct Partner<'a> {
    worker: Worker,
    tail: Tail,
    frames: VecDeque<Frame>,
    began: Instant,
    deadline: Option<Instant>,
    /// When the worker's memory was last read. It is not read after every batch: during batches of 0.1 ms, memory
    /// cannot grow much.
    looked: Instant,
    /// When the channel was closed, if it is.
    closed: Option<Instant>,
    /// The frame that it must send next, in words for an error; empty if any answer may come.
    expects: &'static str,
    /// Whether it has offered to measure several cases.
    is_shared: bool,
    /// Whether it has offered to run the lead of a batch.
    leads: bool,
    limits: Limits,
    interrupt: &'a Interrupt,
}

/// The subject of a worker: a case of one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) program: &'a Program,
    pub(super) case: &'a str,
    /// The locator of the case in this program.
    pub(super) locator: Option<&'a str>,
}

/// Returns the part of an assignment that is the same for all workers.
pub(super) fn assignment(subject: Subject<'_>, mode: Mode, limits: Limits) -> Assignment {
    let device = Some(limits.device).filter(|device| *device != DeviceChoice::Auto);
    Assignment {
        probes: Some(Vec::new()),
        devices: DeviceWishes { device, ..DeviceWishes::default() },
        locator: subject.locator.map(str::to_owned),
        ..Assignment::new(subject.case, mode)
    }
}

/// The variable for the seed of the hashes of texts in Python, which decides the order of sets and the collisions in
/// dictionaries.
const HASH_SEED_VARIABLE: &str = "PYTHONHASHSEED";

/// Whether a program may be written in Python.
fn is_foreign(program: &Program) -> bool {
    matches!(program.kind(), Kind::Python | Kind::Executable)
}

/// The time that a worker may take to drop its values after it was stopped.
const LEAVE: Duration = Duration::from_secs(60);

/// The time that a worker may take to exit after it has closed its channel.
const GRACE: Duration = Duration::from_secs(5);

impl<'a> Partner<'a> {
    /// Starts a worker and gives it its assignment, without waiting for it.
    ///
    /// # Errors
    /// The event that happened instead.
    pub(super) fn start(
        subject: Subject<'_>,
        padding: &str,
        inputs_alive: Option<u64>,
        limits: Limits,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Broken> {
        let assignment = Assignment { inputs_alive, ..assignment(subject, Mode::Step, limits) };
        Partner::begin(subject.program, assignment, None, padding, limits, interrupt)
    }

    /// Waits until a worker that was [started](Self::start) has loaded what it needs and made its first call.
    ///
    /// # Errors
    /// The event that happened instead.
    pub(super) fn settled(mut self) -> Result<Self, Broken> {
        // While the other worker was waited for, the deadline may have passed, but this worker may have answered in
        // time.
        self.listen(Duration::ZERO)?;
        self.ready()?;
        self.first_call()?;
        Ok(self)
    }

    /// Gives another case to a shared worker that has [finished](Self::finished) one, without waiting for it.
    ///
    /// # Errors
    /// [`Broken::Failed`] if the command cannot be sent.
    pub(super) fn go_on(
        &mut self,
        subject: Subject<'_>,
        inputs_alive: Option<u64>,
        limits: Limits,
    ) -> Result<(), Broken> {
        self.began = Instant::now();
        self.deadline = self.began.checked_add(limits.timeout);
        let assignment = Assignment { inputs_alive, ..assignment(subject, Mode::Step, limits) };
        self.tell(&Command::Measure(Box::new(assignment)))
    }

    /// Waits until the case is loaded and its first call has been made.
    ///
    /// # Errors
    /// The event that happened instead.
    pub(super) fn first_call(&mut self) -> Result<(), Broken> {
        loop {
            match self.frame()? {
                Frame::StartUp { ns } => self.allow(ns),
                Frame::Loaded { .. } => {}
                Frame::FirstCall { .. } => return Ok(()),
                other => return Err(self.unexpected(&other)),
            }
        }
    }

    /// Whether it has offered to measure several cases, one after the other.
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Whether it has offered to run the lead of a batch.
    pub(super) fn leads(&self) -> bool {
        self.leads
    }

    /// Starts a worker and gives it its assignment.
    fn begin(
        program: &Program,
        assignment: Assignment,
        seat: Option<(&Turns, u32)>,
        padding: &str,
        limits: Limits,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Broken> {
        let mut command = program.command();
        if let Some((turns, seat)) = seat {
            turns.lead(&mut command, seat);
        }
        command.env(PADDING_VARIABLE, padding);
        if std::env::var_os(HASH_SEED_VARIABLE).is_none() && is_foreign(program) {
            // Like the layout of memory, it differs from pair to pair and not within one.
            command.env(HASH_SEED_VARIABLE, (padding.len() + 1).to_string());
        }
        let worker = Worker::start(command)
            .map_err(|error| failed(Cause::Start, error.to_string(), Tail::new(false)))?;
        let limits = Limits { memory: memory_limit(limits.memory), ..limits };
        let mut partner = Partner {
            worker,
            tail: Tail::new(false),
            frames: VecDeque::new(),
            began: Instant::now(),
            deadline: Instant::now().checked_add(limits.timeout),
            looked: Instant::now(),
            closed: None,
            expects: "",
            is_shared: false,
            leads: false,
            limits,
            interrupt,
        };
        partner.tell(&Command::Measure(Box::new(assignment)))?;
        Ok(partner)
    }

    /// Adds the start-up time that a worker claims to its timeout; it cannot claim more than has passed.
    fn allow(&mut self, ns: u64) {
        let claimed = Duration::from_nanos(ns).min(self.began.elapsed());
        self.deadline = self.deadline.and_then(|deadline| deadline.checked_add(claimed));
    }

    /// Waits for `ready`, which must come first.
    fn ready(&mut self) -> Result<(), Broken> {
        self.expects = "`ready` as its first frame";
        match self.frame()? {
            Frame::Ready { protocol: PROTOCOL, shared, leads } => {
                (self.is_shared, self.leads) = (shared, leads);
                self.expects = "";
                Ok(())
            }
            Frame::Ready { protocol, .. } => {
                let message = format!(
                    "it speaks version {protocol} of the worker protocol, this program version {PROTOCOL}"
                );
                Err(self.fail(Cause::Protocol, message))
            }
            other => {
                let message = format!("expected `ready` as its first frame, found `{}`", other.name());
                Err(self.fail(Cause::Protocol, message))
            }
        }
    }

    /// Times one batch, in nanoseconds, after `lead` iterations that are not timed.
    ///
    /// # Errors
    /// The event that happened instead.
    pub(super) fn batch(&mut self, iterations: u64, lead: u64) -> Result<u64, Broken> {
        self.tell(&Command::Batch { iterations, lead })?;
        match self.frame()? {
            Frame::Samples { ns, iterations: timed } if ns.len() == 1 && timed == iterations => Ok(ns[0]),
            Frame::Samples { ns, iterations: timed } => {
                let message = format!(
                    "expected one time of a batch of {iterations} iterations, found {} of {timed}",
                    ns.len()
                );
                Err(self.fail(Cause::Protocol, message))
            }
            other => Err(self.unexpected(&other)),
        }
    }

    /// Stops its threads until it is [resumed](Self::resume), so that threads that wait in a loop do not occupy a
    /// processor.
    pub(super) fn pause(&self) {
        self.worker.pause();
    }

    /// Lets its threads go on.
    pub(super) fn resume(&self) {
        self.worker.resume();
    }

    /// Returns the number of its threads; 1 if it is not known.
    pub(super) fn threads(&self) -> usize {
        self.worker.threads().unwrap_or(1)
    }

    /// Returns the processor time of each of its threads so far, in nanoseconds, by thread id.
    pub(super) fn thread_times(&self) -> BTreeMap<u32, u64> {
        self.worker.thread_times()
    }

    /// Moves it to these processors.
    pub(super) fn move_to(&self, processors: &Processors) {
        self.worker.move_to(processors);
    }

    /// Stops the worker, without waiting for its end.
    ///
    /// # Errors
    /// [`Broken::Failed`] if the command cannot be sent.
    pub(super) fn stop(&mut self) -> Result<(), Broken> {
        self.tell(&Command::Stop)
    }

    /// Waits until it has finished its case, after [stop](Self::stop), because it may have to remove things such as
    /// temporary files. Returns how many inputs were alive at once; `None` if that does not matter.
    ///
    /// # Errors
    /// The event that happened instead.
    pub(super) fn finished(&mut self) -> Result<Option<u64>, Broken> {
        self.expects = "`finished` after `stop`";
        // A worker that goes on must not take as long as a case may.
        let soon = Instant::now().checked_add(LEAVE);
        self.deadline = [self.deadline, soon].into_iter().flatten().min();
        match self.frame()? {
            Frame::Finished(finish) => {
                self.expects = "";
                Ok(finish.inputs_alive)
            }
            other => Err(self.unexpected(&other)),
        }
    }

    fn tell(&mut self, command: &Command) -> Result<(), Broken> {
        match self.worker.command(command) {
            // The worker has gone; its exit, which is seen instead of an answer, shows why.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(self.fail(Cause::Protocol, format!("a command could not be sent to it: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Returns the next frame; one that reports a failure or a skip is an error.
    fn frame(&mut self) -> Result<Frame, Broken> {
        loop {
            match self.frames.pop_front() {
                Some(Frame::Failed { kind, message }) => {
                    let cause = match kind {
                        FailureKind::Panic => Cause::Panic,
                        FailureKind::Error => Cause::Error,
                    };
                    return Err(self.fail(cause, message));
                }
                Some(Frame::Skipped { reason }) => return Err(Broken::Skipped(reason)),
                Some(frame) => return Ok(frame),
                None => self.wait()?,
            }
        }
    }

    /// Waits for the next event, until the deadline.
    fn wait(&mut self) -> Result<(), Broken> {
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            let message = match self.expects {
                "" => format!("not done after {:.1} s (`--timeout`)", self.limits.timeout.as_secs_f64()),
                expected => format!("expected {expected}, found nothing until it was ended"),
            };
            return Err(self.fail(Cause::Timeout, message));
        }
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(now));
        self.listen(left.map_or(LOOK_AT_MEMORY, |left| left.min(LOOK_AT_MEMORY)))
    }

    /// Receives what the worker has sent; waits for it for at most `patience`.
    fn listen(&mut self, patience: Duration) -> Result<(), Broken> {
        let now = Instant::now();
        if self.interrupt.is_raised() {
            return Err(Broken::Interrupted);
        }
        if let Some(limit) = self.limits.memory
            && now.saturating_duration_since(self.looked) >= LOOK_AT_MEMORY
            && let Some(resident) = self.look()
            && resident > limit
        {
            let message = format!("its resident memory passed {limit} (`--max-memory`)");
            return Err(self.fail(Cause::OutOfMemory, message));
        }
        let ready = match self.worker.wait(self.interrupt, patience) {
            Ok(ready) => ready,
            Err(error) => return Err(self.fail(Cause::Protocol, format!("cannot be watched: {error}"))),
        };
        let heard = if ready.channel { self.worker.receive(&mut keep_in(&mut self.frames)) } else { Ok(()) };
        self.worker.read_output(ready, &mut self.tail);
        if let Err(wrong) = heard {
            return Err(self.fail(Cause::Protocol, wrong));
        }
        if !self.frames.is_empty() {
            return Ok(());
        }
        if !self.worker.is_connected() && self.closed.get_or_insert(now).elapsed() >= GRACE {
            let message = "expected an answer, found that it closed the channel and kept running";
            return Err(self.fail(Cause::Protocol, message.to_owned()));
        }
        match self.worker.exited() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                let heard = self.worker.drain(&mut keep_in(&mut self.frames), &mut self.tail);
                match heard {
                    Err(wrong) => Err(self.fail(Cause::Protocol, wrong)),
                    Ok(()) if !self.frames.is_empty() => Ok(()),
                    Ok(()) => {
                        let (cause, message) = explain(status, &self.tail);
                        Err(self.fail(cause, message))
                    }
                }
            }
            Err(error) => Err(self.fail(Cause::Protocol, format!("cannot be waited for: {error}"))),
        }
    }

    /// Reads the resident memory of the worker.
    fn look(&mut self) -> Option<Bytes> {
        self.looked = Instant::now();
        self.worker.resident()
    }

    fn unexpected(&mut self, frame: &Frame) -> Broken {
        let message = match frame {
            Frame::Finished(_) => "the benchmark ended without measuring".to_owned(),
            other => format!("an unexpected answer: {other:?}"),
        };
        self.fail(Cause::Protocol, message)
    }

    fn fail(&mut self, cause: Cause, message: String) -> Broken {
        failed(cause, message, std::mem::replace(&mut self.tail, Tail::new(false)))
    }
}

impl Drop for Partner<'_> {
    fn drop(&mut self) {
        self.worker.end();
    }
}

fn keep_in(frames: &mut VecDeque<Frame>) -> impl FnMut(Frame) -> Result<(), String> {
    |frame| {
        frames.push_back(frame);
        Ok(())
    }
}

fn failed(cause: Cause, message: String, tail: Tail) -> Broken {
    let mut failure = Failure::new(cause, message);
    failure.output_tail = tail.into_text();
    Broken::Failed(failure)
}
