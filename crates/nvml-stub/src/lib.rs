//! A shared library with the C interface of NVML (and the three calls of the CUDA driver that tell a device's UUID),
//! whose GPUs do what a script says. The environment variable `NVML_STUB_SCRIPT` names the script, a JSON file:
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
//! A value is a number, a list of what single calls read (the last one holds), or a counter. A value that the script does
//! not hold is not supported by the device. Errors and delays are those of one function, by its name.

// An old driver does not export what it has not.
#![cfg_attr(feature = "old-driver", allow(dead_code))]
mod abi;
mod answer;
mod script;
mod value;
