//! Imports the results of other tools.

use std::path::Path;

use bench_record::{Environment, Record};
use bench_syntax::Category;
use serde_json::Value;

use crate::{ImportedCase, InterchangeError, json};

/// A format that a run can be read from.
pub trait Import: Sync {
    /// Returns the name of the format on the command line.
    fn name(&self) -> &'static str;

    /// Reads every valid entry of a file or folder. All others are listed in [`Imported::left_out`].
    ///
    /// # Errors
    /// [`InterchangeError`] if the file or folder cannot be read, is not in this format, or contains no valid
    /// benchmark.
    fn import(&self, path: &Path) -> Result<Imported, InterchangeError>;
}

/// The content of a file of another tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The benchmarks.
    pub cases: Vec<ImportedCase>,
    /// The items that were left out, each with its place in the file and the reason.
    pub left_out: Vec<String>,
    /// The time of the measurement, UTC, RFC 3339; `None` if the file does not contain it.
    pub timestamp: Option<String>,
    /// The machine, the commit and the build, as far as the file describes them.
    pub environment: Environment,
}

/// The origin of a run, which the format does not contain.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The name of the run; made from the time, the format and the content if `None`.
    pub run: Option<String>,
    /// When it began, UTC, RFC 3339.
    pub timestamp: String,
    /// The category of cases whose name does not contain one.
    pub category: Category,
    /// The machine and the build, as far as they are known. Absent or empty values are taken from the file, or else are
    /// unknown.
    pub environment: Environment,
}

/// The value for properties of a machine or a build that are not known.
const UNKNOWN: &str = "unknown";

impl Imported {
    /// Adds a case for each entry of a list of JSON that `read` accepts. Any other entry is left out with its place,
    /// its name if the field `name` contains one, and the reason.
    pub(crate) fn take(
        &mut self,
        list: &str,
        entries: &[Value],
        name: &str,
        read: impl Fn(&Value) -> Result<ImportedCase, String>,
    ) {
        for (place, entry) in entries.iter().enumerate() {
            match read(entry) {
                Ok(case) => self.cases.push(case),
                Err(reason) => {
                    let called =
                        json::text(entry, name).map_or_else(|_| String::new(), |name| format!(" (`{name}`)"));
                    self.left_out.push(format!("entry {} of `{list}`{called}: {reason}", place + 1));
                }
            }
        }
    }

    /// Fails if a file contains nothing that can be used.
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

    /// Leaves out benchmarks that contradict themselves, which no record may contain: an interval whose ends are
    /// swapped, or an infinite one. Also leaves out those that would get the same id, because it is not known which one
    /// is meant.
    pub fn leave_out_unsound(&mut self, category: Category) {
        let mut ids: Vec<(String, String)> = Vec::new();
        self.cases.retain(|imported| {
            let case = imported.clone().into_case(category);
            let checked = case.check();
            match &checked {
                Ok(()) => ids.push((case.id, imported.name.clone())),
                Err(reason) => self.left_out.push(format!("`{}`: {reason}", case.id)),
            }
            checked.is_ok()
        });
        let count = |id: &str| ids.iter().filter(|(other, _)| other == id).count();
        let mut doubles: Vec<String> =
            ids.iter().filter(|(id, _)| count(id) > 1).map(|(id, _)| id.clone()).collect();
        self.cases.retain(|case| ids.iter().any(|(id, name)| *name == case.name && !doubles.contains(id)));
        doubles.sort_unstable();
        doubles.dedup();
        self.left_out.extend(doubles.iter().map(|id| format!("`{id}`: several benchmarks have this name")));
    }

    /// Returns the run. The same file with the same origin gives the same run.
    ///
    /// # Errors
    /// [`InterchangeError::Malformed`] if no benchmark is left, or two have the same name
    /// ([`leave_out_unsound`](Self::leave_out_unsound)).
    pub fn into_record(self, format: &str, path: &Path, origin: &Origin) -> Result<Record, InterchangeError> {
        let this = self.checked(path, "it contains no benchmark")?;
        let mut cases: Vec<_> = this.cases.into_iter().map(|case| case.into_case(origin.category)).collect();
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some(pair) = cases.windows(2).find(|pair| pair[0].id == pair[1].id) {
            let reason = format!("two benchmarks are called `{}`", pair[0].id);
            return Err(InterchangeError::malformed(path, reason));
        }
        let environment = completed(&origin.environment, this.environment);
        let mut sum = flate2::Crc::new();
        // Serializing numbers and texts cannot fail.
        sum.update(&serde_json::to_vec(&(&cases, &environment)).unwrap_or_default());
        let run = origin.run.clone().unwrap_or_else(|| {
            let moment = origin.timestamp.replace(':', "-");
            format!("{moment}-{format}-{:08x}", sum.sum())
        });
        let mut record = Record::new(run, &origin.timestamp, cases);
        record.environment = environment;
        record.warnings = vec![format!("measured by another tool, and imported from its format ({format})")];
        record.warnings.extend(this.left_out.into_iter().map(|what| format!("left out: {what}")));
        Ok(record)
    }
}

/// Completes the description of a machine and a build: first the given values, then those of the file; the others are
/// unknown.
fn completed(said: &Environment, file: Environment) -> Environment {
    let mut environment = said.clone();
    let or = |said: &mut String, file: String| {
        if said.is_empty() {
            *said = file;
        }
    };
    // The formats that name their toolchain are those of interpreters, which have no level of optimization.
    let has_level = file.toolchain.is_empty();
    or(&mut environment.toolchain, file.toolchain);
    or(&mut environment.target, file.target);
    or(&mut environment.toolchain, UNKNOWN.to_owned());
    or(&mut environment.target, UNKNOWN.to_owned());
    if has_level {
        or(&mut environment.opt_level, UNKNOWN.to_owned());
    }
    // Whether tracked files differ is known only for the commit from the same source.
    if environment.commit.is_none() {
        (environment.commit, environment.dirty) = (file.commit, file.dirty);
    }
    environment.cpu = environment.cpu.or(file.cpu);
    environment.cores = environment.cores.or(file.cores);
    environment.memory_bytes = environment.memory_bytes.or(file.memory_bytes);
    environment.os = environment.os.or(file.os);
    environment.engines.extend(file.engines);
    environment
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
    fn what_was_said_goes_before_what_the_file_says() {
        let mut file = imported(&["a"]);
        file.environment.commit = Some("of the file".to_owned());
        file.environment.dirty = Some(true);
        file.environment.cpu = Some("of the file".to_owned());
        file.environment.cores = Some(4);
        file.environment.toolchain = "CPython 3.11.7".to_owned();
        let mut said = origin();
        said.environment.commit = Some("said".to_owned());
        said.environment.cores = Some(8);
        let record = file.into_record("f", Path::new("f"), &said).expect("a run");
        let found = &record.environment;
        assert_eq!((found.commit.as_deref(), found.dirty, found.cores), (Some("said"), None, Some(8)));
        assert_eq!((found.cpu.as_deref(), found.toolchain.as_str()), (Some("of the file"), "CPython 3.11.7"));
        assert_eq!((found.opt_level.as_str(), found.target.as_str()), ("", "unknown"));
    }

    /// Found by the fuzzer, in files of criterion and of Go.
    #[test]
    fn what_contradicts_itself_is_left_out() {
        let mut parted = imported(&["a", "b", "c", "d"]);
        let interval = |low, high| Some(bench_stats::Interval { low, high });
        let time = |case: &mut ImportedCase, interval| {
            case.time.as_mut().expect("a time").interval_s = interval;
        };
        time(&mut parted.cases[0], interval(1.0, 0.1));
        time(&mut parted.cases[1], interval(0.0, f64::INFINITY));
        time(&mut parted.cases[2], interval(f64::NAN, 1.0));
        parted.leave_out_unsound(Category::Performance);
        let told = |id: &str| {
            parted.left_out.iter().any(|told| told.starts_with(&format!("`performance/{id}`: the interval")))
        };
        assert!(told("a") && told("b") && told("c") && parted.left_out.len() == 3, "{:?}", parted.left_out);
        let record = parted.into_record("bmf", Path::new("f"), &origin()).expect("a run");
        assert_eq!((record.cases.len(), record.check()), (1, Ok(())));
        let mut nothing = imported(&["a"]);
        time(&mut nothing.cases[0], interval(1.0, 0.1));
        nothing.leave_out_unsound(Category::Performance);
        let error = nothing.into_record("bmf", Path::new("f"), &origin()).expect_err("nothing is left");
        assert!(error.to_string().contains("the interval of its time goes from 1 to 0.1"), "{error}");
    }

    #[test]
    fn one_name_twice_is_refused() {
        let error = imported(&["a", "a"]).into_record("bmf", Path::new("f"), &origin()).expect_err("twice");
        assert!(error.to_string().contains("`performance/a`"), "{error}");
        let mut parted = imported(&["a", "b", "performance/a"]);
        parted.leave_out_unsound(Category::Performance);
        assert_eq!(parted.left_out, ["`performance/a`: several benchmarks have this name"]);
        let record = parted.into_record("bmf", Path::new("f"), &origin()).expect("a run");
        assert_eq!((record.cases.len(), record.cases[0].id.as_str()), (1, "performance/b"));
        assert!(record.warnings.iter().any(|warning| warning.starts_with("left out: `performance/a`")));
    }
}
