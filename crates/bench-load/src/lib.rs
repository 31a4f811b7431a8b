//! Served work: throughput and latency of a model under load, in the units its field uses, from inside a
//! `#[benchmark]` function.
//!
//! The way data takes: [`input`] → [`scenario`] → driver ⇄ the closure ([`request`]) → log → [`domain`] →
//! levels of the record (`bench_record::Level`) → reports.
#![forbid(unsafe_code)]

pub mod check;
mod clock;
#[cfg(feature = "tokio")]
pub mod cores;
pub mod domain;
mod driver;
mod figure;
pub mod fleet;
pub mod input;
mod level;
mod load;
mod log;
pub mod media;
mod pause;
mod phase;
mod plans;
mod probed;
mod random;
mod rates;
pub mod recommendation;
mod record_id;
mod refusals;
pub mod report;
pub mod request;
#[cfg(feature = "tokio")]
mod runtime;
pub mod scenario;
mod search;
mod serving;
pub mod slo;
mod slot;
mod stop;
mod stripe;

pub use load::Load;
pub use request::Request;
#[cfg(feature = "tokio")]
pub use runtime::block_on;
pub use search::{Bracket, Search};
pub use slo::Slo;
