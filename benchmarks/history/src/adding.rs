//! The cost of adding a run to a store of 1000 series of 1000 runs.

use std::time::{Duration, Instant};

use bench_history::store::{Location, Store, StoreError};
use bench_record::{CaseRecord, Record, RoundRecord, Status};
use bench_syntax::Category;
use bench_syntax::quantity::Bytes;

use crate::random::Random;

const SERIES: usize = 1000;
const RUNS: usize = 1000;
/// The number of runs whose addition is timed.
const TIMED: usize = 20;
const ROUNDS: u32 = 3;
const SAMPLES: usize = 20;

/// Fills the store at `place`, or one in a temporary folder, times the addition of further runs, and returns a report.
pub(crate) fn measure(place: Option<&str>) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let path = folder.path().join("history.sqlite");
    let add = || -> Result<Vec<Duration>, StoreError> {
        let location = place.map_or_else(|| Ok(Location::File(path.clone())), str::parse)?;
        let mut store = Store::open(&location)?;
        let mut random = Random::seeded(1);
        let mut times = Vec::new();
        for number in 0..RUNS + TIMED {
            let record = run(number, &mut random);
            let begin = Instant::now();
            store.add(&record)?;
            times.push(begin.elapsed());
        }
        Ok(times.split_off(RUNS))
    };
    let mut times = add().map_err(|error| error.to_string())?;
    times.sort_unstable();
    let size = std::fs::metadata(&path).map(|file| format!(" in {}", Bytes(file.len()))).unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(format!(
        "{SERIES} series of {RUNS} runs{size}: one more run is added in {:.1} ms (median of {TIMED}; slowest {:.1} ms)\n",
        ms(times[TIMED / 2]),
        ms(times[TIMED - 1])
    ))
}

/// Returns a run with a figure and raw samples of each case.
fn run(number: usize, random: &mut Random) -> Record {
    let mut round = |number: u32| {
        let samples = (0..SAMPLES).map(|_| (1e6 + 1e4 * random.normal()) as u64).collect();
        let mut round = RoundRecord::sampled(1, samples);
        round.round = number;
        round
    };
    let cases: Vec<CaseRecord> = (0..SERIES)
        .map(|line| {
            let id = format!("model/performance/forward[case={line}]");
            let mut case = CaseRecord::blank(&id, Category::Performance);
            case.status = Status::Ok;
            case.peak_memory_bytes = Some(Bytes((1 << 30) + (number * SERIES + line) as u64));
            case.rounds = (0..ROUNDS).map(&mut round).collect();
            case
        })
        .collect();
    let minute = format!("2026-01-{:02}T{:02}:{:02}:00Z", 1 + number / 1440, number / 60 % 24, number % 60);
    Record::new(format!("run-{number:04}"), minute, cases)
}
