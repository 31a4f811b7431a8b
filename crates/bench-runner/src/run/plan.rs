//! The plan of a run: everything that is decided before anything is measured.

use std::path::Path;
use std::sync::Arc;

use bench_judge::comparison::check_measure;
use bench_judge::objective::EarlierRecords;
use bench_protocol::{Build, Case, Mode};
use bench_record::{
    CaseRecord, Folder, ObjectiveResult, Parts, Record, RunError, abandoned, check_free, check_name, now_utc,
};
use bench_report::tell;
use bench_stats::seed::clock_seed;
use bench_syntax::UsageError;
use bench_syntax::objective::Objective;

use super::{Options, Selected, export};
use crate::callgrind::Valgrind;
use crate::litter;
use crate::plan::settings;
use crate::program::Opened;
use crate::rounds::{PlannedCase, RunContext};

/// Everything that is decided before anything is measured.
pub struct Plan<'a> {
    /// The cases, in the order of their programs.
    pub cases: Vec<PlannedCase<'a>>,
    pub(super) context: RunContext,
    /// When the run began.
    pub(super) timestamp: String,
    /// The earlier run to compare with.
    pub(super) baseline: Option<Arc<Record>>,
    /// The earlier runs that targets refer to.
    pub(super) earlier: EarlierRecords,
    build: Build,
}

impl<'a> Plan<'a> {
    /// Decides how the selected cases are measured. Nothing is written.
    ///
    /// # Errors
    /// If something requested does not exist: an earlier run, GPUs.
    pub fn make(selected: &[Selected<'a>], options: &Options, in_process: bool) -> Result<Self, RunError> {
        check_gpus(options)?;
        // A baseline that cannot be read is reported before measuring.
        let baseline = match &options.compare {
            Some(name) => {
                let results = options.written().unwrap_or(Path::new(""));
                let old = bench_judge::open(&Folder::resolve(results, name)?)?;
                check_measure(&old, options.wishes.measure)?;
                Some(Arc::new(old))
            }
            None => None,
        };
        let build = selected.first().map(|(program, _)| program.listing.build.clone()).unwrap_or_default();
        let cases: Vec<PlannedCase<'a>> =
            selected.iter().map(|selected| planned(*selected, options, &build, in_process)).collect();
        let records: Vec<CaseRecord> = cases.iter().map(|case| case.record.clone()).collect();
        // Now, since afterwards `latest` names this run.
        let results = options.results();
        let earlier = EarlierRecords::read(&records, results, |name| Folder::resolve(results, name));
        Ok(Plan {
            context: RunContext {
                mode: options.mode(),
                seed: options.seed.unwrap_or_else(clock_seed),
                probes: options.probes.clone(),
                load: options.load.clone(),
                devices: options.devices.clone(),
                requests: None,
                artifacts: None,
            },
            timestamp: now_utc(),
            baseline,
            earlier,
            build,
            cases,
        })
    }

    /// Returns the build of the first measured program; cases of programs that were built differently have their own.
    pub fn build(&self) -> &Build {
        &self.build
    }

    /// Creates or joins the run directory; `None` if the run is not written.
    ///
    /// # Errors
    /// When it cannot be made, or an earlier executable of the same `cargo bench` contains a case of this one.
    pub(super) fn open_folder(
        &self,
        options: &Options,
        selected: &[Selected<'a>],
    ) -> Result<Option<Folder>, RunError> {
        let Some(results) = options.written() else { return Ok(None) };
        if let Some(name) = &options.save_as {
            check_name(name)?;
            check_free(results, name)?;
        }
        litter::sweep(results);
        for run in abandoned(results) {
            // A run that cannot be sealed stays as it is, for the next run or for the user.
            if let Ok(name) = export::recover(&run) {
                tell(&format!("recovered what the run {name} had measured before it was killed"));
            }
        }
        let part = options.selection.partition.map(|part| part.share());
        options.run_id.as_deref().map_or(Ok(()), check_name)?;
        let parts = part.zip(options.run_id.as_ref()).map(|(part, run)| Parts::one(run, part));
        let folder = Folder::create(results, part, parts)?;
        check_against_earlier(&folder, selected)?;
        Ok(Some(folder))
    }

    /// The context, with the places in the run directory that workers write to.
    pub(super) fn context_in(&self, folder: Option<&Folder>, options: &Options) -> RunContext {
        RunContext {
            requests: folder.map(Folder::requests),
            artifacts: folder.filter(|_| options.save_artifacts).map(Folder::artifacts),
            ..self.context.clone()
        }
    }

    /// Finds valgrind, if instructions are to be counted.
    pub(super) fn find_valgrind(&self, in_process: bool) -> Result<Option<Valgrind>, RunError> {
        if self.context.mode != Mode::Count {
            return Ok(None);
        }
        if in_process {
            let message =
                "instructions are counted in workers that run under valgrind: leave `--in-process` out";
            return Err(UsageError(message.to_owned()).into());
        }
        Valgrind::find("--measure instructions").map(Some)
    }
}

fn planned<'a>(
    (opened, case): Selected<'a>,
    options: &Options,
    build: &Build,
    in_process: bool,
) -> PlannedCase<'a> {
    let mut settings = settings(case, &options.wishes);
    if in_process && settings.rounds.is_none() {
        // One process is one round, however long.
        settings.rounds = Some(1);
    }
    PlannedCase { program: &opened.program, case, record: blank(opened, case, build, settings) }
}

fn blank(opened: &Opened, case: &Case, build: &Build, settings: bench_record::Settings) -> CaseRecord {
    let declared = |text: &String| match Objective::parse(text) {
        Ok(objective) => ObjectiveResult::declared(&objective),
        // The error in it is reported when it is judged.
        Err(_) => ObjectiveResult::without_figure(text, bench_record::Outcome::Unsure, "not judged"),
    };
    let mut record = CaseRecord::blank(&case.id, case.category);
    record.model = case.model.as_deref().map(str::to_owned);
    record.name = case.name.to_string();
    record.arguments =
        case.arguments.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    record.tags = case.tags.clone();
    record.source = case.source.as_deref().unwrap_or_default().to_owned();
    record.targets = case.objectives.iter().map(declared).collect();
    record.target = opened.program.name().to_owned();
    record.build = (opened.listing.build != *build).then(|| opened.listing.build.clone());
    record.settings = settings;
    record
}

/// Checks that the requested GPUs exist.
fn check_gpus(options: &Options) -> Result<(), UsageError> {
    let Some(gpus) = &options.devices.gpus else { return Ok(()) };
    #[cfg(feature = "gpu")]
    return bench_gpu::check(gpus);
    #[cfg(not(feature = "gpu"))]
    Err(UsageError(format!("GPU `{gpus}` cannot be observed: this is a build without the feature `gpu`")))
}

/// Checks that ids are also unique among the executables of one `cargo bench`, which share a record.
fn check_against_earlier(folder: &Folder, selected: &[Selected<'_>]) -> Result<(), RunError> {
    let Some(earlier) = folder.earlier() else { return Ok(()) };
    match selected.iter().find_map(|(_, case)| Some((case, earlier.case(&case.id)?))) {
        Some((case, other)) => Err(RunError::Registry(format!(
            "two executables of this `cargo bench` contain the case `{}`:\n  {}\n  {}\nGive one of them another \
             `name`, or run only one executable (`cargo bench --bench NAME`)",
            case.id,
            other.source,
            case.source.as_deref().unwrap_or_default()
        ))),
        None => Ok(()),
    }
}
