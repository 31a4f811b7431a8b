//! Served work: throughput and latency of a model under load, in the units its field uses, from inside a
//! `#[benchmark]` function.
//!
//! The way data takes: [`input`] → [`scenario`] → driver ⇄ the closure ([`request`]) → log → [`domain`] →
//! levels of the record (`bench_core::record::Level`) → [`report`].

pub mod check;
pub mod domain;
mod figure;
pub mod input;
pub mod recommendation;
pub mod request;

pub use request::Request;
