//! Errors of NVML.

use std::error::Error;
use std::fmt;
use std::str::Utf8Error;

use super::abi::{NVML_SUCCESS, nvmlReturn_t};

/// The reason why NVML failed.
#[derive(Debug)]
pub(crate) enum NvmlError {
    /// The library could not be loaded.
    Library(libloading::Error),

    /// The library does not have the function, as the loader describes it.
    Symbol(String),

    /// A text is not UTF-8.
    Utf8(Utf8Error),

    /// An error number that this layer does not know.
    UnexpectedVariant(u32),

    /// `NVML_ERROR_UNINITIALIZED`
    Uninitialized,

    /// `NVML_ERROR_INVALID_ARGUMENT`
    InvalidArgument,

    /// `NVML_ERROR_NOT_SUPPORTED`
    NotSupported,

    /// `NVML_ERROR_NO_PERMISSION`
    NoPermission,

    /// `NVML_ERROR_ALREADY_INITIALIZED`
    AlreadyInitialized,

    /// `NVML_ERROR_NOT_FOUND`
    NotFound,

    /// `NVML_ERROR_INSUFFICIENT_SIZE`
    InsufficientSize,

    /// `NVML_ERROR_INSUFFICIENT_POWER`
    InsufficientPower,

    /// `NVML_ERROR_DRIVER_NOT_LOADED`
    DriverNotLoaded,

    /// `NVML_ERROR_TIMEOUT`
    Timeout,

    /// `NVML_ERROR_IRQ_ISSUE`
    IrqIssue,

    /// `NVML_ERROR_LIBRARY_NOT_FOUND`
    LibraryNotFound,

    /// `NVML_ERROR_FUNCTION_NOT_FOUND`
    FunctionNotFound,

    /// `NVML_ERROR_CORRUPTED_INFOROM`
    CorruptedInforom,

    /// `NVML_ERROR_GPU_IS_LOST`
    GpuIsLost,

    /// `NVML_ERROR_RESET_REQUIRED`
    ResetRequired,

    /// `NVML_ERROR_OPERATING_SYSTEM`
    OperatingSystem,

    /// `NVML_ERROR_LIB_RM_VERSION_MISMATCH`
    LibRmVersionMismatch,

    /// `NVML_ERROR_IN_USE`
    InUse,

    /// `NVML_ERROR_MEMORY`
    Memory,

    /// `NVML_ERROR_NO_DATA`
    NoData,

    /// `NVML_ERROR_VGPU_ECC_NOT_SUPPORTED`
    VgpuEccNotSupported,

    /// `NVML_ERROR_UNKNOWN`
    Unknown,
}

impl fmt::Display for NvmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NvmlError::Library(cause) => write!(f, "a libloading error occurred: {cause}"),
            NvmlError::Symbol(cause) => write!(f, "function symbol failed to load: {cause}"),
            NvmlError::Utf8(_) => f.write_str("could not interpret string as utf-8"),
            NvmlError::UnexpectedVariant(cause) => write!(f, "unexpected enum variant value: {cause}"),
            NvmlError::Uninitialized => f.write_str("NVML was not first initialized with `Nvml::init()`"),
            NvmlError::InvalidArgument => f.write_str("a supplied argument was invalid"),
            NvmlError::NotSupported => {
                f.write_str("the requested operation is not available on the target device")
            }
            NvmlError::NoPermission => {
                f.write_str("the current user does not have permission to perform this operation")
            }
            NvmlError::AlreadyInitialized => f.write_str("NVML was already initialized"),
            NvmlError::NotFound => f.write_str("a query to find an object was unsuccessful"),
            NvmlError::InsufficientSize => f.write_str("an input argument is not large enough"),
            NvmlError::InsufficientPower => {
                f.write_str("device's external power cables are not properly attached")
            }
            NvmlError::DriverNotLoaded => f.write_str("NVIDIA driver is not loaded"),
            NvmlError::Timeout => f.write_str("the provided timeout was reached"),
            NvmlError::IrqIssue => f.write_str("NVIDIA kernel detected an interrupt issue with a device"),
            NvmlError::LibraryNotFound => f.write_str("a shared library couldn't be found or loaded"),
            NvmlError::FunctionNotFound => f.write_str("a function couldn't be found in a shared library"),
            NvmlError::CorruptedInforom => f.write_str("the infoROM is corrupted"),
            NvmlError::GpuIsLost => {
                f.write_str("device fell off the bus or has otherwise become inacessible")
            }
            NvmlError::ResetRequired => f.write_str("device requires a reset before it can be used again"),
            NvmlError::OperatingSystem => {
                f.write_str("device control has been blocked by the operating system/cgroups")
            }
            NvmlError::LibRmVersionMismatch => f.write_str("RM detects a driver/library version mismatch"),
            NvmlError::InUse => {
                f.write_str("operation cannot be performed because the GPU is currently in use")
            }
            NvmlError::Memory => f.write_str("insufficient memory"),
            NvmlError::NoData => f.write_str("no data"),
            NvmlError::VgpuEccNotSupported => f.write_str(
                "the requested vgpu operation is not available on the target device because ECC is enabled",
            ),
            NvmlError::Unknown => f.write_str("an internal driver error occurred"),
        }
    }
}

impl Error for NvmlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            NvmlError::Library(source) => Some(source),
            NvmlError::Utf8(source) => Some(source),
            _ => None,
        }
    }
}

impl From<libloading::Error> for NvmlError {
    fn from(error: libloading::Error) -> Self {
        NvmlError::Library(error)
    }
}

impl From<Utf8Error> for NvmlError {
    fn from(error: Utf8Error) -> Self {
        NvmlError::Utf8(error)
    }
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
