//! Suites that belong to no single model and need candle; those that do not are in `kernels`.
#![forbid(unsafe_code)]

pub mod softmax;
