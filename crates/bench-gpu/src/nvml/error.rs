//! Errors of NVML.

use super::abi::{NVML_SUCCESS, nvmlReturn_t};

/// Why NVML has not done what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NvmlError {
    /// The library could not be loaded.
    #[error("a libloading error occurred: {0}")]
    Library(#[from] libloading::Error),

    /// The library does not have the function, as the loader describes it.
    #[error("function symbol failed to load: {0}")]
    Symbol(String),

    /// A text is not UTF-8.
    #[error("could not interpret string as utf-8")]
    Utf8(#[from] std::str::Utf8Error),

    /// A number that is none of those that this layer knows.
    #[error("unexpected enum variant value: {0}")]
    UnexpectedVariant(u32),

    /// `NVML_ERROR_UNINITIALIZED`
    #[error("NVML was not first initialized with `Nvml::init()`")]
    Uninitialized,

    /// `NVML_ERROR_INVALID_ARGUMENT`
    #[error("a supplied argument was invalid")]
    InvalidArgument,

    /// `NVML_ERROR_NOT_SUPPORTED`
    #[error("the requested operation is not available on the target device")]
    NotSupported,

    /// `NVML_ERROR_NO_PERMISSION`
    #[error("the current user does not have permission to perform this operation")]
    NoPermission,

    /// `NVML_ERROR_ALREADY_INITIALIZED`
    #[error("NVML was already initialized")]
    AlreadyInitialized,

    /// `NVML_ERROR_NOT_FOUND`
    #[error("a query to find an object was unsuccessful")]
    NotFound,

    /// `NVML_ERROR_INSUFFICIENT_SIZE`
    #[error("an input argument is not large enough")]
    InsufficientSize,

    /// `NVML_ERROR_INSUFFICIENT_POWER`
    #[error("device's external power cables are not properly attached")]
    InsufficientPower,

    /// `NVML_ERROR_DRIVER_NOT_LOADED`
    #[error("NVIDIA driver is not loaded")]
    DriverNotLoaded,

    /// `NVML_ERROR_TIMEOUT`
    #[error("the provided timeout was reached")]
    Timeout,

    /// `NVML_ERROR_IRQ_ISSUE`
    #[error("NVIDIA kernel detected an interrupt issue with a device")]
    IrqIssue,

    /// `NVML_ERROR_LIBRARY_NOT_FOUND`
    #[error("a shared library couldn't be found or loaded")]
    LibraryNotFound,

    /// `NVML_ERROR_FUNCTION_NOT_FOUND`
    #[error("a function couldn't be found in a shared library")]
    FunctionNotFound,

    /// `NVML_ERROR_CORRUPTED_INFOROM`
    #[error("the infoROM is corrupted")]
    CorruptedInforom,

    /// `NVML_ERROR_GPU_IS_LOST`
    #[error("device fell off the bus or has otherwise become inacessible")]
    GpuIsLost,

    /// `NVML_ERROR_RESET_REQUIRED`
    #[error("device requires a reset before it can be used again")]
    ResetRequired,

    /// `NVML_ERROR_OPERATING_SYSTEM`
    #[error("device control has been blocked by the operating system/cgroups")]
    OperatingSystem,

    /// `NVML_ERROR_LIB_RM_VERSION_MISMATCH`
    #[error("RM detects a driver/library version mismatch")]
    LibRmVersionMismatch,

    /// `NVML_ERROR_IN_USE`
    #[error("operation cannot be performed because the GPU is currently in use")]
    InUse,

    /// `NVML_ERROR_MEMORY`
    #[error("insufficient memory")]
    Memory,

    /// `NVML_ERROR_NO_DATA`
    #[error("no data")]
    NoData,

    /// `NVML_ERROR_VGPU_ECC_NOT_SUPPORTED`
    #[error("the requested vgpu operation is not available on the target device because ECC is enabled")]
    VgpuEccNotSupported,

    /// `NVML_ERROR_UNKNOWN`
    #[error("an internal driver error occurred")]
    Unknown,
}

/// Returns the error that a function has returned, if it has.
pub(super) fn check(code: nvmlReturn_t) -> Result<(), NvmlError> {
    Err(match code {
        NVML_SUCCESS => return Ok(()),
        1 => NvmlError::Uninitialized,
        2 => NvmlError::InvalidArgument,
        3 => NvmlError::NotSupported,
        4 => NvmlError::NoPermission,
        5 => NvmlError::AlreadyInitialized,
        6 => NvmlError::NotFound,
        7 => NvmlError::InsufficientSize,
        8 => NvmlError::InsufficientPower,
        9 => NvmlError::DriverNotLoaded,
        10 => NvmlError::Timeout,
        11 => NvmlError::IrqIssue,
        12 => NvmlError::LibraryNotFound,
        13 => NvmlError::FunctionNotFound,
        14 => NvmlError::CorruptedInforom,
        15 => NvmlError::GpuIsLost,
        16 => NvmlError::ResetRequired,
        17 => NvmlError::OperatingSystem,
        18 => NvmlError::LibRmVersionMismatch,
        19 => NvmlError::InUse,
        20 => NvmlError::Memory,
        21 => NvmlError::NoData,
        22 => NvmlError::VgpuEccNotSupported,
        999 => NvmlError::Unknown,
        other => NvmlError::UnexpectedVariant(other),
    })
}

#[cfg(test)]
mod tests {
    use nvml_wrapper_sys::bindings;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_header() {
        macro_rules! assert_codes {
            ($($code:ident => $error:pat),* $(,)?) => {
                $(assert!(matches!(check(bindings::$code), Err($error)), stringify!($code));)*
            };
        }
        assert!(check(bindings::nvmlReturn_enum_NVML_SUCCESS).is_ok());
        assert_codes! {
            nvmlReturn_enum_NVML_ERROR_UNINITIALIZED => NvmlError::Uninitialized,
            nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT => NvmlError::InvalidArgument,
            nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED => NvmlError::NotSupported,
            nvmlReturn_enum_NVML_ERROR_NO_PERMISSION => NvmlError::NoPermission,
            nvmlReturn_enum_NVML_ERROR_ALREADY_INITIALIZED => NvmlError::AlreadyInitialized,
            nvmlReturn_enum_NVML_ERROR_NOT_FOUND => NvmlError::NotFound,
            nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE => NvmlError::InsufficientSize,
            nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_POWER => NvmlError::InsufficientPower,
            nvmlReturn_enum_NVML_ERROR_DRIVER_NOT_LOADED => NvmlError::DriverNotLoaded,
            nvmlReturn_enum_NVML_ERROR_TIMEOUT => NvmlError::Timeout,
            nvmlReturn_enum_NVML_ERROR_IRQ_ISSUE => NvmlError::IrqIssue,
            nvmlReturn_enum_NVML_ERROR_LIBRARY_NOT_FOUND => NvmlError::LibraryNotFound,
            nvmlReturn_enum_NVML_ERROR_FUNCTION_NOT_FOUND => NvmlError::FunctionNotFound,
            nvmlReturn_enum_NVML_ERROR_CORRUPTED_INFOROM => NvmlError::CorruptedInforom,
            nvmlReturn_enum_NVML_ERROR_GPU_IS_LOST => NvmlError::GpuIsLost,
            nvmlReturn_enum_NVML_ERROR_RESET_REQUIRED => NvmlError::ResetRequired,
            nvmlReturn_enum_NVML_ERROR_OPERATING_SYSTEM => NvmlError::OperatingSystem,
            nvmlReturn_enum_NVML_ERROR_LIB_RM_VERSION_MISMATCH => NvmlError::LibRmVersionMismatch,
            nvmlReturn_enum_NVML_ERROR_IN_USE => NvmlError::InUse,
            nvmlReturn_enum_NVML_ERROR_MEMORY => NvmlError::Memory,
            nvmlReturn_enum_NVML_ERROR_NO_DATA => NvmlError::NoData,
            nvmlReturn_enum_NVML_ERROR_VGPU_ECC_NOT_SUPPORTED => NvmlError::VgpuEccNotSupported,
            nvmlReturn_enum_NVML_ERROR_UNKNOWN => NvmlError::Unknown,
            nvmlReturn_enum_NVML_ERROR_DEPRECATED => NvmlError::UnexpectedVariant(26),
        }
    }
}
