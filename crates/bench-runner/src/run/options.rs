//! The options of a run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bench_protocol::{DeviceWishes, LoadWishes, Mode};
use bench_record::Measure;
use bench_syntax::quantity::Bytes;

use crate::plan::Wishes;
use crate::rounds::Show;
use crate::selection::Selection;

/// The options of a run: which cases, how they are measured, and where the reports go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The selection of cases.
    pub selection: Selection,
    /// The settings of the user, which override the attributes.
    pub wishes: Wishes,
    /// The folder of all runs; nothing is written if `None`.
    pub results: Option<PathBuf>,
    /// A name for this run, to compare with later.
    pub save_as: Option<String>,
    /// The earlier run to compare with: its name or path.
    pub compare: Option<String>,
    /// The share below which a change is of no practical interest.
    pub threshold: Option<f64>,
    /// The name of the run that all parts of a suite belong to. It has no effect on a run of a whole suite.
    pub run_id: Option<String>,
    /// The seed of the order of rounds; taken from the clock if `None`.
    pub seed: Option<u64>,
    /// The names of the probes to attach; all linked ones if `None`.
    pub probes: Option<Vec<String>>,
    /// Resident memory that a worker may take; most of the available memory if `None`.
    pub max_memory: Option<Bytes>,
    /// Whether each case runs only once, to check that it works.
    pub once: bool,
    /// The form in which progress is shown.
    pub show: Show,
    /// Whether the output of workers is shown as it arrives.
    pub echo: bool,
    /// The settings for cases that serve requests.
    pub load: LoadWishes,
    /// The settings of devices.
    pub devices: DeviceWishes,
    /// The ids of processes of this machine that are measured although the run has not started them, such as a server:
    /// they do not count as other processes that disturb it.
    pub measured: BTreeSet<u32>,
    /// Whether files that benchmarks save are kept.
    pub save_artifacts: bool,
    /// The settings that the exit code depends on.
    pub reporting: Reporting,
}

/// The settings that, in addition to failures, decide the exit code.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reporting {
    /// The share by which a case may be slower than in the compared run.
    pub fail_on_regression: Option<f64>,
    /// Whether a missed target counts.
    pub fail_on_objectives: bool,
    /// Whether an unsure verdict or target, or an invalid figure, also counts.
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            selection: Selection::default(),
            wishes: Wishes::default(),
            results: None,
            save_as: None,
            compare: None,
            threshold: None,
            run_id: None,
            seed: None,
            probes: None,
            max_memory: None,
            once: false,
            show: Show::Nothing,
            echo: false,
            load: LoadWishes::default(),
            devices: DeviceWishes::default(),
            measured: BTreeSet::new(),
            save_artifacts: false,
            reporting: Reporting::default(),
        }
    }
}

impl Options {
    /// The folder of all runs; the working directory if nothing is written.
    pub(crate) fn results(&self) -> &Path {
        self.results.as_deref().unwrap_or(Path::new(""))
    }

    /// Returns the folder for reports; `None` if each case is run only once.
    pub(crate) fn written(&self) -> Option<&Path> {
        self.results.as_deref().filter(|_| !self.once)
    }

    pub(crate) fn mode(&self) -> Mode {
        match self.wishes.measure {
            _ if self.once => Mode::Once,
            Measure::Time => Mode::Sample,
            Measure::Instructions => Mode::Count,
        }
    }
}
