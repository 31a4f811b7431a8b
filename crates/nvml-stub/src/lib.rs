//! A shared library with the C interface of NVML (and the three calls of the CUDA driver that return a device's UUID),
//! whose GPUs follow a script. The environment variable `NVML_STUB_SCRIPT` contains the path of the script, a JSON
//! file:
//!
//! ```json
//! {
//!   "driver": "580.95.05",
//!   "busy_us": 12,
//!   "errors": { "nvmlInit_v2": { "error": "DRIVER_NOT_LOADED" },
//!               "nvmlDeviceGetUtilizationRates": { "error": "GPU_IS_LOST", "from_call": 5 } },
//!   "delays": { "nvmlDeviceGetMemoryInfo_v2": { "ms": 2000, "at_call": 3 } },
//!   "devices": [ { "uuid": "GPU-…", "name": "Stub H100",
//!                  "values": { "utilisation": 34, "memory_used": { "calls": [1e9, 3e9] },
//!                              "energy_mj": { "per_s": 300000, "from": 7e6, "step_s": 0.1, "wraps_at": 1e9 } },
//!                  "mig": [ { "uuid": "MIG-…", "gpu_instance": 1, "values": { "memory_used": 5e8 } } ] } ]
//! }
//! ```
//!
//! A value is a number, a list of the values of successive calls (the last one is repeated), or a counter. The device
//! does not support values that the script does not contain. Errors and delays apply to one function each, by its name.

// The old driver does not export newer functions, so their code is unused.
#![cfg_attr(feature = "old-driver", allow(dead_code))]
mod abi;
mod answer;
mod script;
mod value;
