//! The messages between runner and worker: newline-delimited JSON over a private socket.
//!
//! `docs/book/src/protocol.md` is the published description; a program in any language that follows
//! it can be a worker.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::json::{self, Decode, Encode, Json, JsonError, Members, Object, names, structure};
use crate::{Counter, DeviceChoice, ProbeReport};

/// Version of this protocol. Both sides refuse any other.
///
/// | version | what changed |
/// |---|---|
/// | 1 | first version |
/// | 2 | the list is an object with the version and the build; `start_up`; shared workers; the channel may be TCP |
pub const PROTOCOL: u32 = 2;

/// The variable whose length moves a worker's stack, and with it everything that is aligned by accident: Mytkowicz et
/// al., *Producing Wrong Data Without Doing Anything Obviously Wrong!* (ASPLOS 2009).
pub const PADDING_VARIABLE: &str = "BENCH_PADDING";

/// The maximum length of a frame, in bytes; a longer one is refused.
pub const LONGEST_FRAME: usize = 64 << 20;

/// A message from runner to worker.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Measure one case: the first command, and sent once unless the worker has offered to be shared.
    Measure(Box<Assignment>),
    /// In [`Mode::Step`]: time one batch of this many iterations.
    Batch {
        /// The number of iterations, at least 1.
        iterations: u64,
        /// The number of untimed iterations to run right before the batch. Only for workers that have offered to run a
        /// lead.
        lead: u64,
    },
    /// In [`Mode::Step`]: no more batches; finish and exit.
    Stop,
}

/// The instructions for a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The case's id.
    pub case: String,
    /// The locator of the case in the list; absent if the list has none.
    pub locator: Option<String>,
    /// The number of the round within the case, from 0.
    pub round: u32,
    /// How the number of iterations is decided.
    pub mode: Mode,
    /// The number of warm-up iterations; absent means until times are steady.
    pub warmup: Option<u64>,
    /// The exact number of samples; absent means until the slice is over.
    pub samples: Option<u64>,
    /// The time that warm-up and sampling of this round should take together, in nanoseconds.
    pub slice_ns: u64,
    /// Whether the slice ends the round even if fewer than `samples` samples have been taken.
    pub hard_stop: bool,
    /// The time after which the runner ends the round, in nanoseconds from this command; no limit when absent. A
    /// worker that serves requests ends them before, so that their measurements are kept.
    pub timeout_ns: Option<u64>,
    /// The number of inputs of `iter_batched` that are alive at once: as many as in earlier rounds. The worker decides
    /// if absent.
    pub inputs_alive: Option<u64>,
    /// Whether the user set that time. Otherwise a worker can announce that it needs more ([`Frame::Expects`]).
    pub timeout_is_hard: bool,
    /// The names of the probes to attach; absent means all linked ones.
    pub probes: Option<Vec<String>>,
    /// The folder for files that the benchmark saves (`Bencher::artifact`); nothing is saved when absent.
    pub artifacts: Option<PathBuf>,
    /// The settings for cases that serve requests.
    pub load: LoadWishes,
    /// The settings of devices.
    pub devices: DeviceWishes,
}

impl Assignment {
    /// Creates the assignment of the first round of a case, with defaults for everything else.
    pub fn new(case: impl Into<String>, mode: Mode) -> Self {
        Assignment {
            case: case.into(),
            locator: None,
            round: 0,
            mode,
            warmup: None,
            samples: None,
            slice_ns: 0,
            hard_stop: false,
            timeout_ns: None,
            inputs_alive: None,
            timeout_is_hard: false,
            probes: None,
            artifacts: None,
            load: LoadWishes::default(),
            devices: DeviceWishes::default(),
        }
    }
}

/// The settings of the user for cases that serve requests; they override those of the case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadWishes {
    /// Whether only a few requests are sent at each level, to check that it works.
    pub quick: bool,
    /// The duration of stress in place of the case's own scenario, in nanoseconds.
    pub stress_ns: Option<u64>,
    /// The percentile (0.99) that every level must support before it ends.
    pub valid_for: Option<f64>,
    /// The file to which rows of requests are written; absent if they are not written.
    pub requests_csv: Option<PathBuf>,
}

/// The settings of the user for devices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceWishes {
    /// The device for benchmarks that ask for one: `cpu`, `cuda:0`, `metal`; absent means the best available one.
    pub device: Option<DeviceChoice>,
    /// The GPUs to observe: numbers or UUIDs, separated by commas, or `all`; absent means those that the benchmark
    /// works on.
    pub gpus: Option<String>,
    /// The time between two readings of a GPU, in nanoseconds.
    pub gpu_interval_ns: Option<u64>,
}

/// How the number of iterations of a worker is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By the worker: first call, warm-up, samples.
    Sample,
    /// One iteration, to check that it works.
    Once,
    /// By the runner, batch by batch, with [`Command::Batch`].
    Step,
    /// By the worker, which runs under callgrind: first call, warm-up, and one iteration, marked for valgrind to count.
    Count,
}

/// A message from worker to runner.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// The worker is up, and has not run any of the user's code; always its first frame.
    Ready {
        /// [`PROTOCOL`].
        protocol: u32,
        /// Whether it can measure several cases, one after another: after the last frame of a round it waits for
        /// another `measure`, or for the end of the channel.
        shared: bool,
        /// Whether it runs the [lead](Command::Batch) of a batch.
        leads: bool,
    },
    /// The preparations before the case could be loaded are done: imports, the start of a runtime. Not part of the
    /// cost of the case.
    StartUp {
        /// The duration.
        ns: u64,
    },
    /// The benchmark's `load` step has ended.
    Loaded {
        /// The duration.
        ns: u64,
    },
    /// The first iteration of the process has ended.
    FirstCall {
        /// The duration.
        ns: u64,
    },
    /// The following work takes this long by its own settings, such as a level of load of 10 minutes. The runner waits
    /// that much longer than planned, unless the user asked for that time.
    Expects {
        /// The time that it takes.
        ns: u64,
    },
    /// Warm-up is over, samples follow.
    WarmedUp(WarmUp),
    /// Samples taken since the last such frame.
    Samples {
        /// Iterations in each of them.
        iterations: u64,
        /// The time of each sample, all its iterations together.
        ns: Vec<u64>,
    },
    /// The requests of a case that serves requests; sent once, when all of them have ended.
    Served(RequestLevels),
    /// The round has succeeded.
    Finished(Finish),
    /// The round has failed.
    Failed {
        /// Whether the benchmark panicked or returned an error.
        kind: FailureKind,
        /// The panic's or error's text.
        message: String,
    },
    /// The case cannot run here.
    Skipped {
        /// The reason, and what would enable the case.
        reason: String,
    },
}

impl Frame {
    /// The names of all frames.
    const NAMES: [&str; 11] = [
        "ready",
        "start_up",
        "loaded",
        "first_call",
        "expects",
        "warmed_up",
        "samples",
        "served",
        "finished",
        "failed",
        "skipped",
    ];

    /// Returns its name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Frame::Ready { .. } => "ready",
            Frame::StartUp { .. } => "start_up",
            Frame::Loaded { .. } => "loaded",
            Frame::FirstCall { .. } => "first_call",
            Frame::WarmedUp(_) => "warmed_up",
            Frame::Samples { .. } => "samples",
            Frame::Served(_) => "served",
            Frame::Finished(_) => "finished",
            Frame::Failed { .. } => "failed",
            Frame::Skipped { .. } => "skipped",
            Frame::Expects { .. } => "expects",
        }
    }
}

/// The reason why a worker ended its round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A panic, caught.
    Panic,
    /// An `Err`.
    Error,
}

/// The course of a warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct WarmUp {
    /// The number of iterations, without the first call.
    pub iterations: u64,
    /// The time of all iterations together.
    pub ns: u64,
    /// Whether times had stopped falling when warm-up ended; absent if a number of iterations was given.
    pub steady: Option<bool>,
}

/// The final report of a worker at the end of a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    /// Measured iterations.
    pub iterations: u64,
    /// The number of inputs of `iter_batched` that were alive at once; absent if the benchmark has none.
    pub inputs_alive: Option<u64>,
    /// The counters of one iteration.
    pub counters: Vec<Counter>,
    /// The reports of the probes.
    pub probes: Vec<ProbeReport>,
    /// The clock's resolution, in nanoseconds; absent in [`Mode::Count`], like the next field.
    pub clock_resolution_ns: Option<u64>,
    /// The duration of an empty iteration on this machine, in nanoseconds.
    pub empty_iteration_ns: Option<f64>,
}

/// The result of a case that serves requests: a JSON object, which passes through the protocol unchanged. A record
/// keeps it (`bench_record::Served`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLevels(String);

impl RequestLevels {
    /// Takes the text of a JSON object.
    ///
    /// # Errors
    /// If it is not one.
    pub fn from_json(text: &str) -> Result<Self, JsonError> {
        let json = Json::parse(text)?;
        // Encoded again, because a message must not contain a line break, nor a second `type`.
        Ok(RequestLevels(Members::of(&json)?.without("type")))
    }

    /// Returns the object's text, on one line.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

structure!(Assignment {
    case,
    locator: sparse,
    round,
    mode,
    warmup,
    samples,
    slice_ns,
    hard_stop,
    timeout_ns: sparse,
    inputs_alive: sparse,
    timeout_is_hard: sparse,
    probes,
    artifacts: sparse,
    load: sparse,
    devices: sparse,
});

structure!(LoadWishes { quick, stress_ns, valid_for, requests_csv });

structure!(DeviceWishes { device, gpus, gpu_interval_ns });

names!(Mode { Sample = "sample", Once = "once", Step = "step", Count = "count" });

names!(FailureKind { Panic = "panic", Error = "error" });

structure!(WarmUp { iterations, ns, steady });

structure!(Finish {
    iterations,
    inputs_alive: sparse,
    counters,
    probes,
    clock_resolution_ns,
    empty_iteration_ns
});

impl Command {
    /// Returns its name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Measure(_) => "measure",
            Command::Batch { .. } => "batch",
            Command::Stop => "stop",
        }
    }
}

impl Encode for Command {
    fn encode(&self, out: &mut String) {
        let mut object = Object::open(out);
        object.field("type", self.name());
        match self {
            Command::Measure(assignment) => assignment.put(&mut object),
            Command::Batch { iterations, lead } => {
                object.field("iterations", iterations);
                if *lead > 0 {
                    object.field("lead", lead);
                }
            }
            Command::Stop => {}
        }
        object.close();
    }
}

impl Decode for Command {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        let members = Members::of(json)?;
        let name: String = members.get("type")?;
        match name.as_str() {
            "measure" => Assignment::take(&members).map(|assignment| Command::Measure(Box::new(assignment))),
            "batch" => Ok(Command::Batch {
                iterations: members.get("iterations")?,
                lead: members.get_or_default("lead")?,
            }),
            "stop" => Ok(Command::Stop),
            _ => {
                Err(JsonError::new(format!("unknown `type` {name:?}: expected `measure`, `batch` or `stop`")))
            }
        }
    }
}

impl Encode for Frame {
    fn encode(&self, out: &mut String) {
        let mut object = Object::open(out);
        object.field("type", self.name());
        match self {
            Frame::Ready { protocol, shared, leads } => {
                object.field("protocol", protocol);
                if *shared {
                    object.field("shared", shared);
                }
                if *leads {
                    object.field("leads", leads);
                }
            }
            Frame::StartUp { ns }
            | Frame::Loaded { ns }
            | Frame::FirstCall { ns }
            | Frame::Expects { ns } => {
                object.field("ns", ns);
            }
            Frame::WarmedUp(warm_up) => warm_up.put(&mut object),
            Frame::Samples { iterations, ns } => {
                object.field("iterations", iterations).field("ns", ns);
            }
            Frame::Served(served) => {
                object.fields_of(served.as_json());
            }
            Frame::Finished(finish) => finish.put(&mut object),
            Frame::Failed { kind, message } => {
                object.field("kind", kind).field("message", message);
            }
            Frame::Skipped { reason } => {
                object.field("reason", reason);
            }
        }
        object.close();
    }
}

impl Decode for Frame {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        let members = Members::of(json)?;
        let name: String = members.get("type")?;
        Ok(match name.as_str() {
            "ready" => Frame::Ready {
                protocol: members.get("protocol")?,
                shared: members.get_or_default("shared")?,
                leads: members.get_or_default("leads")?,
            },
            "start_up" => Frame::StartUp { ns: members.get("ns")? },
            "loaded" => Frame::Loaded { ns: members.get("ns")? },
            "first_call" => Frame::FirstCall { ns: members.get("ns")? },
            "expects" => Frame::Expects { ns: members.get("ns")? },
            "warmed_up" => Frame::WarmedUp(WarmUp::take(&members)?),
            "samples" => Frame::Samples { iterations: members.get("iterations")?, ns: members.get("ns")? },
            "served" => Frame::Served(RequestLevels(members.without("type"))),
            "finished" => Frame::Finished(Finish::take(&members)?),
            "failed" => Frame::Failed { kind: members.get("kind")?, message: members.get("message")? },
            "skipped" => Frame::Skipped { reason: members.get("reason")? },
            _ => {
                let known = Frame::NAMES.map(|name| format!("`{name}`")).join(", ");
                return Err(JsonError::new(format!("unknown `type` {name:?}: expected one of {known}")));
            }
        })
    }
}

/// Writes one message and its newline in one call.
///
/// # Errors
/// If the other end has exited.
pub fn write_message(writer: &mut impl Write, message: &impl Encode) -> io::Result<()> {
    let mut line = json::to_text(message);
    line.push('\n');
    writer.write_all(line.as_bytes())
}

/// Reads one message, or `None` at the end of the stream.
///
/// # Errors
/// If the stream breaks, or if the line is too long or is not such a message.
pub fn read_message<T: Decode>(reader: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    io::Read::take(&mut *reader, LONGEST_FRAME as u64 + 1).read_until(b'\n', &mut line)?;
    if line.len() > LONGEST_FRAME {
        let message = format!("a message is longer than {} MiB", LONGEST_FRAME >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    if line.is_empty() {
        return Ok(None);
    }
    json::from_bytes(&line).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests;
