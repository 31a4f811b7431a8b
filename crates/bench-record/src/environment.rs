//! The machine and the build that a run's figures belong to.

use std::collections::BTreeMap;

use bench_protocol::Build;
use bench_syntax::quantity::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Check, ProbeState, References, check};

/// The machine and the build. Values that could not be found out are absent, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Environment {
    /// Git commit of the working directory.
    pub commit: Option<String>,
    /// Whether tracked files differ from that commit.
    pub dirty: Option<bool>,
    /// `rustc --version` of the build.
    pub toolchain: String,
    /// Target triple of the build.
    pub target: String,
    /// Processor features that the build may use without detecting them.
    pub target_features: String,
    /// `opt-level` of the harness.
    pub opt_level: String,
    /// Whether debug assertions are on.
    pub debug_assertions: bool,
    /// Versions of the engines that the program links, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub engines: BTreeMap<String, String>,
    /// Operating system and kernel.
    pub os: Option<String>,
    /// Processor model.
    pub cpu: Option<String>,
    /// Logical processors that this process may use.
    pub cores: Option<usize>,
    /// Memory of the machine, in bytes.
    pub memory_bytes: Option<Bytes>,
    /// Frequency governor of the first processor.
    pub governor: Option<String>,
    /// Load average over one minute when the run began.
    pub load: Option<f64>,
    /// Share of processor time that the hypervisor gave to others during the run.
    pub steal: Option<f64>,
    /// Models of the NVIDIA GPUs.
    pub gpus: Vec<String>,
    /// Version of the NVIDIA driver.
    pub gpu_driver: Option<String>,
    /// Medians of the reference kernels over the run; absent if it was not observed.
    #[serde(default)]
    pub references: Option<References>,
    /// The probes of the run, by name.
    #[serde(default)]
    pub probes: Vec<ProbeState>,
    /// The checks of how quiet the machine was; empty if it was not observed.
    #[serde(default)]
    pub quietness: Vec<Check>,
}

/// The properties of a machine: figures of machines that differ in one of them cannot be compared. Values that could
/// not be found out are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Machine {
    /// Processor model.
    pub cpu: Option<String>,
    /// Logical processors that the run could use.
    pub cores: Option<usize>,
    /// Memory of the machine, in bytes.
    pub memory_bytes: Option<Bytes>,
    /// Models of the NVIDIA GPUs.
    pub gpus: Vec<String>,
}

impl Environment {
    /// Sets the machine that measured the figures.
    pub fn measured_on(&mut self, machine: &Machine) {
        let Machine { cpu, cores, memory_bytes, gpus } = machine.clone();
        (self.cpu, self.cores, self.memory_bytes, self.gpus) = (cpu, cores, memory_bytes, gpus);
    }

    /// Returns the machine that measured the figures.
    pub fn machine(&self) -> Machine {
        let Environment { cpu, cores, memory_bytes, gpus, .. } = self;
        Machine { cpu: cpu.clone(), cores: *cores, memory_bytes: *memory_bytes, gpus: gpus.clone() }
    }

    /// Sets the build of the measured program.
    pub fn built_as(&mut self, build: &Build) {
        self.toolchain.clone_from(&build.toolchain);
        self.target.clone_from(&build.target);
        self.target_features.clone_from(&build.target_features);
        self.opt_level.clone_from(&build.optimization);
        self.debug_assertions = build.debug_assertions;
        self.engines.clone_from(&build.engines);
    }

    /// Returns the build of the measured program.
    pub fn build(&self) -> Build {
        let mut build = Build::default();
        build.toolchain.clone_from(&self.toolchain);
        build.target.clone_from(&self.target);
        build.target_features.clone_from(&self.target_features);
        build.optimization.clone_from(&self.opt_level);
        build.debug_assertions = self.debug_assertions;
        build.engines.clone_from(&self.engines);
        build
    }

    /// Returns the warnings about this machine that weaken trust in the figures.
    pub fn machine_warnings(&self) -> Vec<String> {
        check::warnings(&self.quietness)
    }
}
