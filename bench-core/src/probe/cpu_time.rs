//! User and system time of the worker over the samples.

use crate::probe::{Observation, Probe, ProbeFactory, Reading};
use crate::sys;

inventory::submit! { ProbeFactory::new("cpu", || Box::new(CpuTime::default())) }

/// `getrusage(RUSAGE_SELF)`: all threads of the worker, children not counted.
#[derive(Default)]
struct CpuTime {
    before: Option<sys::CpuTime>,
}

impl Probe for CpuTime {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn begin(&mut self) -> Result<(), String> {
        self.before = sys::cpu_time();
        self.before.map(|_| ()).ok_or_else(unknown)
    }

    fn end(&mut self, iterations: u64) -> Result<Observation, String> {
        if iterations == 0 {
            return Ok(Observation::default());
        }
        let (Some(before), Some(after)) = (self.before, sys::cpu_time()) else {
            return Err(unknown());
        };
        let per_iteration = |before: std::time::Duration, after: std::time::Duration| {
            after.saturating_sub(before).as_secs_f64() / iterations as f64
        };
        let user = per_iteration(before.user, after.user);
        let system = per_iteration(before.system, after.system);
        Ok(vec![
            Reading::new("cpu_time", "s", user + system),
            Reading::new("cpu_time_user", "s", user),
            Reading::new("cpu_time_system", "s", system),
        ]
        .into())
    }
}

fn unknown() -> String {
    "the system does not tell a process its processor time".to_owned()
}
