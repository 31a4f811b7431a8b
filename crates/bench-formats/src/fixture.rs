//! A run that has something of everything.

use bench_protocol::{Better, Counter};
use bench_record::{
    CaseRecord, Cause, Environment, FORMAT, Failure, Metric, Record, RoundRecord, RunState, SCHEMA_VERSION,
    Status, Summary, Time,
};
use bench_stats::Interval;
use bench_syntax::Category;
use bench_syntax::quantity::{Bytes, Seconds};

/// A name that means something to XML, shells, file systems, Prometheus, Go and terminals.
pub(crate) const HOSTILE: &str =
    "unit/../../x'); DROP TABLE run; --<a b=\"1\">&amp;]]>\\ %20 {y=\"z\"}\n\t\u{1}\u{1b}[31m ü\u{202e}-8";

fn time(median_s: f64) -> Time {
    Time {
        interval_s: Some(Interval { low: 0.95 * median_s, high: 1.05 * median_s }),
        rounds: 3,
        ..crate::measure::time(&[0.9 * median_s, median_s, 1.1 * median_s], None).expect("a time")
    }
}

/// Rounds of four samples around a time, the second a little slower and the third a little faster.
fn rounds(median_ns: u64) -> Vec<RoundRecord> {
    let round = |round: u32| {
        let centre = median_ns * [100, 102, 98][round as usize] / 100;
        RoundRecord {
            round,
            wall_s: 1.5,
            iterations_per_sample: 10,
            sample_ns: [99, 100, 100, 101].map(|percent| centre * 10 * percent / 100).to_vec(),
            ..RoundRecord::default()
        }
    };
    (0..3).map(round).collect()
}

fn unmeasured(id: &str, status: Status) -> CaseRecord {
    CaseRecord { status, ..CaseRecord::blank(id, Category::Unit) }
}

/// Two cases with figures, one that failed, one that was skipped, and one that was not run.
pub(crate) fn record() -> Record {
    let failure = Failure {
        cause: Cause::Panic,
        message: "index <7> out of range & gone".to_owned(),
        output_tail: "thread 'main' panicked\u{1b}[0m ]]> at \"x\"".to_owned(),
    };
    let cases = vec![
        CaseRecord {
            model: Some("resnet".to_owned()),
            name: "forward".to_owned(),
            status: Status::Ok,
            time: Some(time(0.002)),
            load_s: Some(Seconds(1.25)),
            peak_memory_bytes: Some(Bytes(1 << 20)),
            counters: vec![Counter { unit: "images".to_owned(), per_iteration: 8 }],
            metrics: vec![
                Metric::new("throughput", "images/s", 4000.0, Better::Higher),
                Metric::new("TTFA p95", "s", 0.125, Better::Lower),
            ],
            rounds: rounds(2_000_000),
            ..CaseRecord::blank("resnet/performance/forward[batch=8]", Category::Performance)
        },
        CaseRecord { time: Some(time(1.5e-7)), rounds: rounds(150), ..unmeasured(HOSTILE, Status::Ok) },
        // It failed in its last round, after others had gone well.
        CaseRecord {
            failure: Some(failure),
            time: Some(time(0.003)),
            rounds: rounds(3_000_000),
            ..unmeasured("unit/broken", Status::Failed)
        },
        CaseRecord {
            skip_reason: Some("no GPU here".to_owned()),
            ..unmeasured("unit/elsewhere", Status::Skipped)
        },
        unmeasured("unit/late", Status::NotRun),
    ];
    Record {
        format: FORMAT.to_owned(),
        schema_version: SCHEMA_VERSION,
        run: "2026-11-21T07-31-05Z-3f9c".to_owned(),
        timestamp: "2026-11-21T07:31:05Z".to_owned(),
        sealed: "2026-11-21T07:32:05Z".to_owned(),
        state: RunState::Complete,
        summary: Summary::of(&cases),
        targets: None,
        environment: Environment {
            commit: Some("0123456789abcdef".to_owned()),
            toolchain: "rustc 1.95.0".to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            opt_level: "3".to_owned(),
            cpu: Some("AMD \"EPYC\" 7763".to_owned()),
            cores: Some(4),
            memory_bytes: Some(Bytes(16 << 30)),
            ..Environment::default()
        },
        seed: 7,
        warnings: Vec::new(),
        cases,
    }
}
