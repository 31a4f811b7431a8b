//! What another tool measured comes in.

use std::path::Path;

use bench_record::{Environment, Record};
use bench_syntax::Category;

use crate::{ImportedCase, InterchangeError};

/// A format that a run can be read from.
pub trait Import: Sync {
    /// What the format is called on the command line.
    fn name(&self) -> &'static str;

    /// Reads a file or folder: every entry that is good. One that is not is told in [`Imported::left_out`].
    ///
    /// # Errors
    /// [`InterchangeError`]: it cannot be read, is not of this format, or holds no benchmark that is good.
    fn import(&self, path: &Path) -> Result<Imported, InterchangeError>;
}

/// What a file of another tool says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The benchmarks.
    pub cases: Vec<ImportedCase>,
    /// What was left out, each with its place in the file and why.
    pub left_out: Vec<String>,
    /// The processor, where the format knows it.
    pub cpu: Option<String>,
    /// The target of the build, where the format knows it.
    pub target: Option<String>,
}

/// What the format does not say of a run: where it comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The name of the run; made of the format and what it holds when absent.
    pub run: Option<String>,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// Category of the cases whose name does not say it.
    pub category: Category,
    /// The machine and the build, as far as they are known. What is absent or empty is taken from the format, or
    /// else is unknown.
    pub environment: Environment,
}

/// What is not known of a machine or a build.
const UNKNOWN: &str = "unknown";

impl Imported {
    /// Fails if nothing is left of a file.
    pub(crate) fn checked(self, path: &Path, nothing: &str) -> Result<Self, InterchangeError> {
        const TOLD: usize = 5;
        if !self.cases.is_empty() {
            return Ok(self);
        }
        let more = self.left_out.len().saturating_sub(TOLD);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let told = self.left_out[..self.left_out.len().min(TOLD)].join("; ");
        let reason = if told.is_empty() { nothing.to_owned() } else { told + &more };
        Err(InterchangeError::malformed(path, reason))
    }

    /// Leaves out benchmarks that would get one id, since nobody can tell which is meant.
    pub fn leave_out_doubles(&mut self, category: Category) {
        let mut ids: Vec<(String, String)> = Vec::new();
        for case in &self.cases {
            ids.push((case.clone().into_case(category).id, case.name.clone()));
        }
        let count = |id: &str| ids.iter().filter(|(other, _)| other == id).count();
        let mut doubles: Vec<String> =
            ids.iter().filter(|(id, _)| count(id) > 1).map(|(id, _)| id.clone()).collect();
        self.cases.retain(|case| ids.iter().any(|(id, name)| *name == case.name && !doubles.contains(id)));
        doubles.sort_unstable();
        doubles.dedup();
        self.left_out
            .extend(doubles.iter().map(|id| format!("`{id}`: several benchmarks are called like this")));
    }

    /// The run that was measured. The same file with the same origin is the same run.
    ///
    /// # Errors
    /// [`InterchangeError::Malformed`] if two benchmarks have one name ([`leave_out_doubles`](Self::leave_out_doubles)).
    pub fn into_record(self, format: &str, path: &Path, origin: &Origin) -> Result<Record, InterchangeError> {
        let mut cases: Vec<_> = self.cases.into_iter().map(|case| case.into_case(origin.category)).collect();
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some(pair) = cases.windows(2).find(|pair| pair[0].id == pair[1].id) {
            let reason = format!("two benchmarks are called `{}`", pair[0].id);
            return Err(InterchangeError::malformed(path, reason));
        }
        let or_unknown = |text: &mut String| {
            if text.is_empty() {
                UNKNOWN.clone_into(text);
            }
        };
        let mut environment = origin.environment.clone();
        environment.cpu = environment.cpu.or(self.cpu);
        if environment.target.is_empty() {
            environment.target = self.target.unwrap_or_default();
        }
        or_unknown(&mut environment.target);
        or_unknown(&mut environment.toolchain);
        or_unknown(&mut environment.opt_level);
        let mut sum = flate2::Crc::new();
        // What is written of numbers and texts cannot fail.
        sum.update(&serde_json::to_vec(&(&cases, &environment)).unwrap_or_default());
        let run = origin.run.clone().unwrap_or_else(|| {
            let moment = origin.timestamp.replace(':', "-");
            format!("{moment}-{format}-{:08x}", sum.sum())
        });
        let mut record = Record::new(run, &origin.timestamp, cases);
        record.environment = environment;
        record.warnings = vec![format!("measured by another tool, and imported from its format ({format})")];
        record.warnings.extend(self.left_out.into_iter().map(|what| format!("left out: {what}")));
        Ok(record)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use bench_history::figure::figures;
    use bench_history::key::MachineClass;
    use bench_record::Time;

    use super::*;

    pub(crate) fn origin() -> Origin {
        Origin {
            run: None,
            timestamp: "2026-01-02T03:04:05Z".to_owned(),
            category: Category::Performance,
            environment: Environment::default(),
        }
    }

    fn imported(names: &[&str]) -> Imported {
        let case = |name: &&str| ImportedCase {
            time: Some(crate::measure::time(&[0.25], None).expect("a time")),
            ..ImportedCase::named(*name)
        };
        Imported { cases: names.iter().map(case).collect(), ..Imported::default() }
    }

    #[test]
    fn the_same_file_is_the_same_run() {
        let run = |names: &[&str]| {
            imported(names).into_record("bmf", Path::new("f"), &origin()).expect("a run").run
        };
        assert_eq!(run(&["a", "b"]), run(&["b", "a"]));
        assert_ne!(run(&["a"]), run(&["b"]));
        assert!(run(&["a"]).starts_with("2026-01-02T03-04-05Z-bmf-"));
    }

    #[test]
    fn what_is_not_said_is_unknown() {
        let record = imported(&["a"]).into_record("bmf", Path::new("f"), &origin()).expect("a run");
        let machine = MachineClass::of(&record.environment);
        assert_eq!((machine.cpu.as_str(), record.environment.toolchain.as_str()), ("unknown", "unknown"));
        let figures = figures(&record.cases[0]);
        assert_eq!((figures.len(), figures[0].value), (1, 0.25), "no figure is made up");
        let time: &Time = record.cases[0].time.as_ref().expect("a time");
        assert_eq!((time.rounds, time.interval_s), (1, None));
    }

    #[test]
    fn one_name_twice_is_refused() {
        let error = imported(&["a", "a"]).into_record("bmf", Path::new("f"), &origin()).expect_err("twice");
        assert!(error.to_string().contains("`performance/a`"), "{error}");
        let mut parted = imported(&["a", "b", "performance/a"]);
        parted.leave_out_doubles(Category::Performance);
        assert_eq!(parted.left_out, ["`performance/a`: several benchmarks are called like this"]);
        let record = parted.into_record("bmf", Path::new("f"), &origin()).expect("a run");
        assert_eq!((record.cases.len(), record.cases[0].id.as_str()), (1, "performance/b"));
        assert!(record.warnings.iter().any(|warning| warning.starts_with("left out: `performance/a`")));
    }
}
