//! A GPU, or an instance of one in MIG mode.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_uint, c_ulonglong};

use super::abi::{
    NVML_DEVICE_NAME_V2_BUFFER_SIZE, NVML_DEVICE_UUID_V2_BUFFER_SIZE, NVML_GPM_SUPPORT_VERSION, nvmlDevice_t,
    nvmlGpmSupport_t, nvmlMemory_v2, nvmlMemory_v2_t, nvmlReturn_t, nvmlUtilization_t,
};
use super::error::{NvmlError, check};
use super::field::{self, FieldId};
use super::functions::Function;
use super::gpm::GpmSample;
use super::library::Nvml;
use super::throttle_reasons::ThrottleReasons;

/// A function that writes one value about a device.
type Getter<T> = Function<unsafe extern "C" fn(nvmlDevice_t, *mut T) -> nvmlReturn_t>;

/// A function that writes a text about a device, of at most this many bytes with its final zero.
type TextGetter = Function<unsafe extern "C" fn(nvmlDevice_t, *mut c_char, c_uint) -> nvmlReturn_t>;

/// A clock of a GPU (`nvmlClockType_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockType {
    /// `NVML_CLOCK_SM`: of the streaming multiprocessors.
    Sm = 1,
    /// `NVML_CLOCK_MEM`: of the memory.
    Mem = 2,
}

/// A sensor of temperature (`nvmlTemperatureSensors_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemperatureSensor {
    /// `NVML_TEMPERATURE_GPU`: in the GPU die.
    Gpu = 0,
}

/// A GPU, or an instance of one in MIG mode, that NVML knows.
#[derive(Clone, Copy)]
pub(crate) struct Device<'nvml> {
    nvml: &'nvml Nvml,
    /// Got from this `nvml`, and valid as long as that is.
    handle: nvmlDevice_t,
}

/// Each method names the function that it calls, and returns that function's errors.
impl Nvml {
    /// Returns the GPU of this number (`nvmlDeviceGetHandleByIndex_v2`), in the order of the bus.
    ///
    /// # Errors
    /// NVML's own: there is no such GPU, it may not be accessed, or it is lost.
    pub(crate) fn device_by_index(&self, index: u32) -> Result<Device<'_>, NvmlError> {
        let function = self.functions.nvmlDeviceGetHandleByIndex_v2.get()?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: `handle` is a place for what the function writes.
        check(unsafe { function(index, &raw mut handle) })?;
        Ok(Device::new(self, handle))
    }
}

impl<'nvml> Device<'nvml> {
    /// Wraps a handle that was got from this `nvml`.
    pub(super) fn new(nvml: &'nvml Nvml, handle: nvmlDevice_t) -> Self {
        Device { nvml, handle }
    }

    /// Returns the UUID: `GPU-` or `MIG-`, and 36 characters (`nvmlDeviceGetUUID`).
    pub(crate) fn uuid(&self) -> Result<String, NvmlError> {
        self.read_text::<NVML_DEVICE_UUID_V2_BUFFER_SIZE>(&self.nvml.functions.nvmlDeviceGetUUID)
    }

    /// Returns the name of the product (`nvmlDeviceGetName`).
    pub(crate) fn name(&self) -> Result<String, NvmlError> {
        self.read_text::<NVML_DEVICE_NAME_V2_BUFFER_SIZE>(&self.nvml.functions.nvmlDeviceGetName)
    }

    /// Returns how many MIG instances this GPU can have (`nvmlDeviceGetMaxMigDeviceCount`): 0 if it cannot have any.
    pub(crate) fn max_mig_device_count(&self) -> Result<u32, NvmlError> {
        self.read(&self.nvml.functions.nvmlDeviceGetMaxMigDeviceCount, 0)
    }

    /// Returns the MIG instance at place `index` of the GPU (`nvmlDeviceGetMigDeviceHandleByIndex`).
    /// [`NvmlError::NotFound`] means that the place is empty.
    pub(crate) fn mig_device_by_index(&self, index: u32) -> Result<Device<'nvml>, NvmlError> {
        let function = self.nvml.functions.nvmlDeviceGetMigDeviceHandleByIndex.get()?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: the handle is that of a device, and `handle` a place for what the function writes.
        check(unsafe { function(self.handle, index, &raw mut handle) })?;
        Ok(Device::new(self.nvml, handle))
    }

    /// Returns the number of the GPU instance that this MIG instance is part of, by which its GPU knows it
    /// (`nvmlDeviceGetGpuInstanceId`).
    pub(crate) fn gpu_instance_id(&self) -> Result<u32, NvmlError> {
        self.read(&self.nvml.functions.nvmlDeviceGetGpuInstanceId, 0)
    }

    /// Returns the memory in use, by all processes, in bytes (`used` of `nvmlDeviceGetMemoryInfo_v2`, which does not
    /// count what the driver reserves).
    pub(crate) fn memory_used(&self) -> Result<u64, NvmlError> {
        let memory = nvmlMemory_v2_t { version: nvmlMemory_v2, ..Default::default() };
        self.read(&self.nvml.functions.nvmlDeviceGetMemoryInfo_v2, memory).map(|memory| memory.used)
    }

    /// Returns the share of the last sampling window (1/6 s to 1 s) in which a kernel was running, in per cent (`gpu` of
    /// `nvmlDeviceGetUtilizationRates`).
    pub(crate) fn utilization(&self) -> Result<u32, NvmlError> {
        let rates = nvmlUtilization_t::default();
        self.read(&self.nvml.functions.nvmlDeviceGetUtilizationRates, rates).map(|rates| rates.gpu)
    }

    /// Returns the speed of a clock, in MHz (`nvmlDeviceGetClockInfo`).
    pub(crate) fn clock_info(&self, clock: ClockType) -> Result<u32, NvmlError> {
        let function = self.nvml.functions.nvmlDeviceGetClockInfo.get()?;
        let mut mhz = 0;
        // SAFETY: the handle is that of a device, and `mhz` a place for what the function writes.
        check(unsafe { function(self.handle, clock as c_uint, &raw mut mhz) })?;
        Ok(mhz)
    }

    /// Returns a temperature, in degrees Celsius (`nvmlDeviceGetTemperature`).
    pub(crate) fn temperature(&self, sensor: TemperatureSensor) -> Result<u32, NvmlError> {
        let function = self.nvml.functions.nvmlDeviceGetTemperature.get()?;
        let mut celsius = 0;
        // SAFETY: the handle is that of a device, and `celsius` a place for what the function writes.
        check(unsafe { function(self.handle, sensor as c_uint, &raw mut celsius) })?;
        Ok(celsius)
    }

    /// Returns the power that the GPU and its circuitry take, in milliwatts (`nvmlDeviceGetPowerUsage`).
    pub(crate) fn power_usage(&self) -> Result<u32, NvmlError> {
        self.read(&self.nvml.functions.nvmlDeviceGetPowerUsage, 0)
    }

    /// Returns the power that the GPU may take, the lowest of all limits, in milliwatts
    /// (`nvmlDeviceGetEnforcedPowerLimit`).
    pub(crate) fn enforced_power_limit(&self) -> Result<u32, NvmlError> {
        self.read(&self.nvml.functions.nvmlDeviceGetEnforcedPowerLimit, 0)
    }

    /// Returns the energy used since the driver was loaded, in millijoules (`nvmlDeviceGetTotalEnergyConsumption`).
    pub(crate) fn total_energy_consumption(&self) -> Result<u64, NvmlError> {
        self.read(&self.nvml.functions.nvmlDeviceGetTotalEnergyConsumption, 0)
    }

    /// Returns why the clocks are slower than they could be (`nvmlDeviceGetCurrentClocksThrottleReasons`).
    pub(crate) fn current_clocks_throttle_reasons(&self) -> Result<ThrottleReasons, NvmlError> {
        let function = &self.nvml.functions.nvmlDeviceGetCurrentClocksThrottleReasons;
        self.read::<c_ulonglong>(function, 0).map(ThrottleReasons::from_bits)
    }

    /// Returns the values of fields that hold whole numbers (`nvmlDeviceGetFieldValues`), each of which the device may
    /// lack.
    pub(crate) fn field_values<const N: usize>(
        &self,
        ids: [FieldId; N],
    ) -> Result<[Result<u64, NvmlError>; N], NvmlError> {
        let function = self.nvml.functions.nvmlDeviceGetFieldValues.get()?;
        let mut values = ids.map(FieldId::asked);
        let count = const {
            assert!(N <= c_int::MAX as usize);
            N as c_int
        };
        // SAFETY: the handle is that of a device, and `values` are as many as `count` says, with their identifiers set
        // and all else zero.
        check(unsafe { function(self.handle, count, values.as_mut_ptr()) })?;
        Ok(values.map(|value| field::answered(&value)))
    }

    /// Returns whether the device has GPU Performance Monitoring (`nvmlGpmQueryDeviceSupport`): Hopper and newer do.
    pub(crate) fn supports_gpm(&self) -> Result<bool, NvmlError> {
        let support = nvmlGpmSupport_t { version: NVML_GPM_SUPPORT_VERSION, ..Default::default() };
        let support = self.read(&self.nvml.functions.nvmlGpmQueryDeviceSupport, support)?;
        Ok(support.isSupportedDevice != 0)
    }

    /// Samples the counters of GPM of this GPU (`nvmlGpmSampleGet`).
    pub(crate) fn gpm_sample(&self) -> Result<GpmSample<'nvml>, NvmlError> {
        let function = self.nvml.functions.nvmlGpmSampleGet.get()?;
        let sample = GpmSample::alloc(self.nvml)?;
        // SAFETY: the handle is that of a device, and the sample was allocated by NVML.
        check(unsafe { function(self.handle, sample.handle()) })?;
        Ok(sample)
    }

    /// Samples the counters of GPM of one GPU instance of this GPU, by its number (`nvmlGpmMigSampleGet`).
    pub(crate) fn gpm_mig_sample(&self, gpu_instance_id: u32) -> Result<GpmSample<'nvml>, NvmlError> {
        let function = self.nvml.functions.nvmlGpmMigSampleGet.get()?;
        let sample = GpmSample::alloc(self.nvml)?;
        // SAFETY: the handle is that of a device, and the sample was allocated by NVML.
        check(unsafe { function(self.handle, gpu_instance_id, sample.handle()) })?;
        Ok(sample)
    }

    /// Lets a function overwrite `value`, which holds the version of a structure that has one.
    fn read<T>(&self, getter: &Getter<T>, mut value: T) -> Result<T, NvmlError> {
        let function = getter.get()?;
        // SAFETY: all functions of this type in the table take the handle of a device, and write one `T` to where the
        // pointer points.
        check(unsafe { function(self.handle, &raw mut value) })?;
        Ok(value)
    }

    /// Lets a function write a text of less than `SIZE` bytes.
    fn read_text<const SIZE: usize>(&self, getter: &TextGetter) -> Result<String, NvmlError> {
        let function = getter.get()?;
        let mut buffer = [0_u8; SIZE];
        // SAFETY: all functions of this type in the table take the handle of a device, and write no more than the buffer
        // holds.
        check(unsafe { function(self.handle, buffer.as_mut_ptr().cast(), SIZE as c_uint) })?;
        let text = buffer.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(std::str::from_utf8(text)?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use nvml_wrapper_sys::bindings;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_header() {
        assert_eq!(ClockType::Sm as c_uint, bindings::nvmlClockType_enum_NVML_CLOCK_SM);
        assert_eq!(ClockType::Mem as c_uint, bindings::nvmlClockType_enum_NVML_CLOCK_MEM);
        let gpu = bindings::nvmlTemperatureSensors_enum_NVML_TEMPERATURE_GPU;
        assert_eq!(TemperatureSensor::Gpu as c_uint, gpu);
    }
}
