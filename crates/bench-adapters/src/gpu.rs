//! Observes GPUs while an executable of another harness runs.

use bench_gpu::Gpu;
use bench_protocol::{Assignment, Finish, ProbeReport};

use crate::adapter::Trouble;

/// The probe, as workers of this framework call it.
const NAME: &str = "gpu";

/// Measures, and observes the GPUs from the start of the executable to its end: when exactly it measures, no harness says.
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
    // Energy of no iteration: the harness also warms up, and what that takes is part of it.
    let report = ProbeReport::seen(NAME, begun.and_then(|()| gpu.end(0)));
    finish.probes.push(report);
    Ok(finish)
}
