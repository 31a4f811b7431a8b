//! One side of a comparison: executables, and the cases in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::benchmark::Category;
use crate::error::{RunError, UsageError};
use crate::protocol::CHANNEL_VARIABLE;
use crate::record::CaseRecord;
use crate::selection::{Ignored, Selection};

/// Executables that hold benchmarks, built from one state of the code.
#[derive(Clone, Debug)]
pub struct Side {
    label: String,
    executables: Vec<PathBuf>,
    cases: Vec<Held>,
}

/// A case, and the executable that holds it.
#[derive(Clone, Debug)]
struct Held {
    case: CaseRecord,
    ignored: bool,
    executable: usize,
}

/// A case as `--list --format json` tells it.
#[derive(Deserialize)]
struct Listed {
    id: String,
    model: Option<String>,
    category: Category,
    arguments: BTreeMap<String, String>,
    tags: Vec<String>,
    ignored: Option<String>,
}

/// An executable, and what it has listed.
struct Program {
    executable: PathBuf,
    cases: Vec<Listed>,
}

impl Side {
    /// Asks each executable for its cases.
    ///
    /// # Errors
    /// When one cannot be started or is no bench executable of this framework, or two hold the same case.
    pub fn open(label: impl Into<String>, executables: &[PathBuf]) -> Result<Self, RunError> {
        let mut side = Side::empty(label);
        for executable in executables {
            side.add(list(executable)?)?;
        }
        Ok(side)
    }

    /// As [`Side::open`], of what cargo has built: bench targets of other frameworks among them are left out,
    /// and said to be.
    ///
    /// # Errors
    /// As [`Side::open`], and when none is left.
    pub fn open_built(label: impl Into<String>, executables: &[PathBuf]) -> Result<Self, RunError> {
        if let [_] = executables {
            return Side::open(label, executables);
        }
        let mut side = Side::empty(label);
        let mut ours = Vec::new();
        for executable in executables {
            match list(executable) {
                Ok(program) => ours.push(program),
                Err(error) => crate::report::tell(&format!("left out: {error}")),
            }
        }
        if ours.is_empty() {
            let label = side.label;
            return Err(UsageError(format!("no bench target of {label} is one of this framework")).into());
        }
        ours.into_iter().try_for_each(|program| side.add(program))?;
        Ok(side)
    }

    fn empty(label: impl Into<String>) -> Self {
        Side { label: label.into(), executables: Vec::new(), cases: Vec::new() }
    }

    fn add(&mut self, Program { executable, cases }: Program) -> Result<(), RunError> {
        for listed in cases {
            if let Some(twin) = self.cases.iter().find(|held| held.case.id == listed.id) {
                let first = self.executables.get(twin.executable).unwrap_or(&executable);
                return Err(RunError::Registry(format!(
                    "two executables hold the case `{}`: {} and {}. Compare one of them only",
                    listed.id,
                    first.display(),
                    executable.display()
                )));
            }
            self.cases.push(Held {
                ignored: listed.ignored.is_some(),
                case: CaseRecord {
                    model: listed.model,
                    arguments: listed.arguments,
                    tags: listed.tags,
                    ..CaseRecord::blank(&listed.id, listed.category)
                },
                executable: self.executables.len(),
            });
        }
        self.executables.push(executable);
        Ok(())
    }

    /// What a person calls it: a revision, a path.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Where its programs are.
    pub fn executables(&self) -> &[PathBuf] {
        &self.executables
    }

    /// The chosen cases, by id, and who holds them.
    pub(super) fn chosen(&self, selection: &Selection) -> BTreeMap<&str, &Path> {
        self.cases
            .iter()
            .filter(|held| match selection.ignored {
                Ignored::Include => true,
                Ignored::Exclude => !held.ignored,
                Ignored::Only => held.ignored,
            })
            .filter(|held| selection.would_take(&held.case))
            .map(|held| (held.case.id.as_str(), self.executables[held.executable].as_path()))
            .collect()
    }

    /// All cases, by id.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.cases.iter().map(|held| held.case.id.as_str()).collect()
    }
}

fn list(executable: &Path) -> Result<Program, RunError> {
    // A name without a slash would be looked for in `$PATH`.
    let executable = std::path::absolute(executable)
        .map_err(|error| RunError::io("find the executable", executable, error))?;
    let ours = |problem: String| {
        UsageError(format!(
            "{} is no bench executable of this framework: {problem}. Wanted is what `cargo bench --no-run` prints \
             the path of",
            executable.display()
        ))
    };
    let mut command = Command::new(&executable);
    // Filters in the environment are for this program, which applies them itself.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BENCH_")) {
        command.env_remove(name);
    }
    let output = command
        .args(["--list", "--format", "json"])
        .env_remove(CHANNEL_VARIABLE)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ours(format!("it cannot be started ({error})")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = crate::report::first_line(&said);
        return Err(ours(format!("`--list --format json` ended with {} ({first})", output.status)).into());
    }
    let cases = serde_json::from_slice(&output.stdout)
        .map_err(|error| ours(format!("`--list --format json` printed no list of cases ({error})")))?;
    Ok(Program { executable, cases })
}
