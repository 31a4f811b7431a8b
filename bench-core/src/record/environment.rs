//! The machine and the build that a run's figures belong to.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::probe::ProbeState;
use crate::quantity::Bytes;
use crate::quietness::{self, Check};
use crate::record::References;

/// The machine and the build. What could not be found out is absent, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Git commit of the working directory.
    pub commit: Option<String>,
    /// Whether tracked files differ from that commit.
    pub dirty: Option<bool>,
    /// `rustc --version` of the build.
    pub toolchain: String,
    /// Target triple of the build.
    pub target: String,
    /// Processor features the build may use without asking.
    pub target_features: String,
    /// `opt-level` of the harness.
    pub opt_level: String,
    /// Whether debug assertions are on.
    pub debug_assertions: bool,
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
    /// Medians of the reference kernels over the run; absent where nobody looked.
    #[serde(default)]
    pub references: Option<References>,
    /// The probes of the run, by name.
    #[serde(default)]
    pub probes: Vec<ProbeState>,
    /// How quiet the machine was; empty where nobody looked.
    #[serde(default)]
    pub quietness: Vec<Check>,
}

impl Environment {
    /// Looks around.
    pub fn capture() -> Self {
        let mut environment = Environment {
            commit: git(&["rev-parse", "HEAD"]).filter(|commit| !commit.is_empty()),
            dirty: git(&["status", "--porcelain", "--untracked-files=no"]).map(|changes| !changes.is_empty()),
            toolchain: env!("BENCH_RUSTC").to_owned(),
            target: env!("BENCH_TARGET").to_owned(),
            target_features: env!("BENCH_TARGET_FEATURES").to_owned(),
            opt_level: env!("BENCH_OPT_LEVEL").to_owned(),
            debug_assertions: cfg!(debug_assertions),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            governor: read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            gpus: nvidia_gpus(Path::new("/proc/driver/nvidia/gpus")),
            gpu_driver: read_line("/proc/driver/nvidia/version").map(|line| driver_version(&line)),
            ..Environment::default()
        };
        environment.ask_system();
        environment
    }

    #[cfg(feature = "sysinfo")]
    fn ask_system(&mut self) {
        use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
        let kernel =
            System::kernel_long_version().map(|kernel| format!(", kernel {kernel}")).unwrap_or_default();
        self.os = System::long_os_version().ok().map(|os| os + &kernel);
        self.load = System::load_average().ok().map(|load| load.one);
        let wanted = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        if let Ok(system) = System::new_with_specifics(wanted) {
            self.cpu = system
                .cpus()
                .first()
                .map(|cpu| cpu.brand().trim().to_owned())
                .filter(|brand| !brand.is_empty());
            self.memory_bytes = Some(Bytes(system.total_memory())).filter(|bytes| bytes.0 > 0);
        }
    }

    #[cfg(not(feature = "sysinfo"))]
    fn ask_system(&mut self) {}

    /// What about this machine or build speaks against trusting the figures.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.debug_assertions || self.opt_level == "0" {
            warnings.push(
                "this is a build without optimisation: run `cargo bench`, or add `--release`".to_owned(),
            );
        }
        warnings.extend(self.machine_warnings());
        warnings
    }

    /// What about this machine speaks against trusting the figures.
    pub(crate) fn machine_warnings(&self) -> Vec<String> {
        quietness::warnings(&self.quietness)
    }
}

/// Ticks of all processors since boot, from the first line of `/proc/stat` (proc(5)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuTicks {
    total: u64,
    steal: u64,
}

impl CpuTicks {
    pub(crate) fn now() -> Option<Self> {
        CpuTicks::parse(&read_line("/proc/stat")?)
    }

    /// From that line.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let ticks: Vec<u64> =
            line.strip_prefix("cpu ")?.split_whitespace().map_while(|field| field.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; guest time is part of user already.
        Some(CpuTicks { total: ticks.iter().take(8).sum(), steal: *ticks.get(7)? })
    }

    /// Ticks of all processors since `earlier`.
    pub(crate) fn ticks_since(self, earlier: CpuTicks) -> u64 {
        self.total.saturating_sub(earlier.total)
    }

    /// Share of the time since `earlier` that was stolen.
    pub(crate) fn steal_since(self, earlier: CpuTicks) -> Option<f64> {
        let total = self.total.checked_sub(earlier.total).filter(|total| *total > 0)?;
        Some(self.steal.saturating_sub(earlier.steal) as f64 / total as f64)
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn read_line(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()?.lines().next().map(|line| line.trim().to_owned())
}

/// `Model:` of every file `<folder>/*/information`.
fn nvidia_gpus(folder: &Path) -> Vec<String> {
    let mut gpus: Vec<(std::path::PathBuf, String)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let text = std::fs::read_to_string(entry.path().join("information")).ok()?;
            let model = text.lines().find_map(|line| line.strip_prefix("Model:"))?.trim().to_owned();
            Some((entry.path(), model))
        })
        .collect();
    gpus.sort();
    gpus.into_iter().map(|(_, model)| model).collect()
}

/// The version number in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue …`.
fn driver_version(line: &str) -> String {
    line.split_whitespace()
        .find(|word| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.'))
        .unwrap_or(line)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_a_share_of_all_ticks() {
        let before = CpuTicks::parse("cpu  100 0 50 800 10 0 0 40 7 0").expect("a line of /proc/stat");
        let after = CpuTicks::parse("cpu  150 0 60 830 10 0 0 50 9 0").expect("a line of /proc/stat");
        assert_eq!(after.steal_since(before), Some(0.1));
        assert_eq!(before.steal_since(before), None);
        assert!(CpuTicks::parse("cpu0 1 2 3").is_none());
    }

    #[test]
    fn the_driver_is_a_version_number() {
        let line = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024";
        assert_eq!(driver_version(line), "550.54.15");
    }

    #[test]
    fn gpus_are_listed_in_order() {
        let folder = tempfile::tempdir().expect("folder");
        for (bus, model) in [("0000:02:00.0", "NVIDIA H200"), ("0000:01:00.0", "NVIDIA A100")] {
            std::fs::create_dir(folder.path().join(bus)).expect("folder");
            std::fs::write(
                folder.path().join(bus).join("information"),
                format!("Model: \t\t {model}\nIRQ: 1\n"),
            )
            .expect("file");
        }
        assert_eq!(nvidia_gpus(folder.path()), ["NVIDIA A100", "NVIDIA H200"]);
        assert!(nvidia_gpus(&folder.path().join("missing")).is_empty());
    }
}
