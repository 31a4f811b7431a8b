//! The UUID of a device that CUDA knows by a number. CUDA's order is not NVML's, and both change with the environment.
#![allow(unsafe_code)]

use std::ffi::{OsString, c_int, c_uint};

use libloading::{Library, Symbol};

/// The variable that names another library instead of the driver's own.
const LIBRARY_VARIABLE: &str = "BENCH_CUDA";

/// The return value of the driver's functions if all is well.
const SUCCESS: c_uint = 0;

/// Returns the UUID of the device with this number, as CUDA counts in this process, in NVML's form: `GPU-` and 36
/// characters. `None` if there is no CUDA driver, or no such device.
///
/// It asks the driver that the framework has loaded (CUDA Driver API, `cuDeviceGetUuid`), so that it works with any
/// framework.
pub fn cuda_uuid(ordinal: usize) -> Option<String> {
    let ordinal = c_int::try_from(ordinal).ok()?;
    let name = std::env::var_os(LIBRARY_VARIABLE).unwrap_or_else(|| OsString::from("libcuda.so.1"));
    let mut device: c_int = 0;
    let mut bytes = [0_u8; 16];
    // SAFETY: loading the driver runs its initializers, as the framework has done before. The three functions have these
    // types in `cuda.h` (`CUuuid` is sixteen bytes), and write only to what they are given.
    unsafe {
        let library = Library::new(name).ok()?;
        let init: Symbol<'_, unsafe extern "C" fn(c_uint) -> c_uint> = library.get(b"cuInit\0").ok()?;
        let get: Symbol<'_, unsafe extern "C" fn(*mut c_int, c_int) -> c_uint> =
            library.get(b"cuDeviceGet\0").ok()?;
        type Uuid = unsafe extern "C" fn(*mut [u8; 16], c_int) -> c_uint;
        // The second version also reports the UUIDs of MIG instances; it came with CUDA 11.4.
        let uuid: Symbol<'_, Uuid> =
            library.get(b"cuDeviceGetUuid_v2\0").or_else(|_| library.get(b"cuDeviceGetUuid\0")).ok()?;
        let went_well = init(0) == SUCCESS
            && get(&raw mut device, ordinal) == SUCCESS
            && uuid(&raw mut bytes, device) == SUCCESS;
        went_well.then(|| written(bytes))
    }
}

/// Formats the groups of a UUID.
fn written(bytes: [u8; 16]) -> String {
    let mut text = String::from("GPU");
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 0 | 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_written_as_nvml_does() {
        let bytes = std::array::from_fn(|position| position as u8 * 17);
        assert_eq!(written(bytes), "GPU-00112233-4455-6677-8899-aabbccddeeff");
    }
}
