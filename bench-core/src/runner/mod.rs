//! The runner: rounds of all cases, interleaved, each in a process of its own.

mod collect;
mod in_process;
mod interrupt;
mod output;
mod process;
mod progress;
mod rounds;
mod supervisor;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::error::RunError;
use crate::plan;
use crate::protocol::{Assignment, DeviceWishes, LoadWishes, Mode};
use crate::quantity::nanoseconds;
use crate::record::{CaseRecord, RoundRecord, Settings, mark_disturbed};
use crate::reference::Watch;
use crate::report::file_name;
use crate::target::TargetResult;

pub(crate) use in_process::InProcess;
pub(crate) use interrupt::Interrupt;
pub(crate) use output::Tail;
pub(crate) use process::{PADDING_VARIABLE, Worker};
pub(crate) use progress::{Progress, Show};
pub(crate) use supervisor::{LOOK_AT_MEMORY, Workers, explain, memory_limit};

/// Runs one round; a process of its own, or not.
pub(crate) trait Execute {
    /// Runs `assignment` to its end, or ends it after `timeout`; `None` when interrupted.
    fn round(&mut self, case: &Case, assignment: &Assignment, timeout: Duration) -> Option<RoundRecord>;
}

/// Follows a run: the journal, the progress bar.
pub(crate) trait Observe {
    /// A round of a case is about to begin.
    fn round_begins(&mut self, _case: &CaseRecord) {}
    /// A round of a case has ended; the case already holds it.
    fn round_ended(&mut self, _case: &CaseRecord) {}
    /// No more rounds of this case will follow.
    fn case_ended(&mut self, _case: &CaseRecord) {}
}

/// How rounds are run.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) mode: Mode,
    pub(crate) seed: u64,
    pub(crate) probes: Option<Vec<String>>,
    pub(crate) load: LoadWishes,
    pub(crate) devices: DeviceWishes,
    /// Where workers that serve requests leave their rows; nowhere when absent.
    pub(crate) requests: Option<PathBuf>,
    /// Where benchmarks leave what they keep, a folder a case; nowhere when absent.
    pub(crate) artifacts: Option<PathBuf>,
}

impl Manner {
    /// What is wanted of round `round` of a case, if it serves requests. Its rows go into a file of its own.
    fn load(&self, case: &Case, round: usize) -> LoadWishes {
        let file = |folder: &PathBuf| folder.join(format!("{:016x}-{round}.csv", plan::hash(case.id())));
        LoadWishes { requests_csv: self.requests.as_ref().map(file), ..self.load.clone() }
    }
}

/// What has come of a run.
pub(crate) struct Outcome {
    pub(crate) cases: Vec<CaseRecord>,
    pub(crate) interrupted: bool,
}

/// The records of cases that no round has been run of yet.
pub(crate) fn plan(cases: &[Case], settings: impl Fn(&Case) -> Settings) -> Vec<CaseRecord> {
    let target = own_target();
    cases.iter().map(|case| blank(case, settings(case), target.clone())).collect()
}

/// The name of the bench target that this executable was built from: cargo adds a dash and 16
/// hexadecimal digits to it.
pub(crate) fn own_target() -> String {
    let executable = std::env::current_exe().unwrap_or_default();
    let stem = executable.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match stem.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            name.to_owned()
        }
        _ => stem,
    }
}

/// Runs rounds until every case has enough, in passes: each pass gives every case that still wants one
/// a round, in an order of its own, so that drift of the machine spreads over all cases. `watch` looks at
/// the machine around each round; a round that fell into a bad minute does not count towards what a case wants.
pub(crate) fn run(
    cases: &[Case],
    mut records: Vec<CaseRecord>,
    manner: &Manner,
    execute: &mut dyn Execute,
    mut watch: Option<Watch>,
    observe: &mut dyn Observe,
) -> Outcome {
    let began = Instant::now();
    let mut active: Vec<usize> = (0..cases.len()).collect();
    let mut pass = 0;
    while !active.is_empty() {
        // Only the run as a whole knows what is usual on this machine, and it learns with every pass.
        mark_disturbed(&mut records);
        plan::shuffle(&mut active, plan::mix(manner.seed.wrapping_add(pass)));
        pass += 1;
        let mut still = Vec::with_capacity(active.len());
        for index in active {
            let (case, record) = (&cases[index], &mut records[index]);
            let Some(next) = rounds::next(record, manner.mode) else {
                observe.case_ended(record);
                continue;
            };
            let assignment = Assignment {
                case: case.id().to_owned(),
                round: record.rounds.len() as u32,
                mode: manner.mode,
                warmup: record.settings.warmup,
                samples: next.samples,
                slice_ns: nanoseconds(next.slice),
                hard_stop: record.settings.max_time_is_hard,
                timeout_ns: Some(nanoseconds(next.timeout)),
                inputs_alive: record.rounds.iter().find_map(|round| round.inputs_alive),
                timeout_is_hard: record.settings.timeout_is_hard,
                probes: manner.probes.clone(),
                artifacts: manner.artifacts.as_ref().map(|folder| folder.join(file_name(case.id()))),
                load: manner.load(case, record.rounds.len()),
                devices: manner.devices.clone(),
            };
            observe.round_begins(record);
            let before = watch.as_mut().and_then(Watch::before);
            let started = Instant::now();
            let Some(mut round) = execute.round(case, &assignment, next.timeout) else {
                mark_disturbed(&mut records);
                return Outcome { cases: records, interrupted: true };
            };
            round.round = assignment.round;
            round.started_s = (started - began).as_secs_f64();
            round.wall_s = started.elapsed().as_secs_f64();
            if let (Some(watch), Some(before)) = (&mut watch, before) {
                round.surroundings = watch.after(before);
            }
            record.push(round);
            observe.round_ended(record);
            still.push(index);
        }
        active = still;
    }
    mark_disturbed(&mut records);
    Outcome { cases: records, interrupted: false }
}

fn blank(case: &Case, settings: Settings, target: String) -> CaseRecord {
    let benchmark = case.benchmark();
    CaseRecord {
        model: benchmark.model.map(str::to_owned),
        name: benchmark.name.to_owned(),
        arguments: case.arguments().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        tags: benchmark.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        source: benchmark.source.to_string(),
        targets: case.targets().map(TargetResult::declared).collect(),
        target,
        settings,
        ..CaseRecord::blank(case.id(), benchmark.category)
    }
}

/// Refuses to start a run inside a worker: a program whose `main` does not serve the runner first
/// would otherwise start workers of workers without end.
pub(crate) fn refuse_inside_worker() -> Result<(), RunError> {
    if std::env::var_os(crate::protocol::CHANNEL_VARIABLE).is_some() {
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
