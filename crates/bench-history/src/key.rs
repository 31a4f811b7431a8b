//! The key of a line: everything that two runs must have in common to belong to it.

use std::fmt;

use bench_record::{CaseRecord, Environment, Record};
use serde::Serialize;

/// The value for properties that the record does not know.
const UNKNOWN: &str = "unknown";

/// A class of machines that may be compared with each other. On hosted runners, different machines differ by 4 to 15 %
/// without any change of the code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct MachineClass {
    /// Processor model.
    pub cpu: String,
    /// Logical processors.
    pub cores: String,
    /// Models of the GPUs, or `no GPU`.
    pub gpu: String,
    /// Memory to the nearest power of two: the part that firmware and hypervisor keep for themselves does not make a
    /// different machine.
    pub memory: String,
}

impl MachineClass {
    /// The class of the machine of a run.
    pub fn of(environment: &Environment) -> Self {
        let gib = |bytes: u64| 2f64.powf((bytes as f64 / f64::from(1 << 30)).log2().round());
        let text = |known: Option<String>| known.unwrap_or_else(|| UNKNOWN.to_owned());
        MachineClass {
            cpu: text(environment.cpu.clone()),
            cores: text(environment.cores.map(|cores| cores.to_string())),
            gpu: if environment.gpus.is_empty() { "no GPU".to_owned() } else { environment.gpus.join(" + ") },
            memory: text(environment.memory_bytes.map(|bytes| format!("{} GiB", gib(bytes.0)))),
        }
    }
}

impl fmt::Display for MachineClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores, {}, {}", self.cpu, self.cores, self.memory, self.gpu)
    }
}

/// The key of a history: one figure of one case, on one class of machines, built in one way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SeriesKey {
    /// Id of the case.
    pub case: String,
    /// Name of the figure: `time`, `peak_memory`, or the key of a metric.
    pub metric: String,
    /// The machine.
    pub machine: MachineClass,
    /// The compiler or interpreter of the program, with its version.
    pub toolchain: String,
    /// Target, optimization, features and engines.
    pub build: String,
}

impl SeriesKey {
    /// Returns the key of a figure of a case of a run, on its machine and with the build of the program that contains
    /// it.
    pub fn of(record: &Record, case: &str, metric: &str) -> Self {
        match record.case(case) {
            Some(case) => SeriesKey::of_case(record, case, metric),
            None => SeriesKey::on(&record.environment, case, metric),
        }
    }

    /// Same as [`SeriesKey::of`], for a case of the record.
    pub fn of_case(record: &Record, case: &CaseRecord, metric: &str) -> Self {
        SeriesKey::on(&record.environment_of(case), &case.id, metric)
    }

    fn on(environment: &Environment, case: &str, metric: &str) -> Self {
        SeriesKey {
            case: case.to_owned(),
            metric: metric.to_owned(),
            machine: MachineClass::of(environment),
            toolchain: environment.toolchain.clone(),
            build: build(environment),
        }
    }
}

/// Returns the target, the optimization, the processor features that the build may use without a check at run time, and
/// the versions of engines.
pub fn build(environment: &Environment) -> String {
    let mut parts = vec![environment.target.clone()];
    // An interpreter has no optimization level.
    if !environment.opt_level.is_empty() {
        parts.push(format!("opt-level {}", environment.opt_level));
    }
    if environment.debug_assertions {
        parts.push("debug assertions".to_owned());
    }
    if !environment.target_features.is_empty() {
        parts.push(environment.target_features.clone());
    }
    parts.extend(environment.engines.iter().map(|(name, version)| format!("{name} {version}")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use bench_syntax::quantity::Bytes;

    use super::*;

    #[test]
    fn memory_is_told_by_class() {
        let class = |bytes| {
            let mut environment = Environment::default();
            environment.memory_bytes = Some(Bytes(bytes));
            MachineClass::of(&environment).memory
        };
        assert_eq!(class(16_374_562_816), "16 GiB");
        assert_eq!(class(16 << 30), "16 GiB");
        assert_eq!(class(8_300_000_000), "8 GiB");
    }

    #[test]
    fn another_processor_is_another_class() {
        let of = |cpu: &str| {
            let mut environment = Environment::default();
            environment.cpu = Some(cpu.to_owned());
            MachineClass::of(&environment)
        };
        assert_ne!(of("AMD EPYC 7763"), of("AMD EPYC 9V74"));
        assert_eq!(of("a").to_string(), "a, unknown cores, unknown, no GPU");
    }

    #[test]
    fn another_engine_or_toolchain_is_another_series() {
        let python = |toolchain: &str, torch: &str| {
            let mut environment = Environment::default();
            environment.toolchain = toolchain.to_owned();
            environment.target = "x86_64-linux".to_owned();
            environment.engines.insert("torch".to_owned(), torch.to_owned());
            SeriesKey::on(&environment, "unit/x", "time")
        };
        let key = python("CPython 3.13.1", "2.9.1");
        assert_eq!(key.build, "x86_64-linux, torch 2.9.1");
        assert_eq!(key, python("CPython 3.13.1", "2.9.1"));
        assert_ne!(key, python("CPython 3.14.0", "2.9.1"));
        assert_ne!(key, python("CPython 3.13.1", "2.10.0"));
    }

    #[test]
    fn another_optimisation_is_another_build() {
        let of = |opt_level: &str| {
            let mut environment = Environment::default();
            environment.opt_level = opt_level.to_owned();
            environment.target = "t".to_owned();
            build(&environment)
        };
        assert_eq!(of("3"), "t, opt-level 3");
        assert_ne!(of("3"), of("s"));
    }
}
