//! The functions of NVML that the probe calls, with the types and names of `nvml.h`.
//!
//! # Safety
//! As in `nvml.h`: pointers are null or point to memory for the result, and lengths are those of the buffers.
#![allow(non_snake_case, clippy::missing_safety_doc, missing_docs, unreachable_pub)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings::{
    NVML_GPM_METRICS_GET_VERSION, NVML_GPM_SUPPORT_VERSION, field_id, nvmlDevice_t, nvmlFieldValue_t,
    nvmlGpmMetricsGet_t, nvmlGpmSample_t, nvmlGpmSupport_t, nvmlMemory_v2_t, nvmlReturn_t, nvmlUtilization_t,
};

use crate::answer::{
    ARGUMENT_VERSION_MISMATCH, Handle, INSUFFICIENT_SIZE, INVALID_ARGUMENT, NOT_FOUND, NOT_SUPPORTED, STAGE,
    SUCCESS, answer,
};

type Answer = Result<(), nvmlReturn_t>;

/// `NVML_VALUE_TYPE_UNSIGNED_LONG_LONG`.
const UNSIGNED_LONG_LONG: c_uint = 3;

/// `NVML_STRUCT_VERSION(Memory, 2)` of `nvml.h`: the size of the structure, and 2 in the highest byte.
const MEMORY_VERSION: c_uint = size_of::<nvmlMemory_v2_t>() as c_uint | 2 << 24;

/// The fields that `nvmlDeviceGetFieldValues` supports, with their names in the script.
const FIELDS: [(u32, &str); 4] = [
    (field_id::NVML_FI_DEV_POWER_AVERAGE, "power_average_mw"),
    (field_id::NVML_FI_DEV_POWER_INSTANT, "power_instant_mw"),
    (field_id::NVML_FI_DEV_PCIE_COUNT_TX_BYTES, "pcie_sent_bytes"),
    (field_id::NVML_FI_DEV_PCIE_COUNT_RX_BYTES, "pcie_received_bytes"),
];

/// The metrics of GPM, by their numbers in `nvml.h`, with their names in the script.
const GPM_METRICS: [(c_uint, &str); 4] =
    [(2, "sm_activity"), (3, "sm_occupancy"), (5, "tensor_activity"), (10, "dram_activity")];

/// Stores a value at the caller's pointer; an error if the pointer is null.
unsafe fn put<T>(to: *mut T, value: T) -> Answer {
    if to.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: the caller's pointer is not null, and so points to a place for a `T`.
    unsafe { to.write(value) };
    Ok(())
}

/// Checks the version of a structure, which the caller sets in its first word.
unsafe fn expect_version(structure: *const c_uint, version: c_uint) -> Answer {
    if structure.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: the caller's pointer is not null, and so points to a structure that begins with its version.
    if unsafe { structure.read() } == version { Ok(()) } else { Err(ARGUMENT_VERSION_MISMATCH) }
}

/// Stores a text with a final zero byte.
unsafe fn put_text(to: *mut c_char, length: c_uint, text: &str) -> Answer {
    if to.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    if text.len() >= length as usize {
        return Err(INSUFFICIENT_SIZE);
    }
    // SAFETY: the caller's buffer holds `length` bytes, which are more than the text and its zero take.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), to.cast(), text.len());
        to.add(text.len()).write(0);
    }
    Ok(())
}

fn is_null(to: *const c_char) -> bool {
    to.is_null()
}

macro_rules! functions {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $body:block)*) => {
        $(
            $(#[$attribute])*
            pub unsafe extern "C" fn $name($($argument: $kind),*) -> nvmlReturn_t {
                answer(stringify!($name), || $body)
            }
        )*
    };
}

functions! {
    #[unsafe(no_mangle)]
    fn nvmlInit_v2() { Ok(()) }

    #[unsafe(no_mangle)]
    fn nvmlInitWithFlags(_flags: c_uint) { Ok(()) }

    #[unsafe(no_mangle)]
    fn nvmlShutdown() { Ok(()) }

    #[unsafe(no_mangle)]
    fn nvmlSystemGetDriverVersion(version: *mut c_char, length: c_uint) {
        // SAFETY: as the module says.
        unsafe { put_text(version, length, &STAGE.script.driver) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetCount_v2(count: *mut c_uint) {
        // SAFETY: as the module says.
        unsafe { put(count, STAGE.script.devices.len() as c_uint) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: *mut nvmlDevice_t) {
        if index as usize >= STAGE.script.devices.len() {
            return Err(INVALID_ARGUMENT);
        }
        // SAFETY: as the module says.
        unsafe { put(device, Handle::Gpu(index as usize).as_c()) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetHandleByUUID(uuid: *const c_char, device: *mut nvmlDevice_t) {
        if is_null(uuid) {
            return Err(INVALID_ARGUMENT);
        }
        // SAFETY: not null, and so a text with its final zero.
        let wanted = unsafe { CStr::from_ptr(uuid) }.to_str().map_err(|_| INVALID_ARGUMENT)?;
        let handle = handles().find(|handle| uuid_of(*handle) == Some(wanted)).ok_or(NOT_FOUND)?;
        // SAFETY: as the module says.
        unsafe { put(device, handle.as_c()) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetUUID(device: nvmlDevice_t, uuid: *mut c_char, length: c_uint) {
        let text = uuid_of(Handle::from_c(device)?).ok_or(INVALID_ARGUMENT)?;
        // SAFETY: as the module says.
        unsafe { put_text(uuid, length, text) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetName(device: nvmlDevice_t, name: *mut c_char, length: c_uint) {
        let (Handle::Gpu(gpu) | Handle::Instance(gpu, _)) = Handle::from_c(device)?;
        // SAFETY: as the module says.
        unsafe { put_text(name, length, &STAGE.script.devices[gpu].name) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetUtilizationRates(device: nvmlDevice_t, rates: *mut nvmlUtilization_t) {
        let handle = Handle::from_c(device)?;
        let gpu = handle.read_uint("utilisation")?;
        // SAFETY: as the module says.
        unsafe { put(rates, nvmlUtilization_t { gpu, memory: 0 }) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlDeviceGetMemoryInfo_v2(device: nvmlDevice_t, memory: *mut nvmlMemory_v2_t) {
        let handle = Handle::from_c(device)?;
        // SAFETY: as the module says.
        unsafe { expect_version(memory.cast(), MEMORY_VERSION) }?;
        let used = handle.read("memory_used")? as c_ulonglong;
        let total = handle.read("memory_total").unwrap_or(80e9) as c_ulonglong;
        let info = nvmlMemory_v2_t { version: MEMORY_VERSION, total, reserved: 0, free: total - used, used };
        // SAFETY: as the module says.
        unsafe { put(memory, info) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetClockInfo(device: nvmlDevice_t, clock: c_uint, mhz: *mut c_uint) {
        // NVML_CLOCK_SM, NVML_CLOCK_MEM.
        let name = match clock { 1 => "sm_clock", 2 => "memory_clock", _ => return Err(INVALID_ARGUMENT) };
        // SAFETY: as the module says.
        unsafe { put(mhz, Handle::from_c(device)?.read_uint(name)?) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetPowerUsage(device: nvmlDevice_t, milliwatts: *mut c_uint) {
        // SAFETY: as the module says.
        unsafe { put(milliwatts, Handle::from_c(device)?.read_uint("power_mw")?) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetEnforcedPowerLimit(device: nvmlDevice_t, milliwatts: *mut c_uint) {
        // SAFETY: as the module says.
        unsafe { put(milliwatts, Handle::from_c(device)?.read_uint("power_limit_mw")?) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlDeviceGetTotalEnergyConsumption(device: nvmlDevice_t, millijoules: *mut c_ulonglong) {
        // SAFETY: as the module says.
        unsafe { put(millijoules, Handle::from_c(device)?.read("energy_mj")? as c_ulonglong) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetTemperature(device: nvmlDevice_t, _sensor: c_uint, celsius: *mut c_uint) {
        // SAFETY: as the module says.
        unsafe { put(celsius, Handle::from_c(device)?.read_uint("temperature")?) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetCurrentClocksThrottleReasons(device: nvmlDevice_t, reasons: *mut c_ulonglong) {
        // SAFETY: as the module says.
        unsafe { put(reasons, Handle::from_c(device)?.read("throttle")? as c_ulonglong) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlDeviceGetFieldValues(device: nvmlDevice_t, count: c_int, fields: *mut nvmlFieldValue_t) {
        let handle = Handle::from_c(device)?;
        if fields.is_null() {
            return Err(INVALID_ARGUMENT);
        }
        // SAFETY: not null, and so `count` fields.
        for field in unsafe { std::slice::from_raw_parts_mut(fields, usize::try_from(count).unwrap_or(0)) } {
            let known = FIELDS.iter().find(|(id, _)| *id == field.fieldId);
            match known.map_or(Err(NOT_SUPPORTED), |(_, name)| handle.read(name)) {
                Ok(value) => {
                    field.nvmlReturn = SUCCESS;
                    field.valueType = UNSIGNED_LONG_LONG;
                    field.value.ullVal = value as c_ulonglong;
                }
                Err(code) => field.nvmlReturn = code,
            }
        }
        Ok(())
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceIsMigDeviceHandle(device: nvmlDevice_t, is_instance: *mut c_uint) {
        let is = matches!(Handle::from_c(device)?, Handle::Instance(..));
        // SAFETY: as the module says.
        unsafe { put(is_instance, c_uint::from(is)) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetMigMode(device: nvmlDevice_t, current: *mut c_uint, pending: *mut c_uint) {
        let Handle::Gpu(gpu) = Handle::from_c(device)? else { return Err(INVALID_ARGUMENT) };
        let mode = c_uint::from(STAGE.script.devices[gpu].mig.is_some());
        // SAFETY: as the module says.
        unsafe { put(current, mode).and_then(|()| put(pending, mode)) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetMaxMigDeviceCount(device: nvmlDevice_t, count: *mut c_uint) {
        let Handle::Gpu(gpu) = Handle::from_c(device)? else { return Err(INVALID_ARGUMENT) };
        // The maximum that is possible; not all of these instances exist.
        let most = if STAGE.script.devices[gpu].mig.is_some() { 7 } else { 0 };
        // SAFETY: as the module says.
        unsafe { put(count, most) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetMigDeviceHandleByIndex(device: nvmlDevice_t, index: c_uint, instance: *mut nvmlDevice_t) {
        let Handle::Gpu(gpu) = Handle::from_c(device)? else { return Err(INVALID_ARGUMENT) };
        let instances = STAGE.script.devices[gpu].mig.as_ref().ok_or(NOT_SUPPORTED)?;
        if index as usize >= instances.len() {
            return Err(NOT_FOUND);
        }
        // SAFETY: as the module says.
        unsafe { put(instance, Handle::Instance(gpu, index as usize).as_c()) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetDeviceHandleFromMigDeviceHandle(instance: nvmlDevice_t, device: *mut nvmlDevice_t) {
        let Handle::Instance(gpu, _) = Handle::from_c(instance)? else { return Err(INVALID_ARGUMENT) };
        // SAFETY: as the module says.
        unsafe { put(device, Handle::Gpu(gpu).as_c()) }
    }

    #[unsafe(no_mangle)]
    fn nvmlDeviceGetGpuInstanceId(instance: nvmlDevice_t, id: *mut c_uint) {
        let Handle::Instance(gpu, number) = Handle::from_c(instance)? else { return Err(INVALID_ARGUMENT) };
        let instances = STAGE.script.devices[gpu].mig.as_ref().ok_or(NOT_SUPPORTED)?;
        // SAFETY: as the module says.
        unsafe { put(id, instances[number].gpu_instance) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlGpmQueryDeviceSupport(device: nvmlDevice_t, support: *mut nvmlGpmSupport_t) {
        let supported = c_uint::from(Handle::from_c(device)?.read("sm_activity").is_ok());
        // SAFETY: as the module says.
        unsafe { expect_version(support.cast(), NVML_GPM_SUPPORT_VERSION) }?;
        let answer = nvmlGpmSupport_t { version: NVML_GPM_SUPPORT_VERSION, isSupportedDevice: supported };
        // SAFETY: as the module says.
        unsafe { put(support, answer) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlGpmSampleAlloc(sample: *mut nvmlGpmSample_t) {
        // A sample is memory for the handle of the sampled device.
        let place: *mut nvmlDevice_t = Box::into_raw(Box::new(std::ptr::null_mut()));
        // SAFETY: as the module says.
        unsafe { put(sample, place.cast()) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlGpmSampleFree(sample: nvmlGpmSample_t) {
        // SAFETY: made by `nvmlGpmSampleAlloc`, and freed once.
        drop(unsafe { Box::from_raw(sample.cast::<nvmlDevice_t>()) });
        Ok(())
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlGpmSampleGet(device: nvmlDevice_t, sample: nvmlGpmSample_t) {
        Handle::from_c(device)?;
        // SAFETY: made by `nvmlGpmSampleAlloc`.
        unsafe { put(sample.cast::<nvmlDevice_t>(), device) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlGpmMigSampleGet(device: nvmlDevice_t, id: c_uint, sample: nvmlGpmSample_t) {
        let Handle::Gpu(gpu) = Handle::from_c(device)? else { return Err(INVALID_ARGUMENT) };
        let mut instances = STAGE.script.devices[gpu].mig.iter().flatten();
        let number = instances.position(|instance| instance.gpu_instance == id).ok_or(INVALID_ARGUMENT)?;
        // SAFETY: made by `nvmlGpmSampleAlloc`.
        unsafe { put(sample.cast::<nvmlDevice_t>(), Handle::Instance(gpu, number).as_c()) }
    }

    #[cfg_attr(not(feature = "old-driver"), unsafe(no_mangle))]
    fn nvmlGpmMetricsGet(request: *mut nvmlGpmMetricsGet_t) {
        // SAFETY: as the module says.
        unsafe { expect_version(request.cast(), NVML_GPM_METRICS_GET_VERSION) }?;
        // SAFETY: the caller's own structure, or null.
        let request = unsafe { request.as_mut() }.ok_or(INVALID_ARGUMENT)?;
        // SAFETY: made by `nvmlGpmSampleAlloc`, and filled in.
        let (first, second) =
            unsafe { (*request.sample1.cast::<nvmlDevice_t>(), *request.sample2.cast::<nvmlDevice_t>()) };
        if first != second {
            return Err(INVALID_ARGUMENT);
        }
        let handle = Handle::from_c(first)?;
        for metric in request.metrics.iter_mut().take(request.numMetrics as usize) {
            let known = GPM_METRICS.iter().find(|(id, _)| *id == metric.metricId);
            match known.map_or(Err(NOT_SUPPORTED), |(_, name)| handle.read(name)) {
                Ok(value) => (metric.value, metric.nvmlReturn) = (value, SUCCESS),
                Err(code) => metric.nvmlReturn = code,
            }
        }
        Ok(())
    }

    #[unsafe(no_mangle)]
    fn cuInit(_flags: c_uint) { Ok(()) }

    #[unsafe(no_mangle)]
    fn cuDeviceGet(device: *mut c_int, ordinal: c_int) {
        let count = STAGE.script.cuda_order.as_ref().map_or(STAGE.script.devices.len(), Vec::len);
        if usize::try_from(ordinal).is_ok_and(|ordinal| ordinal < count) {
            // SAFETY: as the module says.
            unsafe { put(device, ordinal) }
        } else {
            // CUDA_ERROR_INVALID_DEVICE.
            Err(101)
        }
    }

    #[unsafe(no_mangle)]
    fn cuDeviceGetUuid_v2(uuid: *mut [u8; 16], device: c_int) {
        let ordinal = usize::try_from(device).map_err(|_| INVALID_ARGUMENT)?;
        let number = STAGE.script.cuda_order.as_ref().map_or(ordinal, |order| order[ordinal]);
        // SAFETY: as the module says.
        unsafe { put(uuid, bytes_of(&STAGE.script.devices[number].uuid).ok_or(INVALID_ARGUMENT)?) }
    }
}

/// Returns all handles of GPUs and their instances.
fn handles() -> impl Iterator<Item = Handle> {
    STAGE.script.devices.iter().enumerate().flat_map(|(gpu, device)| {
        let instances = device.mig.as_ref().map_or(0, Vec::len);
        std::iter::once(Handle::Gpu(gpu))
            .chain((0..instances).map(move |number| Handle::Instance(gpu, number)))
    })
}

fn uuid_of(handle: Handle) -> Option<&'static str> {
    match handle {
        Handle::Gpu(gpu) => Some(&STAGE.script.devices.get(gpu)?.uuid),
        Handle::Instance(gpu, number) => {
            Some(&STAGE.script.devices.get(gpu)?.mig.as_ref()?.get(number)?.uuid)
        }
    }
}

/// Returns the 16 bytes of a UUID such as `GPU-1234…`; `None` if it is not one.
fn bytes_of(uuid: &str) -> Option<[u8; 16]> {
    let digits: String = uuid.chars().skip_while(|c| *c != '-').filter(|c| *c != '-').collect();
    let mut bytes = [0; 16];
    for (byte, position) in bytes.iter_mut().zip((0..digits.len()).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(position..position + 2)?, 16).ok()?;
    }
    Some(bytes)
}
