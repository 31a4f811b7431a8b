//! NVML itself: loaded when it is needed, under the usual name or the one in `BENCH_NVML`.

use std::ffi::OsString;

use super::nvml::{Nvml, NvmlError};

/// The variable that names another library instead of the driver's own: a path, or a name that the loader looks
/// for.
pub(super) const LIBRARY_VARIABLE: &str = "BENCH_NVML";

/// The names of the library. The driver installs the first; a container or a development machine may have only the
/// second.
const NAMES: [&str; 2] = ["libnvidia-ml.so.1", "libnvidia-ml.so"];

/// Loads NVML.
///
/// # Errors
/// The reason why it cannot be loaded, in words for people.
pub(super) fn load() -> Result<Nvml, String> {
    let names: Vec<OsString> = match std::env::var_os(LIBRARY_VARIABLE) {
        Some(name) => vec![name],
        None => NAMES.map(OsString::from).into(),
    };
    let mut missing = String::new();
    for name in &names {
        match Nvml::init(name) {
            Ok(nvml) => return Ok(nvml),
            Err(NvmlError::Library(error)) => {
                missing = format!("no NVIDIA driver: {}", first_sentence(&error.to_string()));
            }
            Err(error) => return Err(reason(&error)),
        }
    }
    Err(missing)
}

/// Returns the first line of the loader's message: the name of the library, and the fault.
fn first_sentence(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

/// Explains NVML's error to the user of the machine.
pub(super) fn reason(error: &NvmlError) -> String {
    match error {
        NvmlError::DriverNotLoaded => "the NVIDIA driver is not loaded".to_owned(),
        NvmlError::LibRmVersionMismatch => {
            "the NVIDIA driver and its library are of different versions: reboot, or reload the kernel module \
             after the update"
                .to_owned()
        }
        NvmlError::NoPermission => {
            "no permission to use the NVIDIA driver: check the access to /dev/nvidia*".to_owned()
        }
        NvmlError::GpuIsLost => "the GPU is lost: it fell off the bus".to_owned(),
        NvmlError::ResetRequired => "the GPU must be reset before it can be used again".to_owned(),
        NvmlError::Symbol(error) => {
            format!("the library is not NVML, or of a driver that is too old: {}", first_sentence(error))
        }
        other => format!("NVML: {other}"),
    }
}

/// Whether a device that returns this error will not answer again.
pub(super) fn is_lost(error: &NvmlError) -> bool {
    matches!(error, NvmlError::GpuIsLost | NvmlError::ResetRequired | NvmlError::Uninitialized)
}
