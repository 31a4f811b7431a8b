//! An imitated GPU driver: the stub library and its script.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::cargo::{cargo_into, fixture_target};

/// The age of the driver.
#[derive(Clone, Copy, Debug)]
pub enum Driver {
    /// A driver with all functions that the probe calls.
    Recent,
    /// A driver without counters of energy, fields, and the second version of the memory function.
    Old,
}

impl Driver {
    /// Returns the library, which is built once.
    pub fn library(self) -> PathBuf {
        static BUILT: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
        BUILT[self as usize]
            .get_or_init(|| {
                let (folder, features): (_, &[&str]) = match self {
                    Driver::Recent => ("nvml", &[]),
                    Driver::Old => ("nvml-old", &["--features", "old-driver"]),
                };
                let target = fixture_target().with_file_name(folder);
                let mut command = cargo_into(&target, &[&["build", "-p", "nvml-stub"], features].concat());
                let output = command.output().expect("cargo");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                let name =
                    format!("{}nvml_stub{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
                target.join("debug").join(name)
            })
            .clone()
    }
}

/// A script for the library, which describes a machine.
pub struct Nvml {
    driver: Driver,
    script: Value,
}

impl Nvml {
    /// Creates the script of a machine with these GPUs.
    pub fn with(devices: &[Value]) -> Self {
        Nvml { driver: Driver::Recent, script: json!({ "devices": devices }) }
    }

    /// Uses another driver.
    pub fn driver(self, driver: Driver) -> Self {
        Nvml { driver, ..self }
    }

    /// Adds a part to the script, such as `errors` or `delays`.
    pub fn and(mut self, part: &str, value: Value) -> Self {
        self.script[part] = value;
        self
    }

    /// Makes a command see this machine; writes the script into `folder`.
    pub fn set_up(&self, command: &mut Command, folder: &Path) {
        let script = folder.join("nvml.json");
        std::fs::write(&script, self.script.to_string()).expect("file");
        command
            .env("BENCH_NVML", self.driver.library())
            .env("BENCH_CUDA", self.driver.library())
            .env("NVML_STUB_SCRIPT", script)
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env_remove("CUDA_DEVICE_ORDER");
    }
}

/// Returns a GPU whose UUID ends with `number`. `values` replace or add to the usual values; `null` removes one.
pub fn gpu(number: u32, values: Value) -> Value {
    let mut all = json!({
        "utilisation": 25,
        "memory_used": { "calls": [1e9, 3e9, 2e9] },
        "sm_clock": 1500,
        "memory_clock": 2600,
        "power_average_mw": 300_000,
        "power_instant_mw": 310_000,
        "power_mw": 300_000,
        "power_limit_mw": 700_000,
        "energy_mj": { "per_s": 300_000, "from": 7e9 },
        "temperature": 61,
        "throttle": 0,
        "pcie_sent_bytes": { "per_s": 1e9 },
        "pcie_received_bytes": { "per_s": 2e9 },
        "sm_activity": 25,
        "sm_occupancy": 50,
        "tensor_activity": 10,
        "dram_activity": 40,
    });
    for (name, value) in values.as_object().expect("values") {
        if value.is_null() {
            all.as_object_mut().expect("values").remove(name);
        } else {
            all[name] = value.clone();
        }
    }
    json!({ "uuid": uuid(number), "name": "Stub H100", "values": all })
}

/// Returns the UUID of the GPU with this number.
pub fn uuid(number: u32) -> String {
    format!("GPU-00000000-0000-0000-0000-{number:012x}")
}
