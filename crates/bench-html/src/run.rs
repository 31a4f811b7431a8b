//! One run: its cases, its load, its machine.

use bench_judge::Summarize;
use bench_record::{
    CaseRecord, Check, Environment, Failure, InProgress, Metric, ObjectiveResult, ObjectiveSummary,
    ProbeState, Record, RunState, Status, Summary, Time,
};
use bench_syntax::quantity::{Bytes, Seconds};
use serde::Serialize;

use crate::load::Load;
use crate::rounds::Rounds;

/// One run: the figures of its rounds, and as many samples as are drawn. All samples are in `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    run: String,
    timestamp: String,
    state: RunState,
    summary: Summary,
    targets: Option<ObjectiveSummary>,
    /// The machine and the build: names and values.
    environment: Vec<(&'static str, String)>,
    checks: Vec<Check>,
    probes: Vec<ProbeState>,
    warnings: Vec<String>,
    cases: Vec<Case>,
    loads: Vec<Load>,
    /// The progress of the run; `None` if it has ended.
    progress: Option<InProgress>,
}

/// A warning of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Warning {
    /// The kind of the warning, which is the same for the equivalent warnings of other cases.
    kind: String,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Case {
    id: String,
    status: Status,
    failure: Option<Failure>,
    skip_reason: Option<String>,
    time: Option<Time>,
    /// The number of instructions per iteration, if they were counted instead of the time.
    instructions: Option<u64>,
    first_call_s: Option<Seconds>,
    load_s: Option<Seconds>,
    cpu_time_s: Option<Seconds>,
    peak_memory_bytes: Option<Bytes>,
    metrics: Vec<Metric>,
    observed: Vec<Metric>,
    targets: Vec<ObjectiveResult>,
    /// The reason why the figures are not valid; `None` if they are.
    harness_bound: Option<String>,
    warnings: Vec<Warning>,
    /// The place of the function in the source.
    source: String,
    rounds: Option<Rounds>,
}

impl Run {
    /// Summarizes a record.
    pub fn of(record: &Record) -> Self {
        Run {
            run: record.run.clone(),
            timestamp: record.timestamp.clone(),
            state: record.state,
            summary: record.summary,
            targets: record.targets,
            environment: environment(&record.environment),
            checks: record.environment.quietness.clone(),
            probes: record.environment.probes.clone(),
            warnings: record.warnings.clone(),
            cases: record.cases.iter().map(|case| Case::of(case, record.cases.len())).collect(),
            loads: Load::all(record),
            progress: None,
        }
    }

    /// Sets the progress of the run; `None` if it has ended.
    #[must_use]
    pub fn in_progress(self, progress: Option<InProgress>) -> Self {
        Run { progress, ..self }
    }

    /// Whether both are the same run, perhaps at different times.
    pub fn is_same(&self, other: &Run) -> bool {
        self.run == other.run
    }
}

impl Case {
    fn of(case: &CaseRecord, cases: usize) -> Self {
        let warnings = case.notices().into_iter();
        Case {
            id: case.id.clone(),
            status: case.status,
            failure: case.failure.clone(),
            skip_reason: case.skip_reason.clone(),
            time: case.time.clone(),
            instructions: case.counts.as_ref().map(|counts| counts.iteration.instructions),
            first_call_s: case.first_call_s,
            load_s: case.load_s,
            cpu_time_s: case.cpu_time_s,
            peak_memory_bytes: case.peak_memory_bytes,
            metrics: case.metrics.clone(),
            observed: case.observed.clone(),
            targets: case.targets.clone(),
            warnings: warnings
                .map(|notice| Warning { kind: notice.kind.into_owned(), text: notice.text })
                .collect(),
            // The page shows this next to the figures.
            harness_bound: case.invalid(),
            source: case.source.clone(),
            rounds: Rounds::of(case, cases),
        }
    }
}

/// Returns the known properties of machine and build; the others are left out.
fn environment(environment: &Environment) -> Vec<(&'static str, String)> {
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    let tree = environment.dirty.map(|dirty| if dirty { "with uncommitted changes" } else { "clean" });
    let gpus = (!environment.gpus.is_empty()).then(|| environment.gpus.join(", "));
    let features = Some(environment.target_features.clone()).filter(|features| !features.is_empty());
    let references = environment.references.map(|references| {
        format!(
            "an addition {:.3} ns, a step through memory {:.1} ns",
            references.clock_step_ns, references.walk_step_ns
        )
    });
    let known = [
        ("commit", environment.commit.clone()),
        ("working tree", tree.map(str::to_owned)),
        ("toolchain", Some(environment.toolchain.clone())),
        ("target", Some(environment.target.clone())),
        ("target features", features),
        ("opt-level", Some(environment.opt_level.clone())),
        ("debug assertions", environment.debug_assertions.then(|| "on".to_owned())),
        ("operating system", environment.os.clone()),
        ("processor", environment.cpu.clone()),
        ("cores", environment.cores.map(|cores| cores.to_string())),
        ("memory", environment.memory_bytes.map(|bytes| bytes.to_string())),
        ("governor", environment.governor.clone()),
        ("load average", environment.load.map(|load| format!("{load:.2}"))),
        ("stolen time", environment.steal.map(share)),
        ("GPU", gpus),
        ("GPU driver", environment.gpu_driver.clone()),
        ("reference kernels", references),
    ];
    let filled = |(name, value): (&'static str, Option<String>)| {
        Some((name, value?)).filter(|(_, text)| !text.is_empty())
    };
    known.into_iter().filter_map(filled).collect()
}
