//! Served models over HTTP: what `bench load URL` measures.
//!
//! The way data takes: an [`Endpoint`] makes a request of each input → [`client`] sends it, and notes
//! when bytes arrive → a [`reader`] makes events of them → [`api`] makes marks and a response of these → `bench-load`.
#![forbid(unsafe_code)]

pub mod api;
pub mod client;
mod endpoint;
pub mod failure;
pub mod probe;
pub mod reader;
pub mod response;
pub mod secret;

pub use endpoint::{Endpoint, Prompt};
