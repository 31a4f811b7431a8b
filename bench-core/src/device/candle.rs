//! Devices of candle.

use candle_core::DeviceLocation;
use candle_core::utils::{cuda_is_available, metal_is_available};

use crate::device::Device;
use crate::error::Error;
use bench_protocol::DeviceChoice;

/// Waits for the queue that candle has given to the calling thread.
impl Device for candle_core::Device {
    fn synchronize(&self) -> Result<(), Error> {
        candle_core::Device::synchronize(self).map_err(Error::from)
    }

    fn uuid(&self) -> Option<String> {
        match self.location() {
            #[cfg(feature = "gpu")]
            DeviceLocation::Cuda { gpu_id } => crate::device::cuda_uuid(gpu_id),
            _ => None,
        }
    }
}

/// Converts the choice of `--device` into a device of candle.
pub trait CandleDevice {
    /// Returns the device of candle.
    ///
    /// # Errors
    /// If this build of candle, or this machine, does not have the chosen device.
    fn candle(self) -> Result<candle_core::Device, Error>;
}

impl CandleDevice for DeviceChoice {
    fn candle(self) -> Result<candle_core::Device, Error> {
        let without = |device: &str, feature: &str| {
            Error::failure(format!(
                "`--device {self}`: this build of candle has no {device}: add the feature `{feature}` to candle-core, \
                 or use `--device cpu`"
            ))
        };
        let failed = |error: candle_core::Error| Error::failure(format!("`--device {self}`: {error}"));
        match self {
            DeviceChoice::Cpu => Ok(candle_core::Device::Cpu),
            DeviceChoice::Cuda(number) if cuda_is_available() => {
                candle_core::Device::new_cuda(number).map_err(failed)
            }
            DeviceChoice::Cuda(_) => Err(without("CUDA", "cuda")),
            DeviceChoice::Metal if metal_is_available() => candle_core::Device::new_metal(0).map_err(failed),
            DeviceChoice::Metal => Err(without("Metal", "metal")),
            // Without a driver, the processor is used, since no device was requested.
            DeviceChoice::Auto if cuda_is_available() => {
                Ok(candle_core::Device::new_cuda(0).unwrap_or(candle_core::Device::Cpu))
            }
            DeviceChoice::Auto if metal_is_available() => {
                Ok(candle_core::Device::new_metal(0).unwrap_or(candle_core::Device::Cpu))
            }
            DeviceChoice::Auto => Ok(candle_core::Device::Cpu),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_always_there() {
        let device = DeviceChoice::Cpu.candle().expect("a device");
        assert!(device.is_cpu());
        Device::synchronize(&device).expect("nothing to wait for");
        assert_eq!(device.uuid(), None);
    }

    #[test]
    fn what_was_asked_for_and_is_not_there_is_an_error() {
        if cuda_is_available() || metal_is_available() {
            println!("not checked: this build of candle has a GPU");
            return;
        }
        assert!(DeviceChoice::Auto.candle().expect("a device").is_cpu());
        for (choice, message) in [
            (
                DeviceChoice::Cuda(3),
                "`--device cuda:3`: this build of candle has no CUDA: add the feature `cuda`",
            ),
            (
                DeviceChoice::Metal,
                "`--device metal`: this build of candle has no Metal: add the feature `metal`",
            ),
        ] {
            let error = choice.candle().expect_err(message).to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
