//! Numbers of MIG instances, which `nvml-wrapper` does not tell.
#![allow(unsafe_code)]

use nvml_wrapper::Device;

/// The number of the GPU instance that a MIG device is part of, by which its parent knows it.
pub(super) fn gpu_instance(device: &Device<'_>) -> Option<u32> {
    let ask = device.nvml().lib().nvmlDeviceGetGpuInstanceId.as_ref().ok()?;
    let mut id = 0;
    // SAFETY: the handle is borrowed from a device whose NVML is alive, and used for this one call; `id` is a place for
    // an `unsigned int`.
    let code = unsafe { ask(device.handle(), &raw mut id) };
    (code == 0).then_some(id)
}
