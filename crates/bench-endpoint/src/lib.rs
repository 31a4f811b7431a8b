//! Puts model servers under load over HTTP: this is what `bench load URL` measures.
//!
//! How data flows: an [`Endpoint`] turns each input into a request → [`client`] sends it, and notes when bytes
//! arrive → a [`reader`] turns the bytes into events → [`api`] turns the events into marks and a response →
//! `bench-load`.
#![forbid(unsafe_code)]

pub mod api;
pub mod client;
mod conversations;
pub mod data;
mod endpoint;
pub mod failure;
pub mod fit;
pub mod probe;
pub mod reader;
pub mod response;
mod samples;
pub mod secret;
pub mod self_test;
pub mod server;
mod serves;
mod totals;

pub use conversations::Conversations;
pub use endpoint::{Endpoint, Prompt};
pub use response::CountTokens;
pub use samples::Checked;
pub use serves::Serves;
pub use totals::Counted;
