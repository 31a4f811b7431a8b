//! The processor as a device.

use crate::device::Device;
use crate::error::Error;

/// The processor. Nothing is queued on it, so there is nothing to wait for.
///
/// ```
/// use bench_core::device::{Cpu, Device};
///
/// assert!(Cpu.uuid().is_none());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Device for Cpu {
    fn synchronize(&self) -> Result<(), Error> {
        Ok(())
    }
}
