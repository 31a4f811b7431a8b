//! Suites that belong to no single model.
#![forbid(unsafe_code)]

pub mod kernels;
