//! Answers calls: with an error, after a delay, or with a value.

use std::collections::HashMap;
use std::ffi::c_uint;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nvml_wrapper_sys::bindings::{nvmlDevice_t, nvmlReturn_t};

use crate::script::Script;
use crate::value::Value;

pub(crate) const SUCCESS: nvmlReturn_t = 0;
pub(crate) const INVALID_ARGUMENT: nvmlReturn_t = 2;
pub(crate) const NOT_SUPPORTED: nvmlReturn_t = 3;
pub(crate) const NOT_FOUND: nvmlReturn_t = 6;
pub(crate) const INSUFFICIENT_SIZE: nvmlReturn_t = 7;
pub(crate) const ARGUMENT_VERSION_MISMATCH: nvmlReturn_t = 25;

/// The errors that `errors` of the script may name, without `NVML_ERROR_`.
const ERRORS: [(&str, nvmlReturn_t); 11] = [
    ("UNINITIALIZED", 1),
    ("INVALID_ARGUMENT", INVALID_ARGUMENT),
    ("NOT_SUPPORTED", NOT_SUPPORTED),
    ("NO_PERMISSION", 4),
    ("NOT_FOUND", NOT_FOUND),
    ("DRIVER_NOT_LOADED", 9),
    ("LIBRARY_NOT_FOUND", 12),
    ("GPU_IS_LOST", 15),
    ("RESET_REQUIRED", 16),
    ("LIB_RM_VERSION_MISMATCH", 18),
    ("UNKNOWN", UNKNOWN),
];
const UNKNOWN: nvmlReturn_t = 999;

/// The handles of a GPU's instances begin at this multiple of the GPU's handle.
const INSTANCES: usize = 0x100;

/// The script, with the numbers of calls so far.
pub(crate) struct Stage {
    pub(crate) script: Script,
    began: Instant,
    calls: Mutex<HashMap<String, usize>>,
}

pub(crate) static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let script = std::env::var_os("NVML_STUB_SCRIPT")
        .ok_or_else(|| "NVML_STUB_SCRIPT names no script".to_owned())
        .and_then(|path| std::fs::read_to_string(path).map_err(|error| error.to_string()))
        .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
        .unwrap_or_else(|wrong| {
            eprintln!("nvml-stub: {wrong}");
            // Without a valid script, no test can work.
            std::process::abort()
        });
    Stage { script, began: Instant::now(), calls: Mutex::default() }
});

/// A GPU, or an instance of one.
#[derive(Clone, Copy)]
pub(crate) enum Handle {
    Gpu(usize),
    Instance(usize, usize),
}

impl Handle {
    pub(crate) fn as_c(self) -> nvmlDevice_t {
        std::ptr::without_provenance_mut(match self {
            Handle::Gpu(gpu) => gpu + 1,
            Handle::Instance(gpu, instance) => (gpu + 1) * INSTANCES + instance,
        })
    }

    pub(crate) fn from_c(device: nvmlDevice_t) -> Result<Self, nvmlReturn_t> {
        let (gpu, instance) = match device.addr() {
            number if number < INSTANCES => (number.wrapping_sub(1), None),
            number => (number / INSTANCES - 1, Some(number % INSTANCES)),
        };
        let known = STAGE.script.devices.get(gpu).ok_or(INVALID_ARGUMENT)?;
        match instance {
            None => Ok(Handle::Gpu(gpu)),
            Some(instance) if instance < known.mig.as_ref().map_or(0, Vec::len) => {
                Ok(Handle::Instance(gpu, instance))
            }
            Some(_) => Err(INVALID_ARGUMENT),
        }
    }

    fn values(self) -> Option<&'static HashMap<String, Value>> {
        let device = |gpu: usize| STAGE.script.devices.get(gpu);
        match self {
            Handle::Gpu(gpu) => Some(&device(gpu)?.values),
            Handle::Instance(gpu, instance) => Some(&device(gpu)?.mig.as_ref()?.get(instance)?.values),
        }
    }

    /// Returns the present value of this quantity, according to the script.
    pub(crate) fn read(self, name: &str) -> Result<f64, nvmlReturn_t> {
        let value = self.values().and_then(|values| values.get(name)).ok_or(NOT_SUPPORTED)?;
        let call = STAGE.count(&format!("{:x}.{name}", self.as_c().addr()));
        Ok(value.read(call, STAGE.began.elapsed().as_secs_f64()))
    }

    pub(crate) fn read_uint(self, name: &str) -> Result<c_uint, nvmlReturn_t> {
        self.read(name).map(|value| value as c_uint)
    }
}

impl Stage {
    /// Counts a call of `what`; returns the number of calls before.
    fn count(&self, what: &str) -> usize {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let count = calls.entry(what.to_owned()).or_default();
        *count += 1;
        *count - 1
    }
}

/// Answers a call of `function`: after a delay, with busy time, or with an error, if the script contains these.
pub(crate) fn answer(function: &str, act: impl FnOnce() -> Result<(), nvmlReturn_t>) -> nvmlReturn_t {
    let call = STAGE.count(function);
    let script = &STAGE.script;
    if let Some(delay) = script.delays.get(function)
        && delay.at_call.is_none_or(|at| at == call)
    {
        std::thread::sleep(Duration::from_millis(delay.ms));
    }
    let began = Instant::now();
    while began.elapsed() < Duration::from_micros(script.busy_us) {
        std::hint::spin_loop();
    }
    if let Some(fault) = script.errors.get(function)
        && call >= fault.from_call
    {
        let known = ERRORS.iter().find(|(name, _)| *name == fault.error);
        return known.map_or(UNKNOWN, |(_, code)| *code);
    }
    act().err().unwrap_or(SUCCESS)
}
