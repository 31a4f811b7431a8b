//! Profilers that run within a benchmark.

use std::path::Path;

/// A profiler that criterion would start and stop. It is not called here: `cargo bench -- --profile-time 10` runs each
/// benchmark for an external profiler.
pub trait Profiler {
    /// Begins profiling.
    fn start_profiling(&mut self, benchmark_id: &str, benchmark_dir: &Path);

    /// Ends profiling.
    fn stop_profiling(&mut self, benchmark_id: &str, benchmark_dir: &Path);
}

/// The absence of a profiler within the benchmark.
#[derive(Debug)]
pub struct ExternalProfiler;

impl Profiler for ExternalProfiler {
    fn start_profiling(&mut self, _benchmark_id: &str, _benchmark_dir: &Path) {}

    fn stop_profiling(&mut self, _benchmark_id: &str, _benchmark_dir: &Path) {}
}
