//! Runs the rounds of all cases, interleaved, each in a separate process.

mod bar;
mod budget;
mod collect;
mod interrupt;
mod output;
mod process;
mod progress;
mod supervisor;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bench_judge::{Summarize, mark_disturbed};
use bench_machine::calibration::Watch;
use bench_protocol::{Assignment, CHANNEL_VARIABLE, Case, DeviceWishes, LoadWishes, Mode};
use bench_record::{CaseRecord, RoundRecord, RunError, file_name};
use bench_stats::seed;
use bench_syntax::quantity::nanoseconds;

use crate::program::Program;

pub use collect::Collector;
pub use interrupt::Interrupt;
pub use output::Tail;
pub use process::{LOOK_AT_MEMORY, Worker};
pub use progress::{Progress, Show};
pub use supervisor::{Workers, explain, memory_limit};

/// A case that is going to be measured.
#[derive(Clone, Debug)]
pub struct PlannedCase<'a> {
    /// The program that contains it.
    pub program: &'a Program,
    /// The case, as that program lists it.
    pub case: &'a Case,
    /// The results so far.
    pub record: CaseRecord,
}

/// Runs one round, in a separate process or not.
pub trait RoundExecutor {
    /// Runs `assignment` to its end, or ends it after `timeout`; `None` when interrupted.
    fn round(
        &mut self,
        case: &PlannedCase<'_>,
        assignment: &Assignment,
        timeout: Duration,
    ) -> Option<RoundRecord>;

    /// Called when the next round belongs to another pass: no worker continues into it, because rounds of one case
    /// must not come from one process.
    fn pass_ended(&mut self) {}

    /// Whether the last round was cut short by an interrupt, and contains the measurements until then.
    fn was_interrupted(&self) -> bool {
        false
    }
}

/// Follows a run: the journal, the progress bar.
pub trait RunObserver {
    /// A round of a case is about to begin.
    fn round_begins(&mut self, _case: &CaseRecord) {}
    /// A round of a case has ended; the case already contains it.
    fn round_ended(&mut self, _case: &CaseRecord) {}
    /// No more rounds of this case will follow.
    fn case_ended(&mut self, _case: &CaseRecord) {}
}

/// The context of rounds, which is the same for all cases.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// How the number of iterations is decided.
    pub mode: Mode,
    /// The seed of the order of rounds.
    pub seed: u64,
    /// The names of the probes to attach; all linked ones if `None`.
    pub probes: Option<Vec<String>>,
    /// The settings for cases that serve requests.
    pub load: LoadWishes,
    /// The settings of devices.
    pub devices: DeviceWishes,
    /// The folder for the rows of workers that serve requests; `None` if they are not kept.
    pub requests: Option<PathBuf>,
    /// The folder for files that benchmarks keep, with a subfolder for each case; `None` if they are not kept.
    pub artifacts: Option<PathBuf>,
}

impl RunContext {
    /// Returns the settings of round `round` of a case that serves requests. Its rows go into a separate file.
    fn load(&self, case: &str, round: usize) -> LoadWishes {
        let file = |folder: &PathBuf| folder.join(format!("{:016x}-{round}.csv", seed::hash(case)));
        LoadWishes { requests_csv: self.requests.as_ref().map(file), ..self.load.clone() }
    }

    fn assignment(&self, case: &Case, record: &CaseRecord, next: &budget::Next) -> Assignment {
        Assignment {
            case: record.id.clone(),
            locator: case.locator.clone(),
            round: record.rounds.len() as u32,
            mode: self.mode,
            warmup: record.settings.warmup,
            samples: next.samples,
            slice_ns: nanoseconds(next.slice),
            hard_stop: record.settings.max_time_is_hard,
            timeout_ns: Some(nanoseconds(next.timeout)),
            timeout_is_hard: record.settings.timeout_is_hard,
            inputs_alive: record.rounds.iter().find_map(|round| round.inputs_alive),
            probes: self.probes.clone(),
            artifacts: self.artifacts.as_ref().map(|folder| folder.join(file_name(&record.id))),
            load: self.load(&record.id, record.rounds.len()),
            devices: self.devices.clone(),
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The cases, in the order of the plan.
    pub cases: Vec<CaseRecord>,
    /// Whether it was interrupted.
    pub interrupted: bool,
}

/// Runs rounds until every case has enough, in passes: each pass runs one round of every case that needs one, in a new
/// random order, so that drift of the machine affects all cases. Within a pass, cases that can share a worker follow
/// each other. `watch` observes the machine around each round; a disturbed round does not count.
pub fn measure(
    mut cases: Vec<PlannedCase<'_>>,
    context: &RunContext,
    executor: &mut dyn RoundExecutor,
    mut watch: Option<Watch>,
    observer: &mut dyn RunObserver,
) -> Measured {
    let began = Instant::now();
    let mut active: Vec<usize> = (0..cases.len()).collect();
    let mut interrupted = false;
    for pass in 0.. {
        // Whether a round was disturbed depends on the whole run so far, which every pass extends.
        mark_disturbed_cases(&mut cases);
        if active.is_empty() || interrupted {
            break;
        }
        seed::shuffle(&mut active, seed::mix(context.seed.wrapping_add(pass)));
        bring_together(&mut active, |index| cases[index].shared_with());
        let mut still = Vec::with_capacity(active.len());
        for index in std::mem::take(&mut active) {
            let case = &mut cases[index];
            let Some(next) = budget::next(&case.record, context.mode) else {
                observer.case_ended(&case.record);
                continue;
            };
            let assignment = context.assignment(case.case, &case.record, &next);
            observer.round_begins(&case.record);
            let before = watch.as_mut().and_then(Watch::before);
            let started = Instant::now();
            let Some(mut round) = executor.round(case, &assignment, next.timeout) else {
                interrupted = true;
                break;
            };
            round.round = assignment.round;
            round.started_s = (started - began).as_secs_f64();
            round.wall_s = started.elapsed().as_secs_f64();
            if let (Some(watch), Some(before)) = (&mut watch, before) {
                round.surroundings = watch.after(before);
            }
            case.record.push(round);
            observer.round_ended(&case.record);
            still.push(index);
            if executor.was_interrupted() {
                interrupted = true;
                break;
            }
        }
        executor.pass_ended();
        active = still;
    }
    Measured { cases: cases.into_iter().map(|case| case.record).collect(), interrupted }
}

fn mark_disturbed_cases(cases: &mut [PlannedCase<'_>]) {
    mark_disturbed(cases.iter_mut().map(|case| &mut case.record));
}

/// Moves cases with the same key, which can share a worker, directly after the first of them. A case without a key
/// stays by itself.
pub fn bring_together<K: PartialEq>(active: &mut [usize], key: impl Fn(usize) -> Option<K>) {
    let mut first: Vec<(K, usize)> = Vec::new();
    let mut placed: Vec<(usize, usize)> = Vec::new();
    for (place, index) in active.iter().enumerate() {
        let key = key(*index);
        let known = key.as_ref().and_then(|key| first.iter().find(|(known, _)| known == key));
        placed.push((known.map_or(place, |(_, place)| *place), *index));
        if let (None, Some(key)) = (known, key) {
            first.push((key, place));
        }
    }
    // Stable: within a group, the shuffled order stays.
    placed.sort_by_key(|(place, _)| *place);
    for (slot, (_, index)) in active.iter_mut().zip(placed) {
        *slot = index;
    }
}

/// Program and set-up that cases must have in common to share a worker.
pub(crate) type SharedWith<'a> = (&'a Program, &'a str);

impl<'a> PlannedCase<'a> {
    /// Returns the key of cases that can share a worker with this one; `None` if it needs a separate process.
    pub(crate) fn shared_with(&self) -> Option<SharedWith<'a>> {
        self.case.set_up.as_deref().map(|set_up| (self.program, set_up))
    }
}

/// Refuses to start a run inside a worker: otherwise, a program whose `main` does not serve the runner first would
/// start workers of workers without end.
///
/// # Errors
/// Inside a worker.
pub fn refuse_inside_worker() -> Result<(), RunError> {
    if std::env::var_os(CHANNEL_VARIABLE).is_some() {
        return Err(RunError::Registry(
            "this process was started as a worker, but its `main` does not serve the runner: call \
             `bench_core::serve_if_asked()` at the start of `main`"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
