//! The reasons why clocks are slower than they could be.

use std::ops::{BitAnd, BitOr};

/// A set of reasons for which the clocks of a GPU are slower than they could be (`nvmlClocksThrottleReasons…`, called
/// `nvmlClocksEventReasons…` in newer versions of `nvml.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThrottleReasons(u64);

impl ThrottleReasons {
    /// No reason: the clocks are as fast as they can be.
    pub(crate) const NONE: ThrottleReasons = ThrottleReasons(0);
    /// The GPU is idle.
    #[cfg(test)]
    pub(crate) const GPU_IDLE: ThrottleReasons = ThrottleReasons(1 << 0);
    /// A setting of the clocks by the user.
    #[cfg(test)]
    pub(crate) const APPLICATIONS_CLOCKS_SETTING: ThrottleReasons = ThrottleReasons(1 << 1);
    /// The power limit.
    pub(crate) const SW_POWER_CAP: ThrottleReasons = ThrottleReasons(1 << 2);
    /// The hardware halves the clocks, or more: heat, an external power brake, or too much power.
    pub(crate) const HW_SLOWDOWN: ThrottleReasons = ThrottleReasons(1 << 3);
    /// Another GPU of the same sync boost group.
    pub(crate) const SYNC_BOOST: ThrottleReasons = ThrottleReasons(1 << 4);
    /// The temperature of the GPU or of its memory, by software.
    pub(crate) const SW_THERMAL_SLOWDOWN: ThrottleReasons = ThrottleReasons(1 << 5);
    /// The temperature of the GPU, by hardware, which halves the clocks, or more.
    pub(crate) const HW_THERMAL_SLOWDOWN: ThrottleReasons = ThrottleReasons(1 << 6);
    /// An external power brake, by which the power supply halves the clocks, or more.
    pub(crate) const HW_POWER_BRAKE_SLOWDOWN: ThrottleReasons = ThrottleReasons(1 << 7);

    /// Returns the set that NVML writes as these bits, those without a name included.
    pub(crate) const fn from_bits(bits: u64) -> Self {
        ThrottleReasons(bits)
    }

    /// Returns the reasons that are in either set.
    pub(crate) const fn union(self, other: ThrottleReasons) -> Self {
        ThrottleReasons(self.0 | other.0)
    }

    /// Returns whether a reason is in both sets.
    pub(crate) const fn intersects(self, other: ThrottleReasons) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for ThrottleReasons {
    type Output = ThrottleReasons;

    fn bitor(self, other: ThrottleReasons) -> ThrottleReasons {
        self.union(other)
    }
}

impl BitAnd for ThrottleReasons {
    type Output = ThrottleReasons;

    fn bitand(self, other: ThrottleReasons) -> ThrottleReasons {
        ThrottleReasons(self.0 & other.0)
    }
}

#[cfg(test)]
mod tests {
    use nvml_wrapper_sys::bindings;

    use super::*;

    #[test]
    fn bits_are_those_of_the_header() {
        for (ours, theirs) in [
            (ThrottleReasons::NONE, bindings::nvmlClocksThrottleReasonNone),
            (ThrottleReasons::GPU_IDLE, bindings::nvmlClocksThrottleReasonGpuIdle),
            (
                ThrottleReasons::APPLICATIONS_CLOCKS_SETTING,
                bindings::nvmlClocksThrottleReasonApplicationsClocksSetting,
            ),
            (ThrottleReasons::SW_POWER_CAP, bindings::nvmlClocksThrottleReasonSwPowerCap),
            (ThrottleReasons::HW_SLOWDOWN, bindings::nvmlClocksThrottleReasonHwSlowdown),
            (ThrottleReasons::SYNC_BOOST, bindings::nvmlClocksThrottleReasonSyncBoost),
            (ThrottleReasons::SW_THERMAL_SLOWDOWN, bindings::nvmlClocksThrottleReasonSwThermalSlowdown),
            (ThrottleReasons::HW_THERMAL_SLOWDOWN, bindings::nvmlClocksThrottleReasonHwThermalSlowdown),
            (
                ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN,
                bindings::nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
            ),
        ] {
            assert_eq!(ours, ThrottleReasons::from_bits(u64::from(theirs)));
        }
    }
}
