//! All checks, before and after a run.

use std::collections::BTreeSet;
use std::time::Instant;

use super::finding::{Counting, Outcome, check};
use super::{
    affinity, aslr, battery, container, frequency, governor, load, pressure, processes, quota, smt, steal,
    throttling, turbo, virtual_machine,
};
use bench_os::Machine;
use bench_record::Check;

/// The time at which a check reads the machine.
#[derive(Clone, Copy)]
enum Look {
    /// Before the run: the run itself would change it.
    Before(fn(&Machine) -> Outcome),
    /// Before the run and again at its end: it may change during the run.
    Around(fn(&Machine) -> Outcome),
    /// Counts from the start of the run to its end.
    Over(fn(&Machine) -> Counting),
    /// Same as [`Over`](Self::Over), without the processes that are measured.
    OverOthers(fn(&Machine, &BTreeSet<u32>) -> Counting),
}

/// Every check, in the order in which they are printed.
const CHECKS: [(&str, Look); 15] = [
    ("virtual machine", Look::Before(virtual_machine::look)),
    ("container", Look::Before(container::look)),
    ("governor", Look::Around(governor::look)),
    ("turbo", Look::Around(turbo::look)),
    ("frequency limits", Look::Around(frequency::look)),
    ("SMT", Look::Around(smt::look)),
    ("battery", Look::Around(battery::look)),
    ("ASLR", Look::Around(aslr::look)),
    ("affinity", Look::Before(affinity::look)),
    ("cgroup quota", Look::Over(quota::begin)),
    ("load", Look::Before(load::look)),
    ("other processes", Look::OverOthers(processes::begin)),
    ("pressure", Look::Over(pressure::begin)),
    ("steal", Look::Over(steal::begin)),
    ("thermal throttling", Look::Over(throttling::begin)),
];

/// An examination that has begun.
///
/// The runner makes both readings while no worker runs, so they are not part of any measurement. A reading opens some
/// dozens of small files, one for each process and two for each processor. Both together took 3 ms of processor time
/// on a busy virtual machine with 2 processors and 90 processes, in an optimized build (`cost_of_an_examination`).
pub struct Examination {
    machine: Machine,
    before: Vec<Check>,
    counting: Vec<(&'static str, Counting)>,
    began: Instant,
}

impl Examination {
    /// Makes the first readings.
    pub fn begin() -> Self {
        Examination::begin_beside(&BTreeSet::new())
    }

    /// Makes the first readings. The processes with these numbers are measured, such as a server on this machine: they and their
    /// descendants are not counted as other processes.
    pub fn begin_beside(measured: &BTreeSet<u32>) -> Self {
        Examination::of(Machine::this(), measured)
    }

    fn of(machine: Machine, measured: &BTreeSet<u32>) -> Self {
        let (mut before, mut counting) = (Vec::new(), Vec::new());
        for (name, look) in CHECKS {
            match look {
                Look::Before(look) | Look::Around(look) => before.push(check(name, look(&machine))),
                Look::Over(begin) => counting.push((name, begin(&machine))),
                Look::OverOthers(begin) => counting.push((name, begin(&machine, measured))),
            }
        }
        Examination { machine, before, counting, began: Instant::now() }
    }

    /// Returns the checks that need not wait for the end.
    pub fn before(&self) -> Vec<Check> {
        self.before.clone()
    }

    /// Makes the second readings, and returns all checks in their order.
    pub fn end(self) -> Vec<Check> {
        let elapsed = self.began.elapsed();
        let (mut before, mut counting) = (self.before.into_iter(), self.counting.into_iter());
        let checks = CHECKS.into_iter().filter_map(|(name, look)| match look {
            Look::Before(_) => before.next(),
            Look::Around(look) => Some(before.next()?.until(check(name, look(&self.machine)))),
            Look::Over(_) | Look::OverOthers(_) => {
                let (name, counting) = counting.next()?;
                Some(check(name, counting(&self.machine, elapsed)))
            }
        });
        checks.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;
    use bench_record::State;

    #[test]
    fn every_check_is_there_in_its_order() {
        let checks = Examination::begin().end();
        let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
        assert_eq!(names, CHECKS.map(|(name, _)| name));
        for check in &checks {
            assert!(!check.value.is_empty(), "{check:?}");
            assert_eq!(check.advice.is_none(), check.state == State::Ok, "{check:?}");
        }
    }

    #[test]
    fn without_proc_and_sys_all_is_unknown_and_nothing_fails() {
        let made = MadeUp::bare(&[]);
        let checks = Examination::of(made.machine.clone(), &BTreeSet::new()).end();
        assert_eq!(checks.len(), CHECKS.len());
        for check in checks {
            assert_eq!(check.state, State::Unknown, "{check:?}");
            assert!(check.value.ends_with("is not mounted"), "{check:?}");
            assert!(check.advice.is_some_and(|advice| advice.starts_with("sudo mount -t ")));
        }
    }

    #[test]
    fn what_changes_in_mid_run_is_seen_and_load_of_the_run_is_not() {
        let smt = "/sys/devices/system/cpu/smt/active";
        let made = MadeUp::new(&[("/proc/loadavg", "0.1 0 0"), (smt, "0")]);
        let examination = Examination::of(made.machine.clone(), &BTreeSet::new());
        let state = |checks: &[Check], name: &str| {
            checks.iter().find(|check| check.name == name).map(|check| check.state)
        };
        assert_eq!(state(&examination.before(), "load"), Some(State::Ok));
        assert_eq!(state(&examination.before(), "steal"), None, "nobody knows yet");
        made.write("/proc/loadavg", "9.9 0 0");
        made.write(smt, "1");
        let checks = examination.end();
        assert_eq!(state(&checks, "load"), Some(State::Ok));
        assert_eq!(state(&checks, "SMT"), Some(State::Warn));
        assert_eq!(state(&checks, "steal"), Some(State::Unknown));
    }

    /// `cargo test -p bench-core --release --lib -- --ignored --nocapture cost_of_an_examination`
    #[test]
    #[ignore = "measures; asserts nothing"]
    fn cost_of_an_examination() {
        // Processor time: on a busy machine, other processes take most of the wall time.
        let spent = || bench_os::usage().map(|used| used.user + used.system).expect("processor time");
        const TIMES: u32 = 200;
        let (start, before) = (Instant::now(), spent());
        for _ in 0..TIMES {
            assert_eq!(Examination::begin().end().len(), CHECKS.len());
        }
        println!(
            "{:?} of processor time each, {:?} of wall time",
            (spent() - before) / TIMES,
            start.elapsed() / TIMES
        );
        println!("{:#?}", Examination::begin().end());
    }
}
