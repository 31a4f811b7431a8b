//! Reads one GPU, or one MIG instance, repeatedly.

use std::time::{Duration, Instant};

use super::catalogue::{Known, Place, instances};
use super::library::{is_lost, reason};
use super::nvml::{
    ClockType, Device, FieldId, GpmMetricId, GpmSample, Nvml, NvmlError, TemperatureSensor, ThrottleReasons,
};
use super::tick::{Quantity, THROTTLED, Tick};

/// The interval at which slowly moving quantities are read. Every call takes the driver's lock, which the benchmark's
/// own kernel launches wait for.
const SLOW: Duration = Duration::from_millis(500);

/// Fields that are read in one call.
const FIELDS: [FieldId; 4] = [
    FieldId::POWER_AVERAGE,
    FieldId::POWER_INSTANT,
    FieldId::PCIE_COUNT_TX_BYTES,
    FieldId::PCIE_COUNT_RX_BYTES,
];

/// Metrics of GPM that are followed, in per cent.
const GPM: [(GpmMetricId, Quantity); 4] = [
    (GpmMetricId::SmUtil, Quantity::SmActivity),
    (GpmMetricId::SmOccupancy, Quantity::SmOccupancy),
    (GpmMetricId::AnyTensorUtil, Quantity::TensorActivity),
    (GpmMetricId::DramBwUtil, Quantity::DramActivity),
];

/// A quantity that a device may not have. It is requested only once in that case.
#[derive(Clone, Copy)]
enum Ask {
    Utilisation,
    Memory,
    SmClock,
    MemoryClock,
    PowerUsage,
    Fields,
    Energy,
    Throttle,
    Temperature,
    PowerLimit,
    Gpm,
}

/// A device that is read.
pub(super) struct Meter<'nvml> {
    pub(super) place: Place,
    /// The device whose memory is read: the GPU, or the instance.
    device: Device<'nvml>,
    /// The device whose clocks and temperature are read: the GPU.
    gpu: Device<'nvml>,
    /// The number of the instance, if it is one.
    instance: Option<u32>,
    /// A bit for each [`Ask`] that the device has answered with "not supported".
    without: u32,
    slow: Option<Slow>,
    gpm: Option<GpmSample<'nvml>>,
    pcie: Option<(f64, [Option<u64>; 2])>,
}

/// The last readings of slowly moving quantities.
struct Slow {
    at: Instant,
    temperature: Option<f64>,
    memory_clock: Option<f64>,
    power_limit_w: Option<f64>,
}

impl<'nvml> Meter<'nvml> {
    /// Creates the meter of the device at `place` of the catalogue.
    ///
    /// # Errors
    /// The reason why it cannot be read.
    pub(super) fn new(nvml: &'nvml Nvml, known: &[Known], place: Place) -> Result<Self, String> {
        let told = |error: NvmlError| format!("GPU {}: {}", place.gpu, reason(&error));
        let index = u32::try_from(place.gpu).unwrap_or(u32::MAX);
        let gpu = nvml.device_by_index(index).map_err(told)?;
        let Some(number) = place.instance else {
            return Ok(Meter::of(place, gpu, gpu, None));
        };
        let gone = || format!("GPU {}: its instance {number} no longer exists", place.gpu);
        let uuid = known[place.gpu].instances.get(number).cloned().ok_or_else(gone)?;
        let device =
            instances(&gpu).find(|instance| instance.uuid().is_ok_and(|own| own == uuid)).ok_or_else(gone)?;
        let id = device.gpu_instance_id().ok();
        Ok(Meter::of(place, device, gpu, id))
    }

    fn of(place: Place, device: Device<'nvml>, gpu: Device<'nvml>, instance: Option<u32>) -> Self {
        Meter { place, device, gpu, instance, without: 0, slow: None, gpm: None, pcie: None }
    }

    /// Returns the memory in use by all processes, in bytes.
    pub(super) fn memory_used(&mut self) -> Result<Option<f64>, NvmlError> {
        self.ask(Ask::Memory, |meter| meter.device.memory_used().map(|bytes| bytes as f64))
    }

    /// Reads everything, momentary values first. Power, energy and utilization are those of the whole GPU; they are not
    /// read for an instance (MIG).
    ///
    /// # Errors
    /// If the device is lost.
    pub(super) fn tick(&mut self, time_s: f64) -> Result<Tick, NvmlError> {
        let mut tick = Tick::at(time_s);
        if self.place.instance.is_none() {
            let joules = |meter: &mut Self| meter.gpu.total_energy_consumption().map(|mj| mj as f64 / 1e3);
            tick.energy_j = self.ask(Ask::Energy, joules)?;
            self.fields(&mut tick)?;
            if tick.get(Quantity::Power).is_none() {
                let watts = |meter: &mut Self| meter.gpu.power_usage().map(|mw| f64::from(mw) / 1e3);
                let power = self.ask(Ask::PowerUsage, watts)?;
                tick.set(Quantity::Power, power);
            }
            let busy = |meter: &mut Self| meter.gpu.utilization().map(|percent| f64::from(percent) / 100.0);
            let utilisation = self.ask(Ask::Utilisation, busy)?;
            tick.set(Quantity::Utilisation, utilisation);
        }
        let memory = self.memory_used()?;
        tick.set(Quantity::MemoryUsed, memory);
        let sm = self.ask(Ask::SmClock, |meter| meter.gpu.clock_info(ClockType::Sm).map(f64::from))?;
        tick.set(Quantity::SmClock, sm);
        tick.throttle = self.ask(Ask::Throttle, |meter| meter.gpu.current_clocks_throttle_reasons())?;
        let is_throttled = |reasons: ThrottleReasons| f64::from(u8::from(reasons.intersects(THROTTLED)));
        tick.set(Quantity::Throttled, tick.throttle.map(is_throttled));
        self.gpm(&mut tick)?;
        self.slow(&mut tick)?;
        Ok(tick)
    }

    /// Reads the power, and the bytes sent over the bus since the last tick.
    fn fields(&mut self, tick: &mut Tick) -> Result<(), NvmlError> {
        let Some(read) = self.ask(Ask::Fields, |meter| meter.gpu.field_values(FIELDS))? else {
            return Ok(());
        };
        let [average, instant, sent, received] = read.map(Result::ok);
        tick.set(Quantity::Power, average.map(|mw| mw as f64 / 1e3));
        tick.set(Quantity::PowerInstant, instant.map(|mw| mw as f64 / 1e3));
        let now = [sent, received];
        if let Some((time_s, before)) = self.pcie.replace((tick.time_s, now)) {
            let rate = |direction: usize| {
                // The difference of a counter that has wrapped is unknown.
                let bytes = now[direction]?.checked_sub(before[direction]?)?;
                Some(bytes as f64 / (tick.time_s - time_s)).filter(|rate| rate.is_finite())
            };
            let (sent, received) = (rate(0), rate(1));
            tick.set(Quantity::PcieSent, sent);
            tick.set(Quantity::PcieReceived, received);
        }
        Ok(())
    }

    /// Reads the activity since the last tick, if the device counts it (Hopper and newer).
    fn gpm(&mut self, tick: &mut Tick) -> Result<(), NvmlError> {
        let is_first = self.gpm.is_none();
        let sample = self.ask(Ask::Gpm, |meter| {
            if is_first && !meter.gpu.supports_gpm()? {
                return Err(NvmlError::NotSupported);
            }
            match meter.instance {
                Some(instance) => meter.gpu.gpm_mig_sample(instance),
                None if meter.place.instance.is_some() => Err(NvmlError::NotSupported),
                None => meter.gpu.gpm_sample(),
            }
        })?;
        let Some(sample) = sample else { return Ok(()) };
        if let Some(before) = &self.gpm
            && let Ok(metrics) = sample.metrics_since(before, GPM.map(|(metric, _)| metric))
        {
            for ((_, quantity), metric) in GPM.iter().zip(metrics) {
                tick.set(*quantity, metric.ok().map(|percent| percent / 100.0));
            }
        }
        self.gpm = Some(sample);
        Ok(())
    }

    fn slow(&mut self, tick: &mut Tick) -> Result<(), NvmlError> {
        if self.slow.as_ref().is_none_or(|slow| slow.at.elapsed() >= SLOW) {
            let celsius = |meter: &mut Self| meter.gpu.temperature(TemperatureSensor::Gpu).map(f64::from);
            let clock = |meter: &mut Self| meter.gpu.clock_info(ClockType::Mem).map(f64::from);
            let limit = |meter: &mut Self| meter.gpu.enforced_power_limit().map(|mw| f64::from(mw) / 1e3);
            self.slow = Some(Slow {
                temperature: self.ask(Ask::Temperature, celsius)?,
                memory_clock: self.ask(Ask::MemoryClock, clock)?,
                power_limit_w: self.ask(Ask::PowerLimit, limit)?,
                at: Instant::now(),
            });
        }
        if let Some(slow) = &self.slow {
            tick.set(Quantity::Temperature, slow.temperature);
            tick.set(Quantity::MemoryClock, slow.memory_clock);
            tick.power_limit_w = slow.power_limit_w;
        }
        Ok(())
    }

    /// Returns the answer of the device; `None` if it has no answer. Unsupported quantities are not requested again.
    fn ask<T>(
        &mut self,
        ask: Ask,
        read: impl FnOnce(&mut Self) -> Result<T, NvmlError>,
    ) -> Result<Option<T>, NvmlError> {
        let bit = 1 << ask as u32;
        if self.without & bit != 0 {
            return Ok(None);
        }
        match read(self) {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_lost(&error) => Err(error),
            Err(NvmlError::NotSupported | NvmlError::Symbol(_) | NvmlError::FunctionNotFound) => {
                self.without |= bit;
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }
}
