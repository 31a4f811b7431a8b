//! Suites that belong to no single model and need candle.
//!
//! The kernel suite, on which the harness itself is measured, is nine CPU kernels in the package
//! `kernels`, which needs no candle, [`softmax`], and one forward pass of ResNet-18, a benchmark of its
//! model:
//!
//! ```text
//! cargo bench -p kernels                            # the nine, without building candle
//! cargo bench -- kernel_ 'resnet/performance/forward[depth=18,batch=1,'     # all eleven
//! ```
//!
//! In `all`, `--tag cpu` is the nine, `--tag kernels` the nine and the softmax.

#![forbid(unsafe_code)]

pub mod softmax;
