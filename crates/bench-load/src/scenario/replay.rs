//! Requests at the times of a trace.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bench_core::Error;
use bench_syntax::encoding::decoded;

use super::{Pacing, Plan, Scenario, Wanted, clients};

/// Requests at the times in a trace file: the real arrivals of a service.
///
/// The file has one arrival on each line, in seconds, ascending; the first one is the beginning. In a CSV file the
/// first column counts; the columns are separated by commas, or by semicolons or tabs if a line has any. Empty lines,
/// lines that begin with `#` and a header are skipped; a header is a first line whose first cell is a name. Times are
/// numbers with a point: a decimal comma, a date, and a header that names another unit are rejected.
///
/// ```
/// use bench_load::Load;
/// use bench_load::scenario::Replay;
///
/// let twice_as_fast = Load::new(Replay::file("arrivals.csv").speed(2.0));
/// ```
#[derive(Clone, Debug)]
pub struct Replay {
    source: Source,
    speed: f64,
    most_in_flight: usize,
}

/// The source of arrivals.
#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    /// Times in seconds, ascending.
    Times(Arc<[f64]>),
}

impl Replay {
    /// Reads the trace in this file.
    pub fn file(file: impl AsRef<Path>) -> Self {
        Replay { source: Source::File(file.as_ref().to_owned()), speed: 1.0, most_in_flight: 256 }
    }

    /// Uses these arrival times, in seconds and in ascending order. The first one is the beginning of the level.
    pub fn times(times: impl Into<Arc<[f64]>>) -> Self {
        Replay { source: Source::Times(times.into()), speed: 1.0, most_in_flight: 256 }
    }

    /// Replays the trace this many times as fast.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Sets how many requests can be in flight. The default is 256. Workers that share the load divide the number among
    /// them; each may have at least one request in flight.
    #[must_use]
    pub fn most_in_flight(mut self, requests: usize) -> Self {
        self.most_in_flight = requests;
        self
    }

    fn arrivals(&self) -> Result<Vec<u64>, Error> {
        let times = match &self.source {
            Source::File(file) => read(file)?.into(),
            Source::Times(times) => Arc::clone(times),
        };
        let Some(first) = times.first().copied() else {
            return Err(Error::failure("the trace contains no time"));
        };
        if times.windows(2).any(|pair| pair[1] < pair[0]) {
            return Err(Error::failure("the times of the trace are not in ascending order"));
        }
        Ok(times.iter().map(|time| ((time - first) / self.speed * 1e9) as u64).collect())
    }
}

/// Reads the times in this file.
fn read(file: &Path) -> Result<Vec<f64>, Error> {
    let wrong = |what: String| Error::failure(format!("the trace {}: {what}", file.display()));
    let bytes = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let text = decoded(&bytes).map_err(wrong)?;
    let times = times(&text).map_err(wrong)?;
    let (Some(first), Some(last)) = (times.first().copied(), times.last()) else {
        return Err(wrong("it contains no time".to_owned()));
    };
    if times.len() > 1 && *last <= first {
        return Err(wrong(format!(
            "all {} arrivals are at {first} s: if the file has decimal commas, write points; for requests that \
             all arrive at once, use `Load::offline`",
            times.len()
        )));
    }
    Ok(times)
}

/// The times in a trace, in seconds, ascending.
///
/// # Errors
/// If a line or the header is malformed.
fn times(text: &str) -> Result<Vec<f64>, String> {
    let has = |delimiter: char| {
        text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains(delimiter))
    };
    let delimiter = match (has(';'), has('\t')) {
        (true, _) => b';',
        (false, true) => b'\t',
        (false, false) => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut times: Vec<f64> = Vec::new();
    let mut is_first = true;
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = record.get(0).unwrap_or_default();
        if cell.is_empty() && record.len() == 1 || cell.starts_with('#') {
            continue;
        }
        let may_be_header = std::mem::replace(&mut is_first, false);
        match cell.parse::<f64>() {
            Ok(time) if !time.is_finite() => {
                return Err(format!("line {line}: `{cell}` is not a time in seconds"));
            }
            Ok(time) if times.last().is_some_and(|last| *last > time) => {
                return Err(format!("line {line}: {time} comes before the line above"));
            }
            Ok(time) => times.push(time),
            Err(_) if may_be_header && is_name(cell) => {
                header(cell).map_err(|what| format!("line {line}: {what}"))?
            }
            Err(_) => return Err(format!("line {line}: `{cell}` is not a time in seconds{}", instead(cell))),
        }
    }
    Ok(times)
}

/// Whether the first cell of a first line can be the name of a column.
fn is_name(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Checks the name of the first column.
fn header(name: &str) -> Result<(), String> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let others = [
        "ms",
        "us",
        "µs",
        "ns",
        "min",
        "h",
        "milliseconds",
        "microseconds",
        "nanoseconds",
        "minutes",
        "hours",
    ];
    match words.iter().find(|word| others.contains(word)) {
        Some(unit) => Err(format!("the column `{name}` is in {unit}: expected times in seconds")),
        None => Ok(()),
    }
}

/// Explains why a cell is not a number, and how to write it.
fn instead(cell: &str) -> &'static str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match cell.split_once(',') {
        Some((whole, part)) if digits(whole.trim_start_matches('-')) && digits(part) => {
            ": it has a decimal comma; write a point, as in 0.25"
        }
        _ if cell.contains('-') && cell.contains(':') => {
            ": it is a date; write seconds from the beginning of the trace, as in 0.25"
        }
        _ => "; expected a number such as 0.25",
    }
}

impl Scenario for Replay {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(Error::failure(format!(
                "replay at speed {}: expected a positive number",
                self.speed
            )));
        }
        let most_in_flight = clients(self.most_in_flight, "requests in flight")?;
        let mut arrivals = self.arrivals()?;
        if let Some(requests) = wanted.requests {
            arrivals.truncate(usize::try_from(requests).unwrap_or(usize::MAX));
        }
        if let Some(duration) = wanted.duration {
            let end = bench_syntax::quantity::nanoseconds(duration);
            arrivals.truncate(arrivals.partition_point(|at| *at < end));
        }
        let last = arrivals.last().copied().unwrap_or_default();
        let rate =
            (arrivals.len() > 1 && last > 0).then(|| (arrivals.len() - 1) as f64 / (last as f64 / 1e9));
        Ok(vec![Plan {
            name: "replay".to_owned(),
            scenario: "replay",
            concurrency: None,
            rate,
            requests: Some(arrivals.len() as u64),
            pacing: Pacing::Schedule { arrivals, most_in_flight },
            duration: None,
        }])
    }
}
