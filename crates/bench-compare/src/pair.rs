//! One process pair: both sides alive, one of them working at a time.

mod alternation;
mod batches;
mod rounds;
mod workers;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::TimeSpent;
use super::partner::{Broken, Limits, Partner, Subject};
use bench_os as sys;
use bench_record::{Cause, Failure};

pub(super) use batches::measure;
pub(super) use rounds::{measure_rounds, samples_of_round};
pub(super) use workers::{Kept, Workers};

/// One of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The base.
    Base,
    /// The candidate.
    Candidate,
}

impl Role {
    /// Returns the other side.
    pub fn other(self) -> Self {
        match self {
            Role::Base => Role::Candidate,
            Role::Candidate => Role::Base,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Base => "base",
            Role::Candidate => "candidate",
        })
    }
}

/// The measurements of one process pair: batch `i` of one side ran right before or after batch `i` of the other. For
/// programs that time whole rounds only, a batch is a sample, and the samples of one side ran before those of the
/// other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The side that was started, warmed up and measured first.
    pub first: Role,
    /// The number of iterations in each batch.
    pub iterations: u64,
    /// The time of each batch of the base, all its iterations together, in nanoseconds.
    pub base_ns: Vec<u64>,
    /// The time of each batch of the candidate, all its iterations together, in nanoseconds.
    pub candidate_ns: Vec<u64>,
    /// How often the processes of both sides handed their turn over, if processes of another harness took turns sample
    /// by sample; 0 if they did not, or in documents of earlier versions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub handed_over: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Pair {
    /// Returns the log ratios candidate/base of neighbouring batches.
    pub fn log_ratios(&self) -> Vec<f64> {
        let logs = self.base_ns.iter().zip(&self.candidate_ns);
        logs.map(|(base, candidate)| (*candidate as f64 / *base as f64).ln()).collect()
    }

    /// Returns the size of a batch: its iterations, the median time of the batches of both sides, and the `lead`;
    /// `None` if there is no batch.
    fn batch(&self, lead: u64) -> Option<Batch> {
        let mut all: Vec<u64> = self.base_ns.iter().chain(&self.candidate_ns).copied().collect();
        all.sort_unstable();
        Some(Batch { iterations: self.iterations, ns: *all.get(all.len() / 2)?, lead })
    }

    /// Returns how the given seconds were spent.
    fn time_of_batches(&self, seconds: f64) -> TimeSpent {
        let timed_s = self.base_ns.iter().chain(&self.candidate_ns).sum::<u64>() as f64 / 1e9;
        TimeSpent { timed_s, between_s: (seconds - timed_s).max(0.0), ..TimeSpent::default() }
    }

    /// Returns the same pair; an error if a batch took 0 ns.
    fn checked(self) -> Result<Self, (Role, Broken)> {
        let still = |times: &[u64]| times.contains(&0);
        let impossible = |side| {
            let iterations = self.iterations;
            let message =
                format!("a batch of {iterations} iterations took 0 ns: there is nothing to compare");
            Err((side, Broken::Failed(Failure::new(Cause::Protocol, message))))
        };
        match (still(&self.base_ns), still(&self.candidate_ns)) {
            (true, _) => impossible(Role::Base),
            (false, true) => impossible(Role::Candidate),
            (false, false) => Ok(self),
        }
    }

    /// Returns the seconds per iteration of each batch of one side.
    pub fn times(&self, side: Role) -> impl Iterator<Item = f64> + '_ {
        let batches = match side {
            Role::Base => &self.base_ns,
            Role::Candidate => &self.candidate_ns,
        };
        let iterations = self.iterations.max(1) as f64;
        batches.iter().map(move |ns| *ns as f64 / 1e9 / iterations)
    }
}

/// The size of a batch, as learned from earlier pairs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) iterations: u64,
    /// Its approximate time, in nanoseconds.
    pub(super) ns: u64,
    /// The number of iterations that run right before it and are not timed.
    pub(super) lead: u64,
}

/// How a pair is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrangement<'a> {
    pub(super) base: Subject<'a>,
    pub(super) candidate: Subject<'a>,
    pub(super) first: Role,
    /// The size of a batch; `None` if it is still to be found.
    pub(super) batch: Option<Batch>,
    /// The largest number of threads that a worker has had; `None` if it is not known yet.
    pub(super) threads: Option<usize>,
    /// The number of inputs that both sides keep alive at once; if `None`, each side decides for itself.
    pub(super) inputs_alive: Option<u64>,
    /// The number of samples of a round, if whole rounds take turns; if `None`, the worker decides.
    pub(super) samples: Option<u64>,
    /// The number of batches of each side, if they fit into the slice.
    pub(super) batches: usize,
    /// The time that measuring should take, in nanoseconds.
    pub(super) slice_ns: u64,
    /// The length of the padding in the environment of both workers, in bytes.
    pub(super) padding: usize,
    /// The share by which the candidate does more work than it reports.
    pub(super) inject: f64,
    pub(super) limits: Limits,
    /// The processors that both workers and this program are to share.
    pub(super) place: &'a Place,
}

/// The processors of a pair. An empty list means all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The processors while both workers start.
    pub(super) start: Vec<usize>,
    /// The processors while both workers are measured.
    pub(super) measure: Vec<usize>,
}

impl<'a> Arrangement<'a> {
    fn subject(&self, side: Role) -> Subject<'a> {
        match side {
            Role::Base => self.base,
            Role::Candidate => self.candidate,
        }
    }
}

/// A pair, and what was learned for the next pairs.
pub(super) struct Measured {
    pub(super) pair: Pair,
    /// The size of its batches, if batches were timed.
    pub(super) batch: Option<Batch>,
    pub(super) time: TimeSpent,
    /// The largest number of threads of one of the workers at its end or, for whole rounds, at any time; `None` if that
    /// is not known.
    pub(super) threads: Option<usize>,
    /// The number of inputs that each side kept alive at once.
    pub(super) inputs_alive: [Option<u64>; 2],
}

/// Keeps this thread, and the processes that it starts, on some processors until dropped. Holds the processors that the
/// thread had before; `None` if it may not choose, so that the scheduler does.
struct Pinned(Option<sys::Processors>);

impl Pinned {
    /// Keeps this thread on these processors; an empty list means all of them.
    fn to(cpus: &[usize]) -> Self {
        let before = sys::processors();
        Pinned(before.filter(|before| sys::use_processors(&chosen(cpus, before))))
    }

    /// Moves this thread and some workers to other processors; an empty list means all of them.
    fn move_to(&self, cpus: &[usize], workers: [&Partner<'_>; 2]) {
        if let Some(before) = &self.0 {
            let processors = chosen(cpus, before);
            sys::use_processors(&processors);
            workers.into_iter().for_each(|worker| worker.move_to(&processors));
        }
    }
}

/// Returns the processors of a list, or `all` if the list is empty.
fn chosen(cpus: &[usize], all: &sys::Processors) -> sys::Processors {
    if cpus.is_empty() { all.clone() } else { sys::Processors::of(cpus) }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            sys::use_processors(before);
        }
    }
}
