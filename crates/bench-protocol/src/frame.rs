//! What runner and worker say to each other: newline-delimited JSON over a private socket.
//!
//! `docs/worker-protocol.md` is the published description; a program in any language that follows
//! it can be a worker.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Counter, DeviceChoice, ProbeReport};

/// Version of this protocol. Both sides refuse any other.
///
/// | version | what changed |
/// |---|---|
/// | 1 | first version |
/// | 2 | the list is an object with the version and the build; `start_up`; shared workers; the channel may be TCP |
pub const PROTOCOL: u32 = 2;

/// Environment variable that makes a program a worker. Its value says how to reach the runner: [`channel_value`].
pub const CHANNEL_VARIABLE: &str = "BENCH_WORKER_CHANNEL";

/// `unix:DESCRIPTOR:RUNNER`, the value of [`CHANNEL_VARIABLE`] for a worker that has inherited its end of a Unix
/// socket, with the runner's process id. Always of one length: it lies above the worker's stack, and must not move it.
pub fn channel_value(descriptor: i32, runner: u32) -> String {
    format!("unix:{descriptor:04}:{runner:010}")
}

/// Variable whose length moves a worker's stack, and with it whatever is aligned by accident: Mytkowicz et al.,
/// *Producing Wrong Data Without Doing Anything Obviously Wrong!* (ASPLOS 2009).
pub const PADDING_VARIABLE: &str = "BENCH_PADDING";

/// A frame longer than this is not one of ours.
pub const LONGEST_FRAME: usize = 64 << 20;

/// From runner to worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Measure one case: the first command, and sent once unless the worker has offered to be shared.
    Measure(Box<Assignment>),
    /// In [`Mode::Step`]: time one batch of this many iterations.
    Batch {
        /// At least 1.
        iterations: u64,
    },
    /// In [`Mode::Step`]: no more batches; finish and exit.
    Stop,
}

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The case's id.
    pub case: String,
    /// Which round of the case this is, from 0.
    pub round: u32,
    /// Who decides how many iterations.
    pub mode: Mode,
    /// Iterations of warm-up; until steady when absent.
    pub warmup: Option<u64>,
    /// Exactly this many samples; until the slice is over when absent.
    pub samples: Option<u64>,
    /// The time that warm-up and sampling of this round should take together, in nanoseconds.
    pub slice_ns: u64,
    /// Whether the slice ends the round even when `samples` have not been reached.
    pub hard_stop: bool,
    /// The time after which the runner ends the round, in nanoseconds from this command; never when absent. A worker
    /// that serves requests ends them before, so that what was measured is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ns: Option<u64>,
    /// How many inputs of `iter_batched` are to be alive at once: as many as in the rounds before. The worker decides if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs_alive: Option<u64>,
    /// Whether a person asked for that time. Otherwise a worker can say that it needs more ([`Frame::Expects`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timeout_is_hard: bool,
    /// Names of the probes to attach; all that are linked when absent.
    pub probes: Option<Vec<String>>,
    /// The folder for what the benchmark keeps (`Bencher::artifact`); nothing is
    /// kept when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<PathBuf>,
    /// What is wanted of a case that serves requests.
    #[serde(default, skip_serializing_if = "LoadWishes::is_silent")]
    pub load: LoadWishes,
    /// What is wanted of devices.
    #[serde(default, skip_serializing_if = "DeviceWishes::is_silent")]
    pub devices: DeviceWishes,
}

/// What the person who started the run wants of cases that serve requests, whatever they say themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadWishes {
    /// A few requests a level, to see that it works.
    pub quick: bool,
    /// Stress for this long instead of the case's own scenario, in nanoseconds.
    pub stress_ns: Option<u64>,
    /// Every level goes on until this percentile (0.99) is supported.
    pub valid_for: Option<f64>,
    /// The file to which rows of requests are written; none are where absent.
    pub requests_csv: Option<PathBuf>,
}

/// What the person who started the run wants of devices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceWishes {
    /// Where benchmarks should work that ask: `cpu`, `cuda:0`, `metal`; the best there is when absent.
    pub device: Option<DeviceChoice>,
    /// GPUs to observe: numbers or UUIDs, separated by commas, or `all`; those that the benchmark works on when absent.
    pub gpus: Option<String>,
    /// Time between two looks at a GPU, in nanoseconds.
    pub gpu_interval_ns: Option<u64>,
}

impl DeviceWishes {
    /// Whether nothing is wanted.
    fn is_silent(&self) -> bool {
        *self == DeviceWishes::default()
    }
}

impl LoadWishes {
    /// Whether nothing is wanted.
    fn is_silent(&self) -> bool {
        *self == LoadWishes::default()
    }
}

/// Who decides how many iterations a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The worker: first call, warm-up, samples.
    Sample,
    /// One iteration, to see that it works.
    Once,
    /// The runner, batch by batch, with [`Command::Batch`].
    Step,
    /// The worker, which runs under callgrind: first call, warm-up, and one iteration, marked for valgrind to count.
    Count,
}

/// From worker to runner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    /// The worker is up, and has not run any of the user's code; always its first frame.
    Ready {
        /// [`PROTOCOL`].
        protocol: u32,
        /// Whether it can measure several cases, one after another: after the last frame of a round it waits for
        /// another `measure`, or for the end of the channel.
        #[serde(default, skip_serializing_if = "is_false")]
        shared: bool,
    },
    /// What had to be done before the case could be loaded has been done: imports, the start of a runtime. Not part of
    /// what the case costs.
    StartUp {
        /// What it took.
        ns: u64,
    },
    /// The benchmark's `load` step has ended.
    Loaded {
        /// What it took.
        ns: u64,
    },
    /// The first iteration of the process has ended.
    FirstCall {
        /// What it took.
        ns: u64,
    },
    /// What follows takes this long by its own settings, such as a level of load of 10 minutes. The runner waits so much
    /// longer than it said, unless a person asked for that time.
    Expects {
        /// How long.
        ns: u64,
    },
    /// Warm-up is over, samples follow.
    WarmedUp(WarmUp),
    /// Samples taken since the last such frame.
    Samples {
        /// Iterations in each of them.
        iterations: u64,
        /// What each took, all its iterations together.
        ns: Vec<u64>,
    },
    /// The requests of a case that serves requests; sent once, when all of them have ended.
    Served(Box<serde_json::Value>),
    /// The round has ended well.
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
        /// Why, and what would enable it.
        reason: String,
    },
}

impl Frame {
    /// Its name on the wire.
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

fn is_false(value: &bool) -> bool {
    !value
}

/// What ended a round from inside the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// A panic, caught.
    Panic,
    /// An `Err`.
    Error,
}

/// How warm-up went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WarmUp {
    /// Iterations, the first call not counted.
    pub iterations: u64,
    /// What they took together.
    pub ns: u64,
    /// Whether times had stopped falling when warm-up ended; absent where a count was asked for.
    pub steady: Option<bool>,
}

/// What a worker knows at the end of a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// Measured iterations.
    pub iterations: u64,
    /// How many inputs of `iter_batched` were alive at once; absent if the benchmark has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs_alive: Option<u64>,
    /// What one iteration counts.
    pub counters: Vec<Counter>,
    /// What the probes saw.
    pub probes: Vec<ProbeReport>,
    /// The clock's resolution, in nanoseconds; absent in [`Mode::Count`], as is the next.
    pub clock_resolution_ns: Option<u64>,
    /// What an empty iteration takes on this machine, in nanoseconds.
    pub empty_iteration_ns: Option<f64>,
}

/// Writes one message and its newline in one call.
pub fn write_message(writer: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    writer.write_all(&line)
}

/// Reads one message, or `None` at the end of the stream.
pub fn read_message<T: DeserializeOwned>(reader: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    io::Read::take(&mut *reader, LONGEST_FRAME as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&line).map(Some).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_round_trip() {
        let frames = [
            Frame::Ready { protocol: PROTOCOL, shared: false },
            Frame::Samples { iterations: 7, ns: vec![1, 2, u64::MAX] },
            Frame::Failed { kind: FailureKind::Panic, message: "a\nb \"c\" \u{0}".to_owned() },
        ];
        let mut bytes = Vec::new();
        for frame in &frames {
            write_message(&mut bytes, frame).expect("written");
        }
        assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), frames.len());
        let mut reader = bytes.as_slice();
        for frame in &frames {
            assert_eq!(read_message::<Frame>(&mut reader).expect("read").as_ref(), Some(frame));
        }
        assert_eq!(read_message::<Frame>(&mut reader).expect("end"), None);
    }

    #[test]
    fn a_broken_message_is_an_error() {
        assert!(read_message::<Frame>(&mut &b"{\"type\":\"ready\"\n"[..]).is_err());
        assert!(read_message::<Frame>(&mut &b"hello\n"[..]).is_err());
    }
}
