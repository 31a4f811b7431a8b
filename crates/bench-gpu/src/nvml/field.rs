//! Fields of a device, many of which are read in one call.
#![allow(unsafe_code)]

use super::abi::{
    NVML_VALUE_TYPE_SIGNED_LONG_LONG, NVML_VALUE_TYPE_UNSIGNED_INT, NVML_VALUE_TYPE_UNSIGNED_LONG,
    NVML_VALUE_TYPE_UNSIGNED_LONG_LONG, nvmlFieldValue_t, nvmlValue_t,
};
use super::error::{NvmlError, check};

/// A field of `nvmlDeviceGetFieldValues`, by its number.
///
/// Numbers from 251 to 273 have another meaning from driver 580.82 on
/// (<https://docs.nvidia.com/deploy/nvml-api/known-issues.html>): a field among them would have to know the driver's
/// version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldId(u32);

impl FieldId {
    /// `NVML_FI_DEV_POWER_AVERAGE`: power averaged over the last second, in milliwatts.
    pub(crate) const POWER_AVERAGE: FieldId = FieldId(185);
    /// `NVML_FI_DEV_POWER_INSTANT`: power of the moment, in milliwatts.
    pub(crate) const POWER_INSTANT: FieldId = FieldId(186);
    /// `NVML_FI_DEV_PCIE_COUNT_TX_BYTES`: bytes sent over PCIe; the counter can wrap.
    pub(crate) const PCIE_COUNT_TX_BYTES: FieldId = FieldId(197);
    /// `NVML_FI_DEV_PCIE_COUNT_RX_BYTES`: bytes received over PCIe; the counter can wrap.
    pub(crate) const PCIE_COUNT_RX_BYTES: FieldId = FieldId(198);

    /// Returns the structure that asks for this field.
    pub(super) fn asked(self) -> nvmlFieldValue_t {
        nvmlFieldValue_t {
            fieldId: self.0,
            scopeId: 0,
            timestamp: 0,
            latencyUsec: 0,
            valueType: 0,
            nvmlReturn: 0,
            value: nvmlValue_t { ullVal: 0 },
        }
    }
}

/// Returns the whole number that a field holds.
///
/// # Errors
/// The device's, or [`NvmlError::UnexpectedVariant`] for a value that is fractional, negative, or of a type that this
/// layer does not know.
pub(super) fn answered(field: &nvmlFieldValue_t) -> Result<u64, NvmlError> {
    check(field.nvmlReturn)?;
    let other = NvmlError::UnexpectedVariant(field.valueType);
    // SAFETY: all bytes of the value were zero when it was handed to the driver, and any bits are a valid number; the
    // type says which of them the driver has written.
    unsafe {
        match field.valueType {
            NVML_VALUE_TYPE_UNSIGNED_INT => Ok(u64::from(field.value.uiVal)),
            // As wide as it is on the narrowest of NVML's platforms: 32 bits.
            NVML_VALUE_TYPE_UNSIGNED_LONG => Ok(u64::from(field.value.ulVal as u32)),
            NVML_VALUE_TYPE_UNSIGNED_LONG_LONG => Ok(field.value.ullVal),
            NVML_VALUE_TYPE_SIGNED_LONG_LONG => u64::try_from(field.value.sllVal).map_err(|_| other),
            _ => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use nvml_wrapper_sys::bindings::field_id;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_header() {
        assert_eq!(FieldId::POWER_AVERAGE.0, field_id::NVML_FI_DEV_POWER_AVERAGE);
        assert_eq!(FieldId::POWER_INSTANT.0, field_id::NVML_FI_DEV_POWER_INSTANT);
        assert_eq!(FieldId::PCIE_COUNT_TX_BYTES.0, field_id::NVML_FI_DEV_PCIE_COUNT_TX_BYTES);
        assert_eq!(FieldId::PCIE_COUNT_RX_BYTES.0, field_id::NVML_FI_DEV_PCIE_COUNT_RX_BYTES);
    }

    #[test]
    fn a_value_is_read_by_its_type() {
        let read = |value_type: u32, value: nvmlValue_t| {
            let field = nvmlFieldValue_t { valueType: value_type, value, ..FieldId::POWER_AVERAGE.asked() };
            answered(&field).map_err(|error| error.to_string())
        };
        assert_eq!(read(1, nvmlValue_t { uiVal: 7 }), Ok(7));
        assert_eq!(read(2, nvmlValue_t { ulVal: 7 }), Ok(7));
        assert_eq!(read(3, nvmlValue_t { ullVal: u64::MAX }), Ok(u64::MAX));
        assert_eq!(read(4, nvmlValue_t { sllVal: 7 }), Ok(7));
        let unexpected = |value_type: u32| Err(format!("unexpected enum variant value: {value_type}"));
        assert_eq!(read(4, nvmlValue_t { sllVal: -7 }), unexpected(4));
        assert_eq!(read(0, nvmlValue_t { dVal: 7.0 }), unexpected(0));
        assert_eq!(read(6, nvmlValue_t { usVal: 7 }), unexpected(6));
    }

    #[test]
    fn a_value_that_the_device_lacks_is_an_error() {
        let field = nvmlFieldValue_t { valueType: 3, nvmlReturn: 3, ..FieldId::POWER_INSTANT.asked() };
        assert!(matches!(answered(&field), Err(NvmlError::NotSupported)));
    }
}
