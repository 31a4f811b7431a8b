//! Runs benchmarks from code: choose cases, measure them, and get the record.

use std::path::PathBuf;

use bench_protocol::{Case, DeviceWishes, Listing, LoadWishes};
use bench_record::{Measure, Record, RunError};
use bench_runner::plan::Wishes;
use bench_runner::program::{Opened, Program};
use bench_runner::rounds::{Interrupt, RoundExecutor};
use bench_runner::run::{self, Finished, Options};
use bench_runner::selection::{Pattern, Selection};
use bench_syntax::Category;

pub use crate::in_process::Made;
use crate::in_process::{InProcess, OfMade};
use crate::registered::Registered;
use crate::{build, registry};

/// A selection of benchmarks to run, with settings and a folder for the report.
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
#[derive(Clone, Debug, Default)]
pub struct Suite {
    crates: Vec<&'static str>,
    options: Options,
    in_process: bool,
}

impl Suite {
    /// Selects all benchmarks that are linked and not marked `ignore`. Each round runs in a fresh process. Nothing
    /// is written unless [`output_dir`](Self::output_dir) names a folder.
    ///
    /// ```
    /// use bench_core::Suite;
    ///
    /// let suite = Suite::new();
    /// ```
    pub fn new() -> Self {
        Suite::default()
    }

    /// Selects this category only. Call it again to add another category.
    ///
    /// ```
    /// use bench_core::{Category, Suite};
    ///
    /// let suite = Suite::new().category(Category::Unit).category(Category::Performance);
    /// ```
    #[must_use]
    pub fn category(mut self, category: Category) -> Self {
        self.options.selection.categories.push(category);
        self
    }

    /// Selects this model only. Call it again to add another model.
    ///
    /// ```
    /// use bench_core::Suite;
    ///
    /// let suite = Suite::new().model("resnet").model("vit");
    /// ```
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.options.selection.models.push(model.into());
        self
    }

    /// Selects only cases whose id contains `text`. Call it again to add others.
    ///
    /// ```
    /// use bench_core::Suite;
    ///
    /// let suite = Suite::new().name_contains("forward");
    /// ```
    #[must_use]
    pub fn name_contains(mut self, text: impl Into<String>) -> Self {
        self.options.selection.patterns.push(Pattern::Contains(text.into()));
        self
    }

    /// Uses `selection`, which replaces all filters that were set before.
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.options.selection = selection;
        self
    }

    /// Sets how to measure, overriding the attributes.
    #[must_use]
    pub fn wishes(mut self, wishes: Wishes) -> Self {
        self.options.wishes = wishes;
        self
    }

    /// Measures this quantity instead of time.
    #[must_use]
    pub fn measure(mut self, measure: Measure) -> Self {
        self.options.wishes.measure = measure;
        self
    }

    /// Sets how cases that serve requests are measured.
    #[must_use]
    pub fn load(mut self, wishes: LoadWishes) -> Self {
        self.options.load = wishes;
        self
    }

    /// Sets which devices are used and observed.
    #[must_use]
    pub fn devices(mut self, wishes: DeviceWishes) -> Self {
        self.options.devices = wishes;
        self
    }

    /// Writes reports into a run directory below `results`.
    ///
    /// ```
    /// use bench_core::Suite;
    ///
    /// let suite = Suite::new().output_dir("benchmark_results");
    /// ```
    #[must_use]
    pub fn output_dir(mut self, results: impl Into<PathBuf>) -> Self {
        self.options.results = Some(results.into());
        self
    }

    /// Saves the files that benchmarks pass to [`Bencher::artifact`](crate::bencher::Bencher::artifact), in
    /// `artifacts` of the run directory.
    ///
    /// ```
    /// use bench_core::Suite;
    ///
    /// let suite = Suite::new().output_dir("benchmark_results").save_artifacts();
    /// ```
    #[must_use]
    pub fn save_artifacts(mut self) -> Self {
        self.options.save_artifacts = true;
        self
    }

    /// Measures in this process, with one round per case. Nothing protects the run from its benchmarks.
    ///
    /// ```
    /// use bench_core::Suite;
    ///
    /// let suite = Suite::new().in_process();
    /// ```
    #[must_use]
    pub fn in_process(mut self) -> Self {
        self.in_process = true;
        self
    }

    /// Names the crates that must contain benchmarks, by library name.
    ///
    /// ```
    /// use bench_core::Suite;
    ///
    /// let suite = Suite::new().crates(&["my_benchmarks"]);
    /// ```
    #[must_use]
    pub fn crates(mut self, crates: &[&'static str]) -> Self {
        self.crates = crates.to_vec();
        self
    }

    /// Returns the cases that would run.
    ///
    /// # Errors
    /// [`RunError::Registry`], [`RunError::Usage`] or [`RunError::NoMatch`].
    pub fn cases(&self) -> Result<Vec<Case>, RunError> {
        let own = [own(&self.crates)?];
        Ok(run::select(&own, &self.options)?.into_iter().map(|(_, case)| case.clone()).collect())
    }

    /// Measures, and returns the record. If a benchmark fails, the failure is in the record, and is not an error.
    ///
    /// # Errors
    /// When nothing could be measured, or the reports could not be written.
    pub fn run(&self) -> Result<Record, RunError> {
        let make = |interrupt: Interrupt| -> Box<dyn RoundExecutor> { Box::new(InProcess { interrupt }) };
        let in_process: Option<run::MakeExecutor<'_>> = if self.in_process { Some(&make) } else { None };
        let finished = run::execute(&own(&self.crates)?.into(), &self.options, in_process)?;
        match finished.trouble {
            Some(trouble) => Err(trouble),
            None => Ok(finished.record),
        }
    }
}

/// Runs, in this process, one case that no attribute describes, such as one that a command creates from its arguments.
/// If `made` fails, the failure is in the record, and is not an error.
///
/// # Errors
/// When nothing could be measured.
pub fn run_made(case: Case, options: &Options, made: Made) -> Result<Finished, RunError> {
    run_made_in_turn(vec![(case, made)], options)
}

/// Runs several such cases, whose rounds take turns in a random order.
///
/// # Errors
/// When nothing could be measured.
pub fn run_made_in_turn(cases: Vec<(Case, Made)>, options: &Options) -> Result<Finished, RunError> {
    let made: Vec<(String, Made)> =
        cases.iter().map(|(case, made)| (case.id.clone(), Made::clone(made))).collect();
    let cases = cases.into_iter().map(|(case, _)| case).collect();
    let opened = Opened { program: Program::own()?, listing: Listing::new(build::build(), cases) };
    let make = |interrupt: Interrupt| -> Box<dyn RoundExecutor> {
        Box::new(OfMade { made: made.clone(), interrupt })
    };
    run::execute(&opened.into(), options, Some(&make))
}

/// Returns this program and its registered cases, which are known without starting a process.
pub(crate) fn own(crates: &[&str]) -> Result<Opened, RunError> {
    let cases = registry::cases(crates)?.into_iter().map(Registered::listed).collect();
    Ok(Opened { program: Program::own()?, listing: Listing::new(build::build(), cases) })
}
