//! The readings of a GPU at one moment.

use super::nvml::ThrottleReasons;

/// A quantity that is followed over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Utilisation,
    MemoryUsed,
    SmClock,
    MemoryClock,
    Power,
    PowerInstant,
    Temperature,
    SmActivity,
    SmOccupancy,
    TensorActivity,
    DramActivity,
    PcieSent,
    PcieReceived,
    Throttled,
}

/// The name of a quantity, and its unit.
pub(super) struct Kind {
    pub(super) quantity: Quantity,
    /// The metric, without the name of the device.
    pub(super) metric: &'static str,
    pub(super) unit: &'static str,
}

/// All quantities, in the order of their numbers.
pub(super) const KINDS: [Kind; 14] = [
    // The share of NVML's own sampling window, 1/6 s to 1 s, in which a kernel was running: not occupancy.
    Kind { quantity: Quantity::Utilisation, metric: "utilisation", unit: "1" },
    Kind { quantity: Quantity::MemoryUsed, metric: "memory_used", unit: "bytes" },
    Kind { quantity: Quantity::SmClock, metric: "sm_clock", unit: "MHz" },
    Kind { quantity: Quantity::MemoryClock, metric: "memory_clock", unit: "MHz" },
    // Averaged over a second by devices that average.
    Kind { quantity: Quantity::Power, metric: "power", unit: "W" },
    Kind { quantity: Quantity::PowerInstant, metric: "power_instant", unit: "W" },
    Kind { quantity: Quantity::Temperature, metric: "temperature", unit: "celsius" },
    Kind { quantity: Quantity::SmActivity, metric: "sm_activity", unit: "1" },
    Kind { quantity: Quantity::SmOccupancy, metric: "sm_occupancy", unit: "1" },
    Kind { quantity: Quantity::TensorActivity, metric: "tensor_activity", unit: "1" },
    Kind { quantity: Quantity::DramActivity, metric: "dram_activity", unit: "1" },
    Kind { quantity: Quantity::PcieSent, metric: "pcie_sent", unit: "bytes/s" },
    Kind { quantity: Quantity::PcieReceived, metric: "pcie_received", unit: "bytes/s" },
    // 1 if the clock was throttled, else 0.
    Kind { quantity: Quantity::Throttled, metric: "throttled", unit: "1" },
];

/// The reasons that make a clock slower than the work requires. An idle clock, and one that was set on purpose, are
/// not among them.
pub(super) const THROTTLED: ThrottleReasons = ThrottleReasons::SW_POWER_CAP
    .union(ThrottleReasons::HW_SLOWDOWN)
    .union(ThrottleReasons::SYNC_BOOST)
    .union(ThrottleReasons::SW_THERMAL_SLOWDOWN)
    .union(ThrottleReasons::HW_THERMAL_SLOWDOWN)
    .union(ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN);

/// The readings of a GPU at one moment; absent if the device does not report them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Seconds since the first sample of the round.
    pub(super) time_s: f64,
    pub(super) values: [Option<f64>; KINDS.len()],
    /// The counter of all energy since the driver was loaded, in joules. It moves every 100 ms.
    pub(super) energy_j: Option<f64>,
    /// The reasons why the clock is slower than it could be.
    pub(super) throttle: Option<ThrottleReasons>,
    /// The power that the device may take, in watts.
    pub(super) power_limit_w: Option<f64>,
}

impl Tick {
    /// Creates a tick without readings.
    pub(super) fn at(time_s: f64) -> Self {
        Tick { time_s, values: [None; KINDS.len()], energy_j: None, throttle: None, power_limit_w: None }
    }

    pub(super) fn set(&mut self, quantity: Quantity, value: Option<f64>) {
        self.values[quantity as usize] = value;
    }

    pub(super) fn get(&self, quantity: Quantity) -> Option<f64> {
        self.values[quantity as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_stand_in_the_order_of_their_numbers() {
        for (number, kind) in KINDS.iter().enumerate() {
            assert_eq!(kind.quantity as usize, number, "{}", kind.metric);
        }
    }
}
