//! Observes GPUs while an executable of another harness runs.

use bench_gpu::Gpu;
use bench_protocol::{Assignment, Finish, ProbeReport};

use crate::adapter::Trouble;

/// The name of the probe, as in workers of this framework.
const NAME: &str = "gpu";

/// Measures, and observes the GPUs from the start of the executable to its end: no harness reports when exactly it
/// measures.
pub(crate) fn observed(
    assignment: &Assignment,
    measure: impl FnOnce() -> Result<Finish, Trouble>,
) -> Result<Finish, Trouble> {
    let wanted = assignment.probes.as_ref().is_none_or(|names| names.iter().any(|name| name == NAME));
    if !wanted {
        return measure();
    }
    let mut gpu = Gpu::default();
    gpu.prepare(&assignment.devices);
    let begun = gpu.begin();
    let mut finish = measure()?;
    // No energy per iteration: the energy includes the harness's warm-up.
    let report = ProbeReport::seen(NAME, begun.and_then(|()| gpu.end(0)));
    finish.probes.push(report);
    Ok(finish)
}
