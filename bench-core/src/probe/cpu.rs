//! The probe of processor time: the time that the worker used during the samples.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use crate::probe::{Probe, ProbeFactory};
use bench_os as sys;
use bench_os::Usage;
use bench_protocol::{Observation, Reading};

inventory::submit! { ProbeFactory::new("cpu", || Box::new(Cpu::default())) }

/// Processor time and context switches by `getrusage(RUSAGE_SELF)`, of all threads of the worker, without child
/// processes, from the first sample to the last, including setup between samples.
#[derive(Default)]
struct Cpu {
    begin: Option<Start>,
    level: Option<Start>,
}

/// The readings at the beginning or the end of a period.
#[derive(Clone)]
struct Start {
    at: Instant,
    used: Usage,
    /// The migrations of each thread; `None` if the kernel does not count them.
    migrations: Option<HashMap<String, u64>>,
}

impl Start {
    fn now() -> Result<Self, String> {
        let used = sys::usage().map_err(|error| error.to_string())?;
        Ok(Start { at: Instant::now(), used, migrations: migrations() })
    }

    /// Returns the readings from this point to `end`, per iteration or request.
    fn until(&self, end: &Start, done: u64) -> Vec<Reading> {
        if done == 0 {
            return Vec::new();
        }
        let per_iteration = |sum: f64| sum / done as f64;
        let user = end.used.user.saturating_sub(self.used.user).as_secs_f64();
        let system = end.used.system.saturating_sub(self.used.system).as_secs_f64();
        let wall = end.at.saturating_duration_since(self.at).as_secs_f64();
        let count = |metric, before: u64, after: u64| {
            Reading::new(metric, "1/iteration", per_iteration(after.saturating_sub(before) as f64))
        };
        let (before, after) = (&self.used, &end.used);
        let mut readings = vec![
            Reading::new("cpu_time", "s", per_iteration(user + system)),
            Reading::new("cpu_time_user", "s", per_iteration(user)),
            Reading::new("cpu_time_system", "s", per_iteration(system)),
            Reading::new("cores_used", "1", (user + system) / wall),
            count("voluntary_switches", before.voluntary_switches, after.voluntary_switches),
            count("involuntary_switches", before.involuntary_switches, after.involuntary_switches),
        ];
        if let (Some(before), Some(after)) = (&self.migrations, &end.migrations) {
            // A thread that did not exist at the beginning starts at zero; one that has ended is left out.
            let moved =
                |(thread, now): (&String, &u64)| now.saturating_sub(before.get(thread).copied().unwrap_or(0));
            readings.push(count("migrations", 0, after.iter().map(moved).sum()));
        }
        readings
    }
}

impl Probe for Cpu {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn begin(&mut self) -> Result<(), String> {
        self.begin = Some(Start::now()?);
        self.level.clone_from(&self.begin);
        Ok(())
    }

    fn level(&mut self, requests: u64) -> Vec<Reading> {
        let Ok(now) = Start::now() else { return Vec::new() };
        let readings = self.level.as_ref().map(|start| start.until(&now, requests)).unwrap_or_default();
        self.level = Some(now);
        readings
    }

    fn end(&mut self, iterations: u64) -> Result<Observation, String> {
        let now = Start::now()?;
        Ok(self.begin.as_ref().map(|start| start.until(&now, iterations)).unwrap_or_default().into())
    }
}

/// Returns how often each thread of this process has been moved to another processor, from
/// `/proc/self/task/<thread>/sched`; `None` if the kernel does not provide this file.
fn migrations() -> Option<HashMap<String, u64>> {
    let mut moved = HashMap::new();
    for thread in fs::read_dir("/proc/self/task").ok()?.flatten() {
        // A thread may end before its file is read.
        let Ok(text) = fs::read_to_string(thread.path().join("sched")) else { continue };
        moved.insert(thread.file_name().to_string_lossy().into_owned(), nr_migrations(&text)?);
    }
    (!moved.is_empty()).then_some(moved)
}

fn nr_migrations(sched: &str) -> Option<u64> {
    let line = sched.lines().find(|line| line.starts_with("se.nr_migrations"))?;
    line.rsplit_once(':')?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn value(readings: &[Reading], metric: &str) -> Option<f64> {
        readings.iter().find(|reading| reading.metric == metric).map(|reading| reading.value)
    }

    #[test]
    fn what_was_used_is_told_per_iteration() {
        let used = |ms, switches| Usage {
            user: Duration::from_millis(ms),
            system: Duration::from_millis(2 * ms),
            major_faults: 0,
            voluntary_switches: switches,
            involuntary_switches: 10 * switches,
        };
        let at = Instant::now();
        let migrations = |threads: &[(&str, u64)]| {
            Some(threads.iter().map(|(thread, moved)| ((*thread).to_owned(), *moved)).collect())
        };
        let start = Start { at, used: used(100, 5), migrations: migrations(&[("7", 100), ("8", 1)]) };
        let end = Start {
            at: at + Duration::from_millis(200),
            used: used(200, 25),
            migrations: migrations(&[("7", 104), ("9", 6)]),
        };
        let readings = start.until(&end, 10);
        for (metric, expected) in [
            ("cpu_time", 0.03),
            ("cpu_time_user", 0.01),
            ("cpu_time_system", 0.02),
            ("cores_used", 1.5),
            ("voluntary_switches", 2.0),
            ("involuntary_switches", 20.0),
            ("migrations", 1.0),
        ] {
            let found = value(&readings, metric).expect(metric);
            assert!((found - expected).abs() < 1e-12, "{metric}: {found}");
        }
        assert!(start.until(&end, 0).is_empty(), "nothing was done");
        let unknown = Start { migrations: None, ..end };
        assert_eq!(value(&start.until(&unknown, 10), "migrations"), None, "no 0 where nobody counts");
    }

    #[cfg(not(all(target_os = "linux", not(bench_portable))))]
    #[test]
    fn what_is_not_known_is_unavailable() {
        let reason = Cpu::default().begin().expect_err("no processor time");
        assert!(reason.contains("on Linux only"), "{reason}");
    }

    #[cfg(all(target_os = "linux", not(bench_portable)))]
    #[test]
    fn a_thread_that_spins_uses_a_core_and_one_that_sleeps_gives_it_up() {
        let start = Start::now().expect("getrusage");
        let mut cpu = Cpu { begin: Some(start.clone()), level: Some(start) };
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let level = cpu.level(20);
        let began = |start: &Option<Start>| start.as_ref().map(|start| start.at);
        assert!(began(&cpu.level) > began(&cpu.begin), "the next level begins where this one ends");
        assert!(value(&level, "voluntary_switches").expect("switches") >= 1.0, "{level:?}");
        let spent = || sys::usage().map(|used| used.user).expect("getrusage");
        let before = spent();
        while spent() < before + Duration::from_millis(30) {}
        let level = cpu.level(1);
        assert!(value(&level, "cpu_time_user").expect("time") >= 0.029, "{level:?}");
        let all = cpu.end(1).expect("seen").readings;
        assert!(value(&all, "voluntary_switches").expect("switches") >= 20.0, "since the beginning");
    }

    #[test]
    fn migrations_are_read_where_the_kernel_keeps_them() {
        let text = "cat (1472, #threads: 1)\n---\nse.vruntime     :   80663.2\nse.nr_migrations      :          12\n";
        assert_eq!(nr_migrations(text), Some(12));
        assert_eq!(nr_migrations("cat (1472, #threads: 1)\n"), None);
    }
}
