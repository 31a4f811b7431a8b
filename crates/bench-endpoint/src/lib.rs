//! Served models over HTTP: what `bench load URL` measures.
//!
//! The way data takes: an [`Endpoint`] makes a request of each input → [`client`] sends it, and notes
//! when bytes arrive → a [`reader`] makes events of them → [`api`] makes marks and a response of these → `bench-load`.
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
pub mod server;
mod serves;
mod totals;

pub use conversations::Conversations;
pub use endpoint::{Endpoint, Prompt};
pub use samples::Checked;
pub use serves::Serves;
pub use totals::Counted;
