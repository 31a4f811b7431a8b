//! A run that contains all kinds of content, and files that other tools wrote.

use std::path::{Path, PathBuf};

use bench_protocol::{Better, Counter};
use bench_record::{CaseRecord, Cause, Failure, Metric, Record, RoundRecord, Status, Time};
use bench_stats::Interval;
use bench_syntax::Category;
use bench_syntax::quantity::{Bytes, Seconds};

use crate::{Import, Imported, ImportedCase, InterchangeError};

/// A name with characters that have a meaning for XML, shells, file systems, Prometheus, Go and terminals.
pub(crate) const HOSTILE: &str =
    "unit/../../x'); DROP TABLE run; --<a b=\"1\">&amp;]]>\\ %20 {y=\"z\"}\n\t\u{1}\u{1b}[31m ü\u{202e}-8";

fn time(median_s: f64) -> Time {
    let times = [0.9 * median_s, median_s, 1.1 * median_s];
    let interval = Interval { low: 0.95 * median_s, high: 1.05 * median_s };
    let mut time = crate::measure::time(&times, Some(interval)).expect("a time");
    time.rounds = 3;
    time
}

/// Rounds of four samples around a time, the second a little slower and the third a little faster.
fn rounds(median_ns: u64) -> Vec<RoundRecord> {
    let round = |number: u32| {
        let centre = median_ns * [100, 102, 98][number as usize] / 100;
        let samples = [99, 100, 100, 101].map(|percent| centre * 10 * percent / 100);
        let mut round = RoundRecord::sampled(10, samples.to_vec());
        round.round = number;
        round.wall_s = 1.5;
        round
    };
    (0..3).map(round).collect()
}

fn unmeasured(id: &str, status: Status) -> CaseRecord {
    let mut case = CaseRecord::blank(id, Category::Unit);
    case.status = status;
    case
}

/// Two cases with figures, one that failed, one that was skipped, and one that was not run.
pub(crate) fn record() -> Record {
    let mut whole = CaseRecord::blank("resnet/performance/forward[batch=8]", Category::Performance);
    whole.model = Some("resnet".to_owned());
    whole.name = "forward".to_owned();
    whole.status = Status::Ok;
    whole.time = Some(time(0.002));
    whole.load_s = Some(Seconds(1.25));
    whole.peak_memory_bytes = Some(Bytes(1 << 20));
    whole.counters = vec![Counter { unit: "images".to_owned(), per_iteration: 8 }];
    whole.metrics = vec![
        Metric::new("throughput", "images/s", 4000.0, Better::Higher),
        Metric::new("TTFA p95", "s", 0.125, Better::Lower),
    ];
    whole.rounds = rounds(2_000_000);

    let mut hostile = unmeasured(HOSTILE, Status::Ok);
    hostile.time = Some(time(1.5e-7));
    hostile.rounds = rounds(150);

    // It failed in its last round, after others had gone well.
    let mut failure = Failure::new(Cause::Panic, "index <7> out of range & gone");
    failure.output_tail = "thread 'main' panicked\u{1b}[0m ]]> at \"x\"".to_owned();
    let mut broken = unmeasured("unit/broken", Status::Failed);
    broken.failure = Some(failure);
    broken.time = Some(time(0.003));
    broken.rounds = rounds(3_000_000);

    let mut elsewhere = unmeasured("unit/elsewhere", Status::Skipped);
    elsewhere.skip_reason = Some("no GPU here".to_owned());

    let cases = vec![whole, hostile, broken, elsewhere, unmeasured("unit/late", Status::NotRun)];
    let mut record = Record::new("2026-11-21T07-31-05Z-3f9c", "2026-11-21T07:31:05Z", cases);
    record.sealed = "2026-11-21T07:32:05Z".to_owned();
    record.environment.commit = Some("0123456789abcdef".to_owned());
    record.environment.toolchain = "rustc 1.95.0".to_owned();
    record.environment.target = "x86_64-unknown-linux-gnu".to_owned();
    record.environment.opt_level = "3".to_owned();
    record.environment.cpu = Some("AMD \"EPYC\" 7763".to_owned());
    record.environment.cores = Some(4);
    record.environment.memory_bytes = Some(Bytes(16 << 30));
    record.seed = 7;
    record
}

/// Returns the path of a file that another tool has written, in the corpus with which the fuzz targets begin.
pub(crate) fn corpus(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(file)
}

/// Reads a text in the format of another tool.
pub(crate) fn read(format: &dyn Import, text: &str) -> Result<Imported, InterchangeError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.json");
    std::fs::write(&path, text).expect("written");
    format.import(&path)
}

/// Times of cases in nanoseconds, by name.
pub(crate) fn times(imported: &Imported) -> Vec<(&str, Option<f64>)> {
    let ns = |case: &ImportedCase| case.time.as_ref().map(|time| (time.median_s.0 * 1e10).round() / 10.0);
    imported.cases.iter().map(|case| (case.name.as_str(), ns(case))).collect()
}

/// Names, units and values of metrics.
pub(crate) fn values(metrics: &[Metric]) -> Vec<(&str, &str, f64)> {
    metrics.iter().map(|metric| (metric.name.as_str(), metric.unit.as_str(), metric.value)).collect()
}
