//! A worker that times a whole round at once.

use bench_os::turns::Turns;
use bench_protocol::{Assignment, Frame, Mode};
use bench_runner::rounds::Interrupt;

use super::{Broken, Limits, Partner, Subject, assignment};

/// The measurement of a worker that times a whole round.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// The number of iterations in each sample.
    pub(crate) iterations: u64,
    /// The time of each sample, all its iterations together, in nanoseconds.
    pub(crate) ns: Vec<u64>,
    /// The largest number of threads that the worker was seen with.
    pub(crate) threads: usize,
}

/// The size of a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// The number of samples; if `None`, the worker decides.
    pub(crate) samples: Option<u64>,
    /// The intended time of warm-up and samples together, in nanoseconds.
    pub(crate) slice_ns: u64,
}

/// Starts a worker, has it time a round, and waits for its end.
///
/// # Errors
/// The event that happened instead.
pub(crate) fn round(
    subject: Subject<'_>,
    asked: Asked,
    seat: Option<(&Turns, u32)>,
    padding: &str,
    limits: Limits,
    interrupt: &Interrupt,
) -> Result<Round, Broken> {
    let assignment = Assignment {
        samples: asked.samples,
        slice_ns: asked.slice_ns,
        ..assignment(subject, Mode::Sample, limits)
    };
    let mut partner = Partner::begin(subject.program, assignment, seat, padding, limits, interrupt)?;
    partner.ready()?;
    let mut round = Round::default();
    loop {
        match partner.frame()? {
            Frame::StartUp { ns } => partner.allow(ns),
            Frame::Samples { iterations, ns }
                if iterations > 0 && (round.ns.is_empty() || iterations == round.iterations) =>
            {
                round.iterations = iterations;
                round.ns.extend(ns);
                round.threads = round.threads.max(partner.threads());
            }
            Frame::Finished(_) if !round.ns.is_empty() => return Ok(round),
            Frame::Loaded { .. } | Frame::FirstCall { .. } | Frame::Expects { .. } | Frame::WarmedUp(_) => {}
            other => return Err(partner.unexpected(&other)),
        }
    }
}
