//! Runs from code: choose cases, measure them, get the record back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::benchmark::Category;
use crate::case::Case;
use crate::comparison::{self, Comparison};
use crate::counting::Valgrind;
use crate::error::{RunError, UsageError};
use crate::plan::{self, Wishes};
use crate::probe::{self, ProbeState};
use crate::protocol::{DeviceWishes, LoadWishes, Mode};
use crate::quantity::Bytes;
use crate::quietness::Examination;
use crate::record::{
    self, CaseRecord, Environment, FORMAT, Folder, Journal, Measure, Record, References, RunState,
    SCHEMA_VERSION, Summary,
};
use crate::reference::Watch;
use crate::registry;
use crate::report::tell;
use crate::runner::{self, Execute, InProcess, Interrupt, Manner, Observe, Progress, Show, Workers};
use crate::selection::{Pattern, Selection};
use crate::target::{self, EarlierRecords, TargetSummary};

/// Which benchmarks to run, how, and where their report goes.
///
/// ```no_run
/// use bench_core::{Category, Suite};
///
/// fn main() -> Result<(), bench_core::RunError> {
///     bench_core::serve_if_asked();
///     let record = Suite::new().model("resnet").category(Category::Performance).run()?;
///     for case in &record.cases {
///         println!("{}: {:?}", case.id, case.time.as_ref().map(|time| time.median_s));
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Suite {
    pub(crate) crates: Vec<&'static str>,
    pub(crate) selection: Selection,
    pub(crate) wishes: Wishes,
    pub(crate) results: Option<PathBuf>,
    pub(crate) save_as: Option<String>,
    pub(crate) compare: Option<String>,
    pub(crate) threshold: Option<f64>,
    pub(crate) seed: Option<u64>,
    pub(crate) probes: Option<Vec<String>>,
    pub(crate) max_memory: Option<Bytes>,
    pub(crate) in_process: bool,
    pub(crate) once: bool,
    pub(crate) show: Show,
    pub(crate) echo: bool,
    pub(crate) load: LoadWishes,
    pub(crate) save_artifacts: bool,
    pub(crate) devices: DeviceWishes,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Finished {
    /// What this run has measured.
    pub record: Record,
    /// Where its reports are, if they were written.
    pub folder: Option<PathBuf>,
    /// How it compares with the earlier run that was asked for.
    pub comparison: Option<Comparison>,
    /// What went wrong after measuring: reports that could not be written.
    pub trouble: Option<RunError>,
}

impl Default for Suite {
    fn default() -> Self {
        Suite::new()
    }
}

impl Suite {
    /// All benchmarks that are linked and not marked `ignore`, each in processes of its own. Nothing is
    /// written unless [`output_dir`](Self::output_dir) says where.
    pub fn new() -> Self {
        Suite {
            crates: Vec::new(),
            selection: Selection::default(),
            wishes: Wishes::default(),
            results: None,
            save_as: None,
            compare: None,
            threshold: None,
            seed: None,
            probes: None,
            max_memory: None,
            in_process: false,
            once: false,
            show: Show::Nothing,
            echo: false,
            load: LoadWishes::default(),
            save_artifacts: false,
            devices: DeviceWishes::default(),
        }
    }

    /// Only this category; called again, that one too.
    #[must_use]
    pub fn category(mut self, category: Category) -> Self {
        self.selection.categories.push(category);
        self
    }

    /// Only this model; called again, that one too.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.selection.models.push(model.into());
        self
    }

    /// Only cases whose id contains `text`; called again, those too.
    #[must_use]
    pub fn name_contains(mut self, text: impl Into<String>) -> Self {
        self.selection.patterns.push(Pattern::Contains(text.into()));
        self
    }

    /// Any other filter; replaces those set before.
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// How to measure, where the attributes say otherwise or nothing.
    #[must_use]
    pub fn wishes(mut self, wishes: Wishes) -> Self {
        self.wishes = wishes;
        self
    }

    /// Measures this instead of time.
    #[must_use]
    pub fn measure(mut self, measure: Measure) -> Self {
        self.wishes.measure = measure;
        self
    }

    /// What is wanted of cases that serve requests.
    #[must_use]
    pub fn load(mut self, wishes: LoadWishes) -> Self {
        self.load = wishes;
        self
    }

    /// What is wanted of devices.
    #[must_use]
    pub fn devices(mut self, wishes: DeviceWishes) -> Self {
        self.devices = wishes;
        self
    }

    /// Writes reports into a run directory below `results`.
    #[must_use]
    pub fn output_dir(mut self, results: impl Into<PathBuf>) -> Self {
        self.results = Some(results.into());
        self
    }

    /// Keeps what benchmarks hand to [`Bencher::artifact`](crate::bencher::Bencher::artifact) in `artifacts` of the
    /// run directory.
    #[must_use]
    pub fn save_artifacts(mut self) -> Self {
        self.save_artifacts = true;
        self
    }

    /// Measures in this process: one round a case, and nothing protects the run from its benchmarks.
    #[must_use]
    pub fn in_process(mut self) -> Self {
        self.in_process = true;
        self
    }

    /// Crates that must have brought benchmarks, by library name.
    #[must_use]
    pub fn crates(mut self, crates: &[&'static str]) -> Self {
        self.crates = crates.to_vec();
        self
    }

    /// The cases that would run.
    ///
    /// # Errors
    /// [`RunError::Registry`], [`RunError::Usage`] or [`RunError::NoMatch`].
    pub fn cases(&self) -> Result<Vec<Case>, RunError> {
        plan::check(&self.wishes)?;
        self.selection.apply(registry::cases(&self.crates)?)
    }

    /// How a case would be measured.
    pub fn settings(&self, case: &Case) -> record::Settings {
        let mut settings = plan::settings(case, &self.wishes);
        if self.in_process && settings.rounds.is_none() {
            // One process is one round, however long.
            settings.rounds = Some(1);
        }
        settings
    }

    /// Measures, and returns the record. What benchmarks do wrong is in the record; it is no error.
    ///
    /// # Errors
    /// Where nothing could be measured, or the reports could not be written.
    pub fn run(&self) -> Result<Record, RunError> {
        let finished = self.execute()?;
        match finished.trouble {
            Some(trouble) => Err(trouble),
            None => Ok(finished.record),
        }
    }

    pub(crate) fn execute(&self) -> Result<Finished, RunError> {
        runner::refuse_inside_worker()?;
        let cases = self.cases()?;
        self.check_probes()?;
        self.check_gpus()?;
        let valgrind = self.find_valgrind()?;
        let results = self.results.as_deref().filter(|_| !self.once);
        // Before measuring, and before anything is written: a baseline that cannot be read should cost neither.
        let baseline = match &self.compare {
            Some(name) => {
                let old = record::open(&Folder::resolve(results.unwrap_or(Path::new("")), name)?)?;
                comparison::check_measure(&old, self.wishes.measure)?;
                Some(Arc::new(old))
            }
            None => None,
        };
        let folder = results.map(|results| self.open_folder(results)).transpose()?;
        if let Some(folder) = &folder {
            check_against_earlier(folder, &cases)?;
        }
        let finished = self.run_cases(&cases, folder, valgrind, baseline.clone())?;
        let comparison =
            baseline.map(|old| self.compare_with(&old, &finished.record, results.unwrap_or(Path::new(""))));
        Ok(Finished { comparison, ..finished })
    }

    fn compare_with(&self, old: &Record, new: &Record, results: &Path) -> Comparison {
        let target = runner::own_target();
        let threshold = self.threshold.unwrap_or_else(|| self.wishes.measure.threshold());
        Comparison::of_runs(old, new, results, threshold, |case| {
            // What was left out for being marked `ignore` is still there.
            case.target == target && self.selection.would_take(case) && registry::find(&case.id).is_none()
        })
    }

    fn open_folder(&self, results: &Path) -> Result<Folder, RunError> {
        if let Some(name) = &self.save_as {
            record::check_name(name)?;
            record::check_free(results, name)?;
        }
        for run in record::recover(results) {
            tell(&format!("recovered what the run {run} had measured before it was killed"));
        }
        Folder::create(results)
    }

    fn run_cases(
        &self,
        cases: &[Case],
        folder: Option<Folder>,
        valgrind: Option<Valgrind>,
        baseline: Option<Arc<Record>>,
    ) -> Result<Finished, RunError> {
        let mut environment = if self.once { Environment::default() } else { Environment::capture() };
        // How quiet the machine is does not matter to a count.
        let counts = valgrind.is_some();
        let examination = (!self.once && !counts).then(Examination::begin);
        environment.quietness = examination.as_ref().map(Examination::before).unwrap_or_default();
        let (timestamp, seed) = (record::now_utc(), self.seed.unwrap_or_else(plan::clock_seed));
        let records = runner::plan(cases, |case| self.settings(case));
        // Now, since afterwards `latest` names this run.
        let results = self.results.as_deref().unwrap_or(Path::new(""));
        let earlier = EarlierRecords::read(&records, results, |name| Folder::resolve(results, name));
        let journal =
            folder.as_ref().map(|folder| folder.journal(&environment, &timestamp, seed)).transpose()?;
        let mut observer =
            Observer { journal: None, trouble: None, progress: Progress::new(&records, self.show) };
        if let Some(mut journal) = journal {
            records.iter().try_for_each(|case| journal.case(case))?;
            observer.journal = Some(journal);
        }
        let interrupt = Interrupt::listen().map_err(|error| RunError::io("listen for signals", "", error))?;
        let mut execute: Box<dyn Execute> = if self.in_process {
            Box::new(InProcess { interrupt })
        } else {
            Box::new(Workers::new(interrupt, self.max_memory, self.echo, valgrind)?)
        };
        let manner = Manner {
            mode: self.mode(),
            seed,
            probes: self.probes.clone(),
            load: self.load.clone(),
            devices: self.devices.clone(),
            requests: folder.as_ref().map(Folder::requests),
            artifacts: folder.as_ref().filter(|_| self.save_artifacts).map(Folder::artifacts),
        };
        let ticks = record::CpuTicks::now();
        // Not where a debugger or profiler looks on, nor where nothing is timed.
        let watch = (!self.in_process && !self.once && !counts).then(Watch::new);
        let outcome = runner::run(cases, records, &manner, execute.as_mut(), watch, &mut observer);
        let journal_trouble = observer.end();

        environment.quietness = examination.map(Examination::end).unwrap_or_default();
        environment.steal = ticks.and_then(|before| record::CpuTicks::now()?.steal_since(before));
        environment.references = References::typical(outcome.cases.iter().flat_map(|case| &case.rounds));
        let mut record = build(
            outcome,
            environment,
            timestamp,
            seed,
            folder.as_ref().map(Folder::run).unwrap_or_default(),
        );
        record.warnings.extend(
            journal_trouble.map(|error| format!("{error}: a crash would have lost what was measured")),
        );
        target::settle(&mut record, &earlier);
        let Some(folder) = folder else {
            return Ok(Finished { record, folder: None, comparison: None, trouble: None });
        };
        let path = folder.path();
        let trouble = match self.seal(folder, record.clone(), &earlier, baseline) {
            Ok(sealed) => {
                adopt_targets(&mut record, &sealed);
                None
            }
            Err(trouble) => Some(trouble),
        };
        Ok(Finished { record, folder: Some(path), comparison: None, trouble })
    }

    fn seal(
        &self,
        folder: Folder,
        record: Record,
        earlier: &EarlierRecords,
        baseline: Option<Arc<Record>>,
    ) -> Result<Record, RunError> {
        let run = folder.run().to_owned();
        let sealed = folder.seal(record, earlier, baseline)?;
        if let (Some(name), Some(results)) = (&self.save_as, &self.results) {
            record::point(results, name, &run)?;
        }
        Ok(sealed)
    }

    fn mode(&self) -> Mode {
        match self.wishes.measure {
            _ if self.once => Mode::Once,
            Measure::Time => Mode::Sample,
            Measure::Instructions => Mode::Count,
        }
    }

    /// What counts instructions, if they are to be counted.
    fn find_valgrind(&self) -> Result<Option<Valgrind>, RunError> {
        if self.mode() != Mode::Count {
            return Ok(None);
        }
        if self.in_process {
            let message =
                "instructions are counted in workers that run under valgrind: leave `--in-process` out";
            return Err(UsageError(message.to_owned()).into());
        }
        Valgrind::find().map(Some)
    }

    /// Whether the GPUs that were asked for are there.
    fn check_gpus(&self) -> Result<(), UsageError> {
        let Some(gpus) = &self.devices.gpus else { return Ok(()) };
        #[cfg(feature = "gpu")]
        return probe::gpu::check(gpus);
        #[cfg(not(feature = "gpu"))]
        Err(UsageError(format!(
            "GPU `{gpus}` cannot be observed: this is a build without the feature `gpu` of bench-core"
        )))
    }

    fn check_probes(&self) -> Result<(), UsageError> {
        let known = probe::names();
        match self.probes.iter().flatten().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(UsageError::unknown("probe", unknown, crate::nearest::rank(unknown, known))),
            None => Ok(()),
        }
    }
}

/// What was said of the targets of `record` once the cases of earlier executables of the same `cargo bench`, to which
/// they may refer, were there.
fn adopt_targets(record: &mut Record, sealed: &Record) {
    for case in &mut record.cases {
        if let Some(judged) = sealed.case(&case.id) {
            case.targets.clone_from(&judged.targets);
        }
    }
    record.targets = TargetSummary::of(&record.cases);
}

/// Two executables of one `cargo bench` share a record, in which ids must be unique too.
fn check_against_earlier(folder: &Folder, cases: &[Case]) -> Result<(), RunError> {
    let Some(earlier) = folder.earlier() else { return Ok(()) };
    match cases.iter().find_map(|case| Some((case, earlier.case(case.id())?))) {
        Some((case, other)) => Err(RunError::Registry(format!(
            "two executables of this `cargo bench` hold the case `{}`:\n  {}\n  {}\nGive one of them another `name`, or run one executable only (`cargo bench --bench NAME`)",
            case.id(),
            other.source,
            case.benchmark().source
        ))),
        None => Ok(()),
    }
}

fn build(
    outcome: runner::Outcome,
    environment: Environment,
    timestamp: String,
    seed: u64,
    run: &str,
) -> Record {
    let mut cases = outcome.cases;
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    let environment = Environment { probes: ProbeState::over(&cases), ..environment };
    let warnings = environment.warnings();
    Record {
        format: FORMAT.to_owned(),
        schema_version: SCHEMA_VERSION,
        run: run.to_owned(),
        timestamp,
        sealed: record::now_utc(),
        state: if outcome.interrupted { RunState::Interrupted } else { RunState::Complete },
        summary: Summary::of(&cases),
        targets: None,
        environment,
        seed,
        warnings,
        cases,
    }
}

/// Keeps the journal and shows progress.
struct Observer {
    journal: Option<Journal>,
    /// The first failure to write; measuring goes on without a journal.
    trouble: Option<RunError>,
    progress: Progress,
}

impl Observer {
    /// Takes the progress bar away.
    fn end(self) -> Option<RunError> {
        self.trouble
    }
}

impl Observe for Observer {
    fn round_begins(&mut self, case: &CaseRecord) {
        self.progress.round_begins(case);
    }

    fn round_ended(&mut self, case: &CaseRecord) {
        self.progress.round_ended(case);
        if let (Some(journal), Some(round)) = (&mut self.journal, case.rounds.last())
            && let Err(error) = journal.round(&case.id, round)
        {
            tell(&format!("warning: {error}; measuring goes on"));
            self.trouble = Some(error);
            self.journal = None;
        }
    }

    fn case_ended(&mut self, case: &CaseRecord) {
        self.progress.case_ended(case);
    }
}
