//! Records made up for tests.

use bench_record::{CaseRecord, Cause, Failure, Record, RoundRecord, now_utc};
use bench_syntax::Category;

use crate::Summarize;

/// Creates a record with one sample of one iteration for each round, in nanoseconds; a case without rounds has failed.
pub fn record(cases: Vec<(&str, Vec<u64>)>) -> Record {
    let cases: Vec<CaseRecord> = cases
        .into_iter()
        .map(|(id, rounds)| {
            let mut case = CaseRecord::blank(id, Category::Unit);
            for ns in &rounds {
                case.push(RoundRecord::sampled(1, vec![*ns]));
            }
            if rounds.is_empty() {
                case.push(RoundRecord::failed(Failure::new(Cause::Panic, "")));
            }
            case
        })
        .collect();
    Record::new("run", now_utc(), cases)
}
