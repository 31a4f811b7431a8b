//! Records made up for tests.

use bench_record::{
    CaseRecord, Cause, Environment, FORMAT, Failure, Record, RoundRecord, RunState, SCHEMA_VERSION, Summary,
    now_utc,
};
use bench_syntax::Category;

use crate::Summarize;

/// A record with one sample of one iteration a round, in nanoseconds; a case without rounds has failed.
pub fn record(cases: Vec<(&str, Vec<u64>)>) -> Record {
    let cases: Vec<CaseRecord> = cases
        .into_iter()
        .map(|(id, rounds)| {
            let mut case = CaseRecord::blank(id, Category::Unit);
            for ns in &rounds {
                case.push(RoundRecord {
                    iterations_per_sample: 1,
                    sample_ns: vec![*ns],
                    ..RoundRecord::default()
                });
            }
            if rounds.is_empty() {
                let failure =
                    Failure { cause: Cause::Panic, message: String::new(), output_tail: String::new() };
                case.push(RoundRecord { failure: Some(failure), ..RoundRecord::default() });
            }
            case
        })
        .collect();
    Record {
        format: FORMAT.to_owned(),
        schema_version: SCHEMA_VERSION,
        run: "run".to_owned(),
        timestamp: now_utc(),
        sealed: now_utc(),
        state: RunState::Complete,
        summary: Summary::of(&cases),
        targets: None,
        environment: Environment::default(),
        seed: 0,
        warnings: Vec::new(),
        cases,
    }
}
