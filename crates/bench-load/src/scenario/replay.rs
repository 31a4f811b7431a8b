//! Requests at the times of a trace.

use std::fs;
use std::path::{Path, PathBuf};

use bench_core::Error;

use super::{Pacing, Plan, Scenario, Wanted, clients};

/// Requests at the times that a trace file holds: what has really happened to a service.
///
/// The file has one arrival a line, in seconds, ascending; the first one is the beginning. In a CSV file the
/// first column counts. Empty lines, lines that begin with `#` and a header are skipped.
#[derive(Clone, Debug)]
pub struct Replay {
    file: PathBuf,
    speed: f64,
    most_in_flight: usize,
}

impl Replay {
    /// The trace in this file.
    pub fn file(file: impl AsRef<Path>) -> Self {
        Replay { file: file.as_ref().to_owned(), speed: 1.0, most_in_flight: 256 }
    }

    /// This many times as fast as it happened.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// How many requests can be in flight; 256 if nothing is said.
    #[must_use]
    pub fn most_in_flight(mut self, requests: usize) -> Self {
        self.most_in_flight = requests;
        self
    }

    fn arrivals(&self) -> Result<Vec<u64>, Error> {
        let wrong = |what: String| Error::failure(format!("the trace {}: {what}", self.file.display()));
        let text = fs::read_to_string(&self.file).map_err(|error| wrong(error.to_string()))?;
        let mut times: Vec<f64> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let cell = line.split([',', ';', '\t']).next().unwrap_or_default().trim().trim_matches('"');
            if cell.is_empty() || cell.starts_with('#') {
                continue;
            }
            match cell.parse::<f64>() {
                Ok(time) if time.is_finite() && times.last().is_none_or(|last| *last <= time) => {
                    times.push(time);
                }
                Ok(time) if time.is_finite() => {
                    return Err(wrong(format!("line {}: {time} comes before the line above", number + 1)));
                }
                // A header stands above all times.
                Err(_) if times.is_empty() && number == 0 => {}
                _ => return Err(wrong(format!("line {}: `{cell}` is no time in seconds", number + 1))),
            }
        }
        let first = *times.first().ok_or_else(|| wrong("it holds no time".to_owned()))?;
        Ok(times.into_iter().map(|time| ((time - first) / self.speed * 1e9) as u64).collect())
    }
}

impl Scenario for Replay {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(Error::failure(format!("replay at speed {}: wanted a positive number", self.speed)));
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
