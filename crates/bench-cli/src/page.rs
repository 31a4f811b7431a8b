//! `bench report`: writes the page of a history, a run or a comparison as a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bench_history::change::Settings;
use bench_history::store::{Series, Store};
use bench_html::{Comparison, History, Page, Run};
use bench_judge::comparison;
use bench_judge::comparison::Comparison as OfRuns;
use bench_record as record;
use bench_record::{Record, RunError, exit, write_whole};
use bench_report::text::print;
use bench_syntax::UsageError;

use crate::arguments::{ReportFile, Subject, Where};
use crate::failure::Failure;
use crate::gate::config;
use crate::history;

/// The name of the file in the folder of all runs.
const FILE: &str = "report.html";

/// The file that `bench compare` writes into the folder of a comparison.
const COMPARISON: &str = "comparison.json";

/// The largest number of machines whose newest run is on the page; the history covers all machines.
const MOST_MACHINES: usize = 8;

/// Writes the page.
pub(crate) fn run(arguments: &ReportFile) -> Result<u8, Failure> {
    arguments.subject.check()?;
    let html = write(&arguments.subject.page(&arguments.place)?, Page::html)?;
    let file = match &arguments.output {
        Some(file) if file == Path::new("-") => {
            print(html.as_bytes())?;
            return Ok(exit::OK);
        }
        Some(file) => file.clone(),
        None => {
            let folder = &arguments.place.output_dir;
            let io = |source| RunError::Io { action: "create the folder", path: folder.clone(), source };
            std::fs::create_dir_all(folder).map_err(io)?;
            folder.join(FILE)
        }
    };
    let io = |source| RunError::Io { action: "write the page", path: file.clone(), source };
    write_whole(&file, html.as_bytes()).map_err(io)?;
    print(format!("{} ({:.1} MB)\n", file.display(), html.len() as f64 / 1e6).as_bytes())?;
    Ok(exit::OK)
}

/// Returns a page in the given form: HTML or JSON.
pub(crate) fn write(
    page: &Page,
    form: impl Fn(&Page) -> Result<String, serde_json::Error>,
) -> Result<String, RunError> {
    form(page).map_err(|error| RunError::Io {
        action: "write the data of",
        path: "the page".into(),
        source: error.into(),
    })
}

impl Subject {
    /// Checks that the combination of arguments is valid.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        if self.threshold.is_some() && self.runs.len() != 2 {
            return Err(UsageError(
                "`--threshold` applies only if two runs are named: a comparison that `bench compare` has written \
                 keeps its own threshold, and for a history use `--min-shift`"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Collects the content of the page.
    pub(crate) fn page(&self, place: &Where) -> Result<Page, Failure> {
        let page = match self.runs.as_slice() {
            [] => self.history(&mut place.open_to_read()?)?,
            [name] => match comparison_file(place, name) {
                Some(file) => Page { comparison: Some(read_comparison(&file)?), ..Page::default() },
                None => Page { runs: vec![Run::of(&place.run(Some(name))?)], ..Page::default() },
            },
            [base, candidate, ..] => {
                self.compared(&place.run(Some(base))?, &place.run(Some(candidate))?, place)?
            }
        };
        Ok(Page { made: record::now_utc(), forge: config(None)?.page, ..page })
    }

    /// Returns a page with the history of a store, and the newest run of each of its machines.
    pub(crate) fn history(&self, store: &mut Store) -> Result<Page, Failure> {
        let defaults = Settings::default();
        let settings = Settings { min_shift: self.min_shift.unwrap_or(defaults.min_shift), ..defaults };
        let series = history::series(store)?;
        let history = History::of(&series, &store.acceptances()?, settings);
        let mut runs = Vec::new();
        for name in newest_runs(&series) {
            runs.push(Run::of(&store.record(name)?));
        }
        Ok(Page { history: Some(history), runs, ..Page::default() })
    }

    /// Returns a page with two runs and their comparison.
    fn compared(&self, old: &Record, new: &Record, place: &Where) -> Result<Page, Failure> {
        comparison::check_measure(old, new.measure())?;
        let comparison = OfRuns::of_runs(old, new, &place.output_dir, self.threshold, |_| true);
        Ok(Page {
            comparison: Some(Comparison::of_runs(&comparison, &new.run)),
            runs: vec![Run::of(new), Run::of(old)],
            ..Page::default()
        })
    }
}

/// Returns the newest run of each machine, newest first, for at most [`MOST_MACHINES`] machines.
fn newest_runs(series: &[Series]) -> Vec<&str> {
    let mut newest: BTreeMap<_, (&str, &str)> = BTreeMap::new();
    for one in series {
        if let Some(point) = one.points.last() {
            let run = (point.timestamp.as_str(), point.run.as_str());
            let known = newest.entry(&one.key.machine).or_insert(run);
            *known = run.max(*known);
        }
    }
    let mut runs: Vec<(&str, &str)> = newest.into_values().collect();
    runs.sort_unstable_by(|a, b| b.cmp(a));
    runs.into_iter().map(|(_, run)| run).take(MOST_MACHINES).collect()
}

/// Returns the file of the comparison with this path or name; `None` if the name is not that of a comparison.
pub(crate) fn comparison_file(place: &Where, name: &str) -> Option<PathBuf> {
    let named = Path::new(name);
    if named.file_name().is_some_and(|file| file == COMPARISON) {
        return Some(named.to_owned());
    }
    [named.join(COMPARISON), place.output_dir.join(name).join(COMPARISON)]
        .into_iter()
        .find(|file| file.exists())
}

fn read_comparison(file: &Path) -> Result<Comparison, RunError> {
    let io = |source| RunError::Io { action: "read the comparison", path: file.to_owned(), source };
    let json = std::fs::read(file).map_err(io)?;
    Comparison::parse(&json).map_err(|reason| RunError::Record { path: file.to_owned(), reason })
}
