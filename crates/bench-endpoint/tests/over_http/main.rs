//! The client over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod dialects;
mod grpc;
mod http2;
mod tls;
