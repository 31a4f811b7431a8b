//! The cost of writing, transferring and opening a page of 1000 series of 1000 runs.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bench_history::change::Settings;
use bench_history::store::{Location, Store};
use bench_html::{History, Page, Run};
use bench_record::{CaseRecord, Record, RoundRecord, Status};
use bench_syntax::Category;
use bench_syntax::quantity::Seconds;

use crate::random::{Noise, Random};

const SERIES: usize = 1000;
const RUNS: usize = 1000;

/// Fills a store, makes its page, opens it if there is a Chromium, and returns a report.
pub(crate) fn measure() -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut store = Store::open(&Location::File(folder.path().join("history.sqlite")))?;
    let values: Vec<Vec<f64>> = (0..SERIES)
        .map(|series| Noise::Autocorrelated(0.3).runs(&mut Random::seeded(series as u64), RUNS))
        .collect();
    let mut slowest_s = 0f64;
    for run in 0..RUNS {
        let record = record(run, &values);
        let begin = Instant::now();
        store.add(&record)?;
        slowest_s = slowest_s.max(begin.elapsed().as_secs_f64());
    }
    let begin = Instant::now();
    let series = store.series()?;
    let read_s = begin.elapsed().as_secs_f64();
    let history = History::of(&series, &store.acceptances()?, Settings::default());
    let found_s = begin.elapsed().as_secs_f64();
    let newest = series.iter().find_map(|series| series.points.last());
    let newest = store.record(newest.map_or("", |point| &point.run))?;
    let page = Page { history: Some(history), runs: vec![Run::of(&newest)], ..Page::default() };
    let html = page.html()?;
    let file = folder.path().join("report.html");
    std::fs::write(&file, &html)?;
    let written_s = begin.elapsed().as_secs_f64();
    let mut text = format!(
        "a store of {SERIES} series of {RUNS} runs: the slowest run added in {:.0} ms\nits page: read {read_s:.2} s, \
         changes {:.2} s, written {:.2} s; all {written_s:.2} s, {:.1} MB\n",
        slowest_s * 1e3,
        found_s - read_s,
        written_s - found_s,
        html.len() as f64 / 1e6
    );
    for view in ["overview", "changes", "series"] {
        text += &match opened(&file, view) {
            Some(ms) => format!("opened in Chromium, {view}: {ms} ms\n"),
            None => format!("opened in Chromium, {view}: not measured, no chromium here\n"),
        };
    }
    Ok(text)
}

/// Returns the milliseconds until the page reports that it can be used.
fn opened(file: &Path, view: &str) -> Option<String> {
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--timeout=15000", "--dump-dom"])
        .arg(format!("file://{}#view={view}", file.display()))
        .output()
        .ok()?;
    let page = String::from_utf8_lossy(&output.stdout);
    let (_, from) = page.split_once("data-ready-ms=\"")?;
    from.split('"').next().map(str::to_owned)
}

/// Returns the record of one night: cases vary by a per cent around a millisecond, and half of them are 5 % slower from
/// the middle of the runs on.
fn record(run: usize, values: &[Vec<f64>]) -> Record {
    let round = || RoundRecord::sampled(1, vec![1_000_000]);
    let cases: Vec<CaseRecord> = values
        .iter()
        .enumerate()
        .map(|(case, values)| {
            let step = if case % 2 == 0 && run >= RUNS / 2 { 1.05 } else { 1.0 };
            let id = format!("model{:02}/performance/forward[batch={case}]", case % 20);
            let mut case = CaseRecord::blank(&id, Category::Performance);
            case.status = Status::Ok;
            case.time = bench_judge::time_over(&[round()]);
            if let Some(time) = &mut case.time {
                time.median_s = Seconds(1e-3 * step * (1.0 + 0.01 * values[run]));
            }
            case
        })
        .collect();
    let timestamp = format!("{:04}-{:02}-{:02}T01:00:00Z", 2020 + run / 336, 1 + run / 28 % 12, 1 + run % 28);
    let mut record = Record::new(format!("night-{run:04}"), timestamp, cases);
    record.environment.commit = Some(format!("{run:040x}"));
    record
}
