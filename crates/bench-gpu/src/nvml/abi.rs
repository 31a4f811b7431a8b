//! The types and numbers of `nvml.h` that the probe uses, under the names that they have there. A test compares them
//! with the bindings that `nvml-wrapper-sys` generates from the header.
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

use std::ffi::{c_char, c_int, c_longlong, c_uint, c_ulong, c_ulonglong, c_ushort};

/// The return value of a function: [`NVML_SUCCESS`], or the number of an error.
pub(super) type nvmlReturn_t = c_uint;

/// A GPU, or an instance of one in MIG mode.
pub(super) type nvmlDevice_t = *mut nvmlDevice_st;

/// Counters of GPU Performance Monitoring (GPM) at one moment.
pub(super) type nvmlGpmSample_t = *mut nvmlGpmSample_st;

pub(super) type nvmlClockType_t = c_uint;
pub(super) type nvmlTemperatureSensors_t = c_uint;
pub(super) type nvmlValueType_t = c_uint;

pub(super) const NVML_SUCCESS: nvmlReturn_t = 0;

// Both are for the newest versions of the functions; `nvml.h` guarantees that they suffice.
pub(super) const NVML_DEVICE_UUID_V2_BUFFER_SIZE: usize = 96;
pub(super) const NVML_DEVICE_NAME_V2_BUFFER_SIZE: usize = 96;

pub(super) const NVML_VALUE_TYPE_UNSIGNED_INT: nvmlValueType_t = 1;
pub(super) const NVML_VALUE_TYPE_UNSIGNED_LONG: nvmlValueType_t = 2;
pub(super) const NVML_VALUE_TYPE_UNSIGNED_LONG_LONG: nvmlValueType_t = 3;
pub(super) const NVML_VALUE_TYPE_SIGNED_LONG_LONG: nvmlValueType_t = 4;

pub(super) const NVML_GPM_SUPPORT_VERSION: c_uint = 1;
pub(super) const NVML_GPM_METRICS_GET_VERSION: c_uint = 1;
pub(super) const NVML_GPM_METRIC_MAX: usize = 210;

/// `NVML_STRUCT_VERSION(Memory, 2)`: the size of the structure, and its version in the highest byte.
pub(super) const nvmlMemory_v2: c_uint = size_of::<nvmlMemory_v2_t>() as c_uint | 2 << 24;

#[repr(C)]
pub(super) struct nvmlDevice_st {
    _unused: [u8; 0],
}

#[repr(C)]
pub(super) struct nvmlGpmSample_st {
    _unused: [u8; 0],
}

/// Shares of the last sampling window, in per cent.
#[repr(C)]
#[derive(Default)]
pub(super) struct nvmlUtilization_t {
    pub(super) gpu: c_uint,
    pub(super) memory: c_uint,
}

/// Memory of a device, in bytes.
#[repr(C)]
#[derive(Default)]
pub(super) struct nvmlMemory_v2_t {
    /// Set to [`nvmlMemory_v2`] by the caller.
    pub(super) version: c_uint,
    pub(super) total: c_ulonglong,
    pub(super) reserved: c_ulonglong,
    pub(super) free: c_ulonglong,
    pub(super) used: c_ulonglong,
}

/// A value, of the type that [`nvmlFieldValue_t::valueType`] names.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) union nvmlValue_t {
    pub(super) dVal: f64,
    pub(super) siVal: c_int,
    pub(super) uiVal: c_uint,
    pub(super) ulVal: c_ulong,
    pub(super) ullVal: c_ulonglong,
    pub(super) sllVal: c_longlong,
    pub(super) usVal: c_ushort,
}

/// A requested field, and the answer.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct nvmlFieldValue_t {
    /// Set by the caller.
    pub(super) fieldId: c_uint,
    /// Set by the caller: which link, for fields of NVLink; else 0.
    pub(super) scopeId: c_uint,
    pub(super) timestamp: c_longlong,
    pub(super) latencyUsec: c_longlong,
    pub(super) valueType: nvmlValueType_t,
    /// The value is undefined unless this is [`NVML_SUCCESS`].
    pub(super) nvmlReturn: nvmlReturn_t,
    pub(super) value: nvmlValue_t,
}

/// Whether a device has GPM.
#[repr(C)]
#[derive(Default)]
pub(super) struct nvmlGpmSupport_t {
    /// Set to [`NVML_GPM_SUPPORT_VERSION`] by the caller.
    pub(super) version: c_uint,
    pub(super) isSupportedDevice: c_uint,
}

/// Static texts about a metric; null if not defined.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct nvmlGpmMetricInfo_t {
    pub(super) shortName: *mut c_char,
    pub(super) longName: *mut c_char,
    pub(super) unit: *mut c_char,
}

/// A requested metric, and the answer.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct nvmlGpmMetric_t {
    /// Set by the caller.
    pub(super) metricId: c_uint,
    /// The value is undefined unless this is [`NVML_SUCCESS`].
    pub(super) nvmlReturn: nvmlReturn_t,
    pub(super) value: f64,
    pub(super) metricInfo: nvmlGpmMetricInfo_t,
}

/// Metrics of the time between two samples.
#[repr(C)]
pub(super) struct nvmlGpmMetricsGet_t {
    /// Set to [`NVML_GPM_METRICS_GET_VERSION`] by the caller, who also sets the next three fields.
    pub(super) version: c_uint,
    pub(super) numMetrics: c_uint,
    pub(super) sample1: nvmlGpmSample_t,
    pub(super) sample2: nvmlGpmSample_t,
    pub(super) metrics: [nvmlGpmMetric_t; NVML_GPM_METRIC_MAX],
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use nvml_wrapper_sys::bindings;

    use super::*;

    macro_rules! assert_same_layout {
        ($($ours:ident = $theirs:ident { $($field:ident),* })*) => {
            $(
                assert_eq!(size_of::<$ours>(), size_of::<bindings::$theirs>(), stringify!($ours));
                assert_eq!(align_of::<$ours>(), align_of::<bindings::$theirs>(), stringify!($ours));
                $(
                    assert_eq!(
                        offset_of!($ours, $field),
                        offset_of!(bindings::$theirs, $field),
                        concat!(stringify!($ours), ".", stringify!($field))
                    );
                )*
            )*
        };
    }

    #[test]
    fn structures_are_laid_out_as_in_the_header() {
        assert_same_layout! {
            nvmlUtilization_t = nvmlUtilization_t { gpu, memory }
            nvmlMemory_v2_t = nvmlMemory_v2_t { version, total, reserved, free, used }
            nvmlValue_t = nvmlValue_t { dVal, siVal, uiVal, ulVal, ullVal, sllVal, usVal }
            nvmlFieldValue_t = nvmlFieldValue_t {
                fieldId, scopeId, timestamp, latencyUsec, valueType, nvmlReturn, value
            }
            nvmlGpmSupport_t = nvmlGpmSupport_t { version, isSupportedDevice }
            nvmlGpmMetricInfo_t = nvmlGpmMetric_t__bindgen_ty_1 { shortName, longName, unit }
            nvmlGpmMetric_t = nvmlGpmMetric_t { metricId, nvmlReturn, value, metricInfo }
            nvmlGpmMetricsGet_t = nvmlGpmMetricsGet_t { version, numMetrics, sample1, sample2, metrics }
        }
    }

    #[test]
    fn numbers_are_those_of_the_header() {
        assert_eq!(NVML_SUCCESS, bindings::nvmlReturn_enum_NVML_SUCCESS);
        assert_eq!(NVML_DEVICE_UUID_V2_BUFFER_SIZE, bindings::NVML_DEVICE_UUID_V2_BUFFER_SIZE as usize);
        assert_eq!(NVML_DEVICE_NAME_V2_BUFFER_SIZE, bindings::NVML_DEVICE_NAME_V2_BUFFER_SIZE as usize);
        assert_eq!(NVML_GPM_SUPPORT_VERSION, bindings::NVML_GPM_SUPPORT_VERSION);
        assert_eq!(NVML_GPM_METRICS_GET_VERSION, bindings::NVML_GPM_METRICS_GET_VERSION);
        assert_eq!(NVML_GPM_METRIC_MAX, bindings::nvmlGpmMetricId_t_NVML_GPM_METRIC_MAX as usize);
        // 40 bytes, version 2.
        assert_eq!(nvmlMemory_v2, 0x0200_0028);
        for (ours, theirs) in [
            (NVML_VALUE_TYPE_UNSIGNED_INT, bindings::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_INT),
            (NVML_VALUE_TYPE_UNSIGNED_LONG, bindings::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG),
            (
                NVML_VALUE_TYPE_UNSIGNED_LONG_LONG,
                bindings::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG_LONG,
            ),
            (NVML_VALUE_TYPE_SIGNED_LONG_LONG, bindings::nvmlValueType_enum_NVML_VALUE_TYPE_SIGNED_LONG_LONG),
        ] {
            assert_eq!(ours, theirs);
        }
    }
}
