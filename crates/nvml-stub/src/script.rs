//! The script, as read from its file.

use std::collections::HashMap;

use serde::Deserialize;

use crate::value::Value;

/// The machine that the library imitates.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    #[serde(default = "recent")]
    pub(crate) driver: String,
    /// Processor time that every call takes, in microseconds.
    #[serde(default)]
    pub(crate) busy_us: u64,
    #[serde(default)]
    pub(crate) errors: HashMap<String, Fault>,
    #[serde(default)]
    pub(crate) delays: HashMap<String, Delay>,
    #[serde(default)]
    pub(crate) devices: Vec<Device>,
    /// The device numbers of NVML in the order in which CUDA numbers the devices; the same order if absent.
    pub(crate) cuda_order: Option<Vec<usize>>,
}

fn recent() -> String {
    "580.95.05".to_owned()
}

/// A function that fails.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The name of the error without `NVML_ERROR_`, such as `GPU_IS_LOST`.
    pub(crate) error: String,
    /// The first call that fails, counted from 0.
    #[serde(default)]
    pub(crate) from_call: usize,
}

/// A function that hangs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delay {
    pub(crate) ms: u64,
    /// The number of the call, from 0; every call if absent.
    pub(crate) at_call: Option<usize>,
}

/// A GPU.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    pub(crate) uuid: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) values: HashMap<String, Value>,
    /// The instances of the GPU, if it is in MIG mode.
    pub(crate) mig: Option<Vec<Instance>>,
}

/// An instance of a GPU in MIG mode.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Instance {
    pub(crate) uuid: String,
    pub(crate) gpu_instance: u32,
    #[serde(default)]
    pub(crate) values: HashMap<String, Value>,
}
