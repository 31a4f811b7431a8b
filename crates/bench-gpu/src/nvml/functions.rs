//! The functions of NVML that the probe uses, as they were found in the library.
#![allow(unsafe_code, non_snake_case)]

use std::ffi::{c_char, c_int, c_uint, c_ulonglong};

use libloading::{Library, Symbol};

use super::abi::{
    nvmlClockType_t, nvmlDevice_t, nvmlFieldValue_t, nvmlGpmMetricsGet_t, nvmlGpmSample_t, nvmlGpmSupport_t,
    nvmlMemory_v2_t, nvmlReturn_t, nvmlTemperatureSensors_t, nvmlUtilization_t,
};
use super::error::NvmlError;

/// A function of the library, or why the library does not have it.
pub(super) struct Function<F>(Result<F, libloading::Error>);

impl<F: Copy> Function<F> {
    /// Looks a function up by its name, which ends in a zero byte.
    ///
    /// # Safety
    /// `F` is a function pointer, of the type that the function has. It is not called once `library` is closed.
    unsafe fn find(library: &Library, name: &[u8]) -> Self {
        // SAFETY: the caller's promise about the type. `Option` of a function pointer has the same representation, and
        // null as `None`.
        let found = unsafe { library.get::<Option<F>>(name) };
        let function = found.and_then(|symbol| symbol.lift_option().ok_or(libloading::Error::DlSymUnknown));
        Function(function.map(|symbol: Symbol<'_, F>| *symbol))
    }

    /// Returns the function.
    ///
    /// # Errors
    /// The library does not have it.
    pub(super) fn get(&self) -> Result<F, NvmlError> {
        self.0.as_ref().copied().map_err(|error| NvmlError::Symbol(error.to_string()))
    }
}

macro_rules! functions {
    ($(fn $name:ident($($kind:ty),*);)*) => {
        /// The functions of NVML, with their types in `nvml.h`.
        pub(super) struct Functions {
            $(pub(super) $name: Function<unsafe extern "C" fn($($kind),*) -> nvmlReturn_t>,)*
        }

        impl Functions {
            /// Looks all functions up.
            ///
            /// # Safety
            /// Functions of `library` with these names are those of NVML. None is called once `library` is closed.
            pub(super) unsafe fn find(library: &Library) -> Self {
                Functions {
                    $(
                        // SAFETY: the type is that in `nvml.h`; the rest is the caller's promise.
                        $name: unsafe { Function::find(library, concat!(stringify!($name), "\0").as_bytes()) },
                    )*
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use std::any::type_name;

            use nvml_wrapper_sys::bindings::NvmlLib;

            use super::*;

            fn ours<F>(_: fn(&Functions) -> &Function<F>) -> &'static str {
                type_name::<F>()
            }

            fn theirs<F, E>(_: fn(&NvmlLib) -> &Result<F, E>) -> &'static str {
                type_name::<F>()
            }

            /// Takes paths and the tags of structures off: `a::b::nvmlMemory_v2_st` is `nvmlMemory_v2_t`.
            fn plain(type_name: &str) -> String {
                let words = type_name.split_inclusive([' ', '(', ',', ')']);
                let plain = words.map(|word| word.rsplit("::").next().unwrap_or(word).replace("_st", "_t"));
                plain.collect()
            }

            #[test]
            fn functions_have_the_types_of_the_header() {
                $(
                    assert_eq!(
                        plain(ours(|functions| &functions.$name)),
                        plain(theirs(|library| &library.$name)),
                        stringify!($name)
                    );
                )*
            }
        }
    };
}

functions! {
    fn nvmlInit_v2();
    fn nvmlShutdown();
    fn nvmlDeviceGetCount_v2(*mut c_uint);
    fn nvmlDeviceGetHandleByIndex_v2(c_uint, *mut nvmlDevice_t);
    fn nvmlDeviceGetUUID(nvmlDevice_t, *mut c_char, c_uint);
    fn nvmlDeviceGetName(nvmlDevice_t, *mut c_char, c_uint);
    fn nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t, *mut c_uint);
    fn nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t, c_uint, *mut nvmlDevice_t);
    fn nvmlDeviceGetGpuInstanceId(nvmlDevice_t, *mut c_uint);
    fn nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t, *mut nvmlMemory_v2_t);
    fn nvmlDeviceGetUtilizationRates(nvmlDevice_t, *mut nvmlUtilization_t);
    fn nvmlDeviceGetClockInfo(nvmlDevice_t, nvmlClockType_t, *mut c_uint);
    fn nvmlDeviceGetTemperature(nvmlDevice_t, nvmlTemperatureSensors_t, *mut c_uint);
    fn nvmlDeviceGetPowerUsage(nvmlDevice_t, *mut c_uint);
    fn nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t, *mut c_uint);
    fn nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t, *mut c_ulonglong);
    fn nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t, *mut c_ulonglong);
    fn nvmlDeviceGetFieldValues(nvmlDevice_t, c_int, *mut nvmlFieldValue_t);
    fn nvmlGpmQueryDeviceSupport(nvmlDevice_t, *mut nvmlGpmSupport_t);
    fn nvmlGpmSampleAlloc(*mut nvmlGpmSample_t);
    fn nvmlGpmSampleFree(nvmlGpmSample_t);
    fn nvmlGpmSampleGet(nvmlDevice_t, nvmlGpmSample_t);
    fn nvmlGpmMigSampleGet(nvmlDevice_t, c_uint, nvmlGpmSample_t);
    fn nvmlGpmMetricsGet(*mut nvmlGpmMetricsGet_t);
}
