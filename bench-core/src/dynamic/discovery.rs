//! The list of cases that exist only while a program runs: another process of the same program registers them all, and
//! writes each into a file.
//!
//! A separate process is used because registering may panic, end the process, start threads and print: its output must
//! not be mixed with the list. The list is passed in a file, because every other channel may be used by the benchmark.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bench_os as sys;
use bench_protocol::{Case, Listing, json};
use bench_stats::seed::clock_seed;

use super::locator::Locator;
use crate::registered::Registered;
use crate::{build, registry};

/// The variable that makes a process of this program write its cases to a file. Its value is the process id of the
/// program that asks, a colon, and the path of the file.
const VARIABLE: &str = "BENCH_LIST_FILE";

/// If registering takes this long or longer, one process measures several cases of a target. A round of a case of 10 s
/// takes some tenths of a second.
const EXPENSIVE: Duration = Duration::from_millis(100);

/// Starts another process of this program that registers its cases; returns these cases and all that were registered at
/// link time.
///
/// # Errors
/// If the process could not list its cases.
pub(crate) fn discover() -> Result<Listing, String> {
    let mut cases: Vec<Case> = if registry::benchmarks().is_empty() {
        Vec::new()
    } else {
        let registered = registry::cases(&[]).map_err(|error| error.to_string())?;
        registered.into_iter().map(Registered::listed).collect()
    };
    let file = Temporary::new()?;
    let own =
        std::env::current_exe().map_err(|error| format!("cannot find this program's own file: {error}"))?;
    let status = Command::new(own)
        .args(std::env::args_os().skip(1))
        .env(VARIABLE, format!("{}:{}", std::process::id(), file.0.display()))
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(|error| format!("cannot start this program to list its benchmarks: {error}"))?;
    if !status.success() {
        return Err(format!("the process that registers the benchmarks ended with {status}"));
    }
    let text = fs::read_to_string(&file.0)
        .map_err(|error| format!("cannot read the list of benchmarks ({}): {error}", file.0.display()))?;
    for line in text.lines() {
        let case = json::from_bytes(line.as_bytes())
            .map_err(|error| format!("expected a case, found `{line}` ({error})"))?;
        cases.push(case);
    }
    if cases.is_empty() {
        return Err("no benchmark is registered by this executable".to_owned());
    }
    Ok(Listing::new(build::build(), cases))
}

/// A file that is removed when it is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Result<Self, String> {
        let name = format!("bench-list-{}-{:x}", std::process::id(), clock_seed());
        let path = std::env::temp_dir().join(name);
        match File::create_new(&path) {
            Ok(_) => Ok(Temporary(path)),
            Err(error) => Err(format!("cannot create {}: {error}", path.display())),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A file that cannot be removed stays in the system's folder for temporary files.
        let _ = fs::remove_file(&self.0);
    }
}

/// The file to which this process writes the cases that it registers.
pub(crate) struct Announcements {
    file: File,
    /// The time at which the running target began to register, and its cases so far; `None` outside a target.
    target: Option<(Instant, Vec<(Case, Locator)>)>,
}

impl Announcements {
    /// Opens the file that is named in the environment; `None` if this process need not list its cases.
    pub(super) fn from_environment() -> Option<Self> {
        let value = std::env::var_os(VARIABLE)?;
        // Before a process is started that would inherit it.
        sys::forget_variable(VARIABLE);
        let opened = value
            .to_str()
            .and_then(|text| text.split_once(':'))
            .and_then(|(parent, path)| Some((parent.parse().ok()?, Path::new(path))))
            .and_then(|(parent, path)| Some((parent, File::options().append(true).open(path).ok()?)));
        let Some((parent, file)) = opened else {
            eprintln!(
                "{VARIABLE}={}: this variable is reserved for the program itself: unset it",
                value.display()
            );
            std::process::exit(2);
        };
        sys::settle_in_as_worker(Some(parent));
        Some(Announcements { file, target: None })
    }

    /// Records that a target begins to register its cases.
    pub(super) fn enter(&mut self) {
        self.target = Some((Instant::now(), Vec::new()));
    }

    /// Records a registered case.
    pub(super) fn announce(&mut self, case: Case, locator: Locator) {
        match &mut self.target {
            Some((_, cases)) => cases.push((case, locator)),
            None => self.write(vec![(case, locator)]),
        }
    }

    /// Records that the target has registered all its cases.
    pub(super) fn leave(&mut self) {
        let Some((began, mut cases)) = self.target.take() else { return };
        if began.elapsed() >= EXPENSIVE && cases.len() > 1 {
            for (case, locator) in &mut cases {
                case.set_up = Some(locator.target.clone());
                locator.is_shared = true;
            }
        }
        self.write(cases);
    }

    fn write(&mut self, cases: Vec<(Case, Locator)>) {
        let mut lines = String::new();
        for (mut case, locator) in cases {
            case.locator = Some(locator.to_string());
            lines += &json::to_text(&case);
            lines.push('\n');
        }
        if let Err(error) = self.file.write_all(lines.as_bytes()) {
            eprintln!("cannot write the list of benchmarks: {error}");
            std::process::exit(1);
        }
    }
}
