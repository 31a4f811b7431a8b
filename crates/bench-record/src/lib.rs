//! The versioned data of a run, and the folder it is kept in.
//!
//! [`Record`] is the content of `run.json`; `docs/run.schema.json` is its published schema. Records are data: figures
//! and judgements are computed from the rounds of a case by `bench-judge`.
#![forbid(unsafe_code)]

mod case;
pub mod check;
mod counts;
mod earlier;
mod environment;
mod error;
pub mod exit;
mod folder;
mod in_progress;
mod journal;
mod measure;
mod metric;
mod moment;
mod name;
mod notice;
mod objective;
mod parts;
mod presence;
mod probe_state;
mod read;
mod record;
mod resolve;
mod round;
mod served;
mod slo;
mod surroundings;
mod time;
mod validity;
mod verdict;

pub use bench_protocol::{Better, Counter, file_name};
pub use case::{CaseRecord, Settings, Status};
pub use check::{Check, State};
pub use counts::{CaseCounts, Counts, Events, RoundCounts};
pub use earlier::{EarlierRun, EarlierRuns};
pub use environment::{Environment, Machine};
pub use error::RunError;
pub use folder::{
    Folder, LATEST, REQUESTS, abandoned, check_free, check_name, create_results, create_unique, point, seal,
    stream_whole, write_whole,
};
pub use in_progress::{InProgress, Running};
pub use journal::{Begin, JOURNAL, Journal, Replayed, replay};
pub use measure::Measure;
pub use metric::Metric;
pub use moment::{now_utc, seconds_of_moment};
pub use name::{followed, named};
pub use notice::{Figure, Notice, Unit};
pub use objective::{ObjectiveResult, ObjectiveSummary, Outcome};
pub use parts::Parts;
pub use probe_state::ProbeState;
pub use read::{RUN_FILE, open_sealed, read_file};
pub use record::{FORMAT, Record, RunState, SCHEMA_VERSION, Summary};
pub use resolve::{no_earlier_run, resolve};
pub use round::{Cause, Failure, RoundRecord};
pub use served::{
    Bin, Dot, HARNESS_BOUND, Headline, InvalidCause, Lag, Level, Pace, Served, Steady, Told, Validity, Worker,
};
pub use slo::SloCondition;
pub use surroundings::{References, Surroundings};
pub use time::{Percentile, Time};
pub use verdict::{THRESHOLD, Verdict};
