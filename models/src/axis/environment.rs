//! Sets the number of threads that candle starts, in the environment of this process. The only unsafe code of this
//! crate.

#![allow(unsafe_code)]

use std::env;

/// The variables that rayon and candle read when they start their threads.
const VARIABLES: [&str; 2] = ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"];

/// Makes candle and rayon start `threads` threads, unless they have started theirs already.
pub(super) fn set_threads(threads: usize) {
    for variable in VARIABLES {
        // SAFETY: `set_var` races with threads that read the environment without the lock of the standard library,
        // which code in C does. At the beginning of a benchmark no such code of this crate runs: ONNX Runtime is loaded
        // later, by the benchmark itself. Only NVML's may: if the probe of GPUs has not opened the driver within its
        // 300 ms, its thread is still doing so.
        unsafe { env::set_var(variable, threads.to_string()) };
    }
}
