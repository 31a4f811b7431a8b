//! A safe layer over the part of the NVIDIA Management Library (NVML) that the probe uses. It depends on nothing else
//! of this crate.
//!
//! The library is loaded when it is needed, so that a program runs even if there is no driver. Names follow `nvml.h`:
//! [`Device::power_usage`] calls `nvmlDeviceGetPowerUsage`. A function that `nvml.h` maps to a newer version of itself
//! (`nvmlInit` to `nvmlInit_v2`) is looked up only under the newer name. If the library lacks a function, each call of
//! it is an error, but loading is not.
//!
//! Reference: <https://docs.nvidia.com/deploy/nvml-api/>.

mod abi;
mod device;
mod error;
mod field;
mod functions;
mod gpm;
mod library;
mod throttle_reasons;

pub(crate) use device::{ClockType, Device, TemperatureSensor};
pub(crate) use error::NvmlError;
pub(crate) use field::FieldId;
pub(crate) use gpm::{GpmMetricId, GpmSample};
pub(crate) use library::Nvml;
pub(crate) use throttle_reasons::ThrottleReasons;
