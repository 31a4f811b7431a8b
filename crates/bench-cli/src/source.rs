//! Resolves the name of a side of a comparison.

use bench_runner::program::{Kind, ListLimits, Program};
use std::path::{Path, PathBuf};

use bench_adapters::Python;
use bench_compare::{Checkout, Side};
use bench_record as record;
use bench_record::{Record, RunError};
use bench_syntax::UsageError;

/// The meaning of a side's name.
pub(crate) enum Source {
    /// Programs that can be run.
    Live(Side),
    /// An earlier run.
    Record(Box<Run>),
}

/// An earlier run.
pub(crate) struct Run {
    /// The record of the run.
    pub(crate) record: Record,
    /// The folder of all runs that contains the run.
    pub(crate) results: PathBuf,
}

/// The folders and settings with which a side's name is resolved.
pub(crate) struct Search<'a> {
    /// The folder of all runs.
    pub(crate) results: &'a Path,
    /// Arguments of the `cargo bench` that builds.
    pub(crate) cargo_arguments: &'a [String],
    /// How Python benchmarks are run.
    pub(crate) python: &'a Python,
    /// Whether the other side has a different interpreter, so that the name alone does not say which side is meant.
    pub(crate) names_interpreter: bool,
    /// The folder whose revisions can be named: the working directory, or that of Python benchmarks.
    pub(crate) subject: &'a Path,
    pub(crate) limits: ListLimits,
    /// The number of layouts in which each program is linked.
    pub(crate) layouts: usize,
}

impl Search<'_> {
    /// Returns the name of a side for reports.
    fn label(&self, name: &str) -> String {
        match &self.python.interpreter {
            Some(interpreter) if self.names_interpreter => format!("{name} with {}", interpreter.display()),
            _ => name.to_owned(),
        }
    }
}

/// Finds out what `name` means, and builds it if it must be built.
pub(crate) fn open(name: &str, search: &Search<'_>) -> Result<Source, RunError> {
    let found = find(name, search)?;
    if search.layouts > 1 && !found.is_linked() {
        return Err(UsageError(format!(
            "`--layouts` needs Rust code that cargo builds, but `{name}` is {}: name a folder with a Cargo.toml or \
             a git revision of Rust code, or leave `--layouts` out",
            found.what()
        ))
        .into());
    }
    Ok(found)
}

impl Source {
    /// Whether all programs of the source were linked in several layouts.
    fn is_linked(&self) -> bool {
        match self {
            Source::Live(side) => side.programs().iter().all(|opened| !opened.program.layouts().is_empty()),
            Source::Record(_) => false,
        }
    }

    /// Returns the kind of a source that cargo does not build, in words.
    fn what(&self) -> &'static str {
        match self {
            Source::Record(_) => "a record",
            Source::Live(side)
                if side.programs().iter().any(|opened| opened.program.kind() == Kind::Python) =>
            {
                "Python"
            }
            Source::Live(_) => "an executable",
        }
    }
}

fn find(name: &str, search: &Search<'_>) -> Result<Source, RunError> {
    let Search { results, cargo_arguments, python, subject, limits, layouts, .. } = search;
    let label = &search.label(name);
    let path = &record::followed(Path::new(name));
    let checkout = |folder: &Path| {
        Checkout::new(folder, cargo_arguments).with_python((*python).clone()).with_layouts(*layouts)
    };
    let (here, checkout) = (checkout(path), checkout(subject));
    let commit = checkout.commit(name);
    // A name with a slash, `.` or `..` is a path or a revision; a bare word may be anything, but must not be ambiguous.
    let bare = !name.contains('/') && name != "." && name != "..";
    let is_run = bare && (name == record::LATEST || results.join(name).exists());
    let run = if is_run { record::resolve(results, name).ok() } else { None };
    let meanings: Vec<String> = [
        path.exists().then(|| format!("the path ./{name}")),
        commit
            .as_ref()
            .map(|commit| format!("the git revision {commit} (written as, for example, refs/heads/{name})")),
        run.as_ref().map(|_| format!("the run {}", results.join(name).display())),
    ]
    .into_iter()
    .flatten()
    .collect();
    if bare && meanings.len() > 1 {
        let message = format!(
            "`{name}` is ambiguous: it may be {}; write it in a way that only one of them fits",
            meanings.join(" or ")
        );
        return Err(UsageError(message).into());
    }
    let is_record =
        path.join("run.json").exists() || path.extension().is_some_and(|extension| extension == "json");
    let is_cargo = path.is_dir() && path.join("Cargo.toml").exists();
    let is_python = path.exists() && python.runs(path);
    if !is_record && (is_cargo || is_python) {
        return Ok(Source::Live(Side::open_built(label, here.build()?, limits)?));
    }
    if path.is_dir() || path.extension().is_some_and(|extension| extension == "json") {
        return Ok(Source::Record(Box::new(run_at(path)?)));
    }
    if path.exists() {
        return Ok(Source::Live(Side::open(name, vec![Program::executable(path)?], limits)?));
    }
    if let Some(commit) = commit {
        return Ok(Source::Live(Side::open_built(label, checkout.build_revision(&commit)?, limits)?));
    }
    if let Some(run) = run {
        return Ok(Source::Record(Box::new(run_at(&run)?)));
    }
    Err(UsageError(format!(
        "`{name}` is neither a file, nor a git revision, nor a run in {}",
        results.display()
    ))
    .into())
}

/// Reads the run with this directory or `run.json`.
fn run_at(path: &Path) -> Result<Run, RunError> {
    let record = bench_judge::open(path)?;
    // `latest` and saved names are links to a run.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = if real.is_dir() { Some(real.as_path()) } else { real.parent() };
    let results = directory.and_then(Path::parent).unwrap_or(Path::new(".")).to_owned();
    Ok(Run { record, results })
}
