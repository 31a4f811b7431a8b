//! NVML itself.
#![allow(unsafe_code)]

use std::ffi::OsStr;

use libloading::Library;

use super::error::{NvmlError, check};
use super::functions::Functions;

/// NVML, loaded and initialized; it is shut down and closed when this is dropped.
pub(crate) struct Nvml {
    pub(super) functions: Functions,
    /// Keeps the functions loaded. Fields are dropped after [`Nvml::drop`] has called `nvmlShutdown`.
    _library: Library,
}

impl Nvml {
    /// Loads the library of this name and initializes it (`nvmlInit_v2`). NVML counts how often that happens, so that
    /// several parts of a program may each have their own.
    ///
    /// # Errors
    /// The library cannot be loaded, is not NVML, or does not reach the driver.
    pub(crate) fn init(library: impl AsRef<OsStr>) -> Result<Self, NvmlError> {
        // SAFETY: runs the initializers of the library, which is the driver's own or one that the user has named in its
        // place.
        let library = unsafe { Library::new(library) }?;
        // SAFETY: names that begin with `nvml` belong to NVML. The table and the library are kept together, below.
        let functions = unsafe { Functions::find(&library) };
        let init = functions.nvmlInit_v2.get()?;
        // SAFETY: takes no arguments, and may be called at any time.
        check(unsafe { init() })?;
        Ok(Nvml { functions, _library: library })
    }

    /// Returns the number of GPUs (`nvmlDeviceGetCount_v2`), those that may not be accessed included.
    ///
    /// # Errors
    /// NVML's own.
    pub(crate) fn device_count(&self) -> Result<u32, NvmlError> {
        let function = self.functions.nvmlDeviceGetCount_v2.get()?;
        let mut count = 0;
        // SAFETY: `count` is a place for what the function writes.
        check(unsafe { function(&raw mut count) })?;
        Ok(count)
    }
}

impl Drop for Nvml {
    fn drop(&mut self) {
        if let Ok(shutdown) = self.functions.nvmlShutdown.get() {
            // SAFETY: `nvmlInit_v2` has succeeded, and everything that was got from this NVML borrows it. An error would
            // change nothing: the library is closed in any case.
            let _ = unsafe { shutdown() };
        }
    }
}
