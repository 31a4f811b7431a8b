//! The activity of a GPU over a stretch of time: averages, peaks, energy, series.

use super::nvml::ThrottleReasons;
use super::tick::{KINDS, Quantity, THROTTLED, Tick};
use bench_protocol::{Reading, Series};
use bench_stats::Interval;

/// The shortest time for which utilization, power and energy are meaningful: in less, they mostly describe the time
/// before, and energy has only a few steps of its counter.
pub(super) const SHORTEST_S: f64 = 0.5;

/// The interval between two steps of the energy counter (Yang et al., *Part-time Power Measurements*, SC 2024): a
/// difference is off by what is used in one step at either end.
const ENERGY_STEP_S: f64 = 0.1;

/// Points of a series in the record; more are thinned evenly.
const MOST_POINTS: usize = 2000;

/// Ticks of one device, from the beginning of a stretch to its end.
#[derive(Clone, Copy)]
pub(super) struct Course<'a> {
    ticks: &'a [Tick],
    /// Memory in use before anything was loaded, in bytes.
    before_load: Option<f64>,
}

impl<'a> Course<'a> {
    pub(super) fn new(ticks: &'a [Tick], before_load: Option<f64>) -> Self {
        Course { ticks, before_load }
    }

    /// Returns the time from first to last tick, in seconds.
    pub(super) fn window_s(&self) -> f64 {
        match self.ticks {
            [first, .., last] => last.time_s - first.time_s,
            _ => 0.0,
        }
    }

    /// Whether it is long enough for figures that the device itself averages.
    pub(super) fn is_long(&self) -> bool {
        self.window_s() >= SHORTEST_S
    }

    /// Returns the ticks within the stretch. A tick describes the time before it, so the first one, which is taken at
    /// the beginning, does not count.
    fn within(&self) -> &'a [Tick] {
        match self.ticks {
            [_, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        }
    }

    fn values(&self, quantity: Quantity) -> impl Iterator<Item = f64> {
        self.within().iter().filter_map(move |tick| tick.get(quantity))
    }

    /// Returns the mean over the ticks; `None` if the device does not report it, or averages over a longer time itself.
    pub(super) fn average(&self, quantity: Quantity) -> Option<f64> {
        let over_longer = matches!(quantity, Quantity::Utilisation | Quantity::Power);
        if over_longer && !self.is_long() {
            return None;
        }
        let (count, sum) =
            self.values(quantity).fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
        (count > 0).then(|| sum / f64::from(count))
    }

    fn peak(&self, quantity: Quantity) -> Option<f64> {
        self.values(quantity).reduce(f64::max)
    }

    /// Returns the largest amount of memory in use minus that before anything was loaded, in bytes, by all processes:
    /// memory that others have given back since then hides as much of the benchmark's own, so this is a lower bound.
    fn memory(&self) -> Option<f64> {
        let most = self.ticks.iter().filter_map(|tick| tick.get(Quantity::MemoryUsed)).reduce(f64::max)?;
        Some((most - self.before_load?).max(0.0))
    }

    /// Returns the increase of the energy counter, in joules; `None` if it has wrapped or been reset.
    pub(super) fn energy_j(&self) -> Option<f64> {
        let mut counter = self.ticks.iter().filter_map(|tick| tick.energy_j);
        let first = counter.next()?;
        let last = counter.try_fold(first, |before, now| (now >= before).then_some(now))?;
        Some(last - first).filter(|energy| *energy > 0.0 && self.is_long())
    }

    /// Whether the counter of energy has ever moved backwards.
    pub(super) fn counter_fell(&self) -> bool {
        let counter: Vec<f64> = self.ticks.iter().filter_map(|tick| tick.energy_j).collect();
        counter.windows(2).any(|pair| pair[1] < pair[0])
    }

    /// Integrates power over time by the trapezoidal rule, in joules: the momentary power if the device reports it.
    pub(super) fn integrated_j(&self) -> Option<f64> {
        if !self.is_long() {
            return None;
        }
        let of = |quantity: Quantity| -> Option<f64> {
            let points: Vec<(f64, f64)> =
                self.ticks.iter().filter_map(|tick| Some((tick.time_s, tick.get(quantity)?))).collect();
            let area = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0;
            (points.len() > 1).then(|| points.windows(2).map(area).sum())
        };
        of(Quantity::PowerInstant).or_else(|| of(Quantity::Power))
    }

    /// Returns the share of ticks at which the clock was throttled, and the number of ticks that report it; `None` if
    /// none does.
    pub(super) fn throttled(&self) -> Option<(f64, usize)> {
        let told = self.within().iter().filter(|tick| tick.throttle.is_some()).count();
        Some((self.average(Quantity::Throttled)?, told))
    }

    /// Returns the share of ticks with one of these reasons.
    pub(super) fn share_of(&self, reasons: ThrottleReasons) -> f64 {
        let told = self.within().iter().filter_map(|tick| tick.throttle);
        let (all, with) = told.fold((0_u32, 0_u32), |(all, with), found| {
            (all + 1, with + u32::from(found.intersects(reasons)))
        });
        if all == 0 { 0.0 } else { f64::from(with) / f64::from(all) }
    }

    /// Returns all reasons for which the clock was throttled.
    pub(super) fn reasons(&self) -> ThrottleReasons {
        let told = self.within().iter().filter_map(|tick| tick.throttle);
        told.fold(ThrottleReasons::NONE, |all, found| all | (found & THROTTLED))
    }

    /// Returns the power that the device may take, in watts.
    pub(super) fn power_limit_w(&self) -> Option<f64> {
        self.ticks.iter().rev().find_map(|tick| tick.power_limit_w)
    }

    /// Returns the longest time without a tick, in seconds.
    pub(super) fn longest_gap_s(&self) -> f64 {
        self.ticks.windows(2).map(|pair| pair[1].time_s - pair[0].time_s).fold(0.0, f64::max)
    }

    /// Returns all figures, with names that begin with `prefix`.
    pub(super) fn readings(&self, prefix: &str) -> Vec<Reading> {
        let mut readings = Vec::new();
        let mut tell = |name: &str, unit: &str, value: Option<f64>, as_told: fn(Reading) -> Reading| {
            readings
                .extend(value.map(|value| as_told(Reading::new(&format!("{prefix}_{name}"), unit, value))));
        };
        let lower: fn(Reading) -> Reading = |reading| reading;
        for kind in &KINDS {
            let better = match kind.quantity {
                Quantity::Utilisation
                | Quantity::SmClock
                | Quantity::MemoryClock
                | Quantity::SmActivity
                | Quantity::SmOccupancy
                | Quantity::TensorActivity => Reading::higher_is_better,
                _ => lower,
            };
            tell(kind.metric, kind.unit, self.average(kind.quantity), better);
            if kind.quantity != Quantity::Throttled {
                tell(&format!("{}_peak", kind.metric), kind.unit, self.peak(kind.quantity), Reading::max);
            }
        }
        tell("memory", "bytes", self.memory(), Reading::max);
        readings.extend(self.energy(prefix));
        readings
    }

    /// Returns the energy by the device's counter, and by integrated power.
    fn energy(&self, prefix: &str) -> Vec<Reading> {
        let counted = self.energy_j().map(|energy| {
            let off = energy / self.window_s() * ENERGY_STEP_S;
            let interval = Interval { low: energy - off, high: energy + off };
            Reading::new(&format!("{prefix}_energy"), "J", energy).with_interval(Some(interval))
        });
        let integrated = self.integrated_j();
        let integrated =
            integrated.map(|energy| Reading::new(&format!("{prefix}_energy_integrated"), "J", energy));
        counted.into_iter().chain(integrated).collect()
    }

    /// Returns the quantities that were followed over time, as far as the device reports them.
    pub(super) fn series(&self, prefix: &str) -> Vec<Series> {
        let step = self.ticks.len().div_ceil(MOST_POINTS).max(1);
        let thinned = || self.ticks.iter().step_by(step);
        let told =
            KINDS.iter().filter(|kind| self.ticks.iter().any(|tick| tick.get(kind.quantity).is_some()));
        told.map(|kind| Series {
            metric: format!("{prefix}_{}", kind.metric),
            unit: kind.unit.to_owned(),
            time_s: thinned().map(|tick| tick.time_s).collect(),
            values: thinned().map(|tick| tick.get(kind.quantity)).collect(),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks<const N: usize>(quantity: Quantity, values: [f64; N]) -> Vec<Tick> {
        let tick = |(number, value): (usize, f64)| {
            let mut tick = Tick::at(number as f64);
            tick.set(quantity, Some(value));
            tick
        };
        values.into_iter().enumerate().map(tick).collect()
    }

    fn counted<const N: usize>(values: [f64; N]) -> Vec<Tick> {
        let tick = |(number, value)| Tick { energy_j: Some(value), ..Tick::at(number as f64) };
        values.into_iter().enumerate().map(tick).collect()
    }

    #[test]
    fn the_first_tick_is_of_the_time_before() {
        let ticks = ticks(Quantity::Utilisation, [0.0, 0.5, 1.0]);
        let course = Course::new(&ticks, None);
        assert_eq!(course.average(Quantity::Utilisation), Some(0.75));
        assert_eq!(course.peak(Quantity::Utilisation), Some(1.0));
        assert_eq!(course.average(Quantity::Power), None);
    }

    #[test]
    fn what_the_device_averages_itself_needs_time() {
        let mut ticks = ticks(Quantity::Power, [100.0, 100.0]);
        ticks[1].time_s = SHORTEST_S / 2.0;
        ticks[1].set(Quantity::SmClock, Some(1500.0));
        let course = Course::new(&ticks, None);
        assert_eq!((course.average(Quantity::Power), course.integrated_j()), (None, None));
        assert_eq!(course.average(Quantity::SmClock), Some(1500.0));
    }

    #[test]
    fn memory_is_what_came_on_top() {
        let ticks = ticks(Quantity::MemoryUsed, [5.0, 3.0]);
        assert_eq!(Course::new(&ticks, Some(2.0)).memory(), Some(3.0));
        assert_eq!(Course::new(&ticks, Some(9.0)).memory(), Some(0.0));
        assert_eq!(Course::new(&ticks, None).memory(), None);
    }

    #[test]
    fn a_counter_of_energy_that_falls_is_none() {
        let energy = |ticks: &[Tick]| {
            let course = Course::new(ticks, None);
            (course.energy_j(), course.counter_fell())
        };
        assert_eq!(energy(&counted([10.0, 30.0, 30.0, 70.0])), (Some(60.0), false));
        assert_eq!(energy(&counted([10.0, 30.0, 20.0, 70.0])), (None, true));
        assert_eq!(energy(&counted([90.0, 10.0])), (None, true));
        // The figure is absent, never 0.
        assert_eq!(energy(&counted([10.0, 10.0])), (None, false));
        assert_eq!(energy(&[Tick::at(0.0), Tick::at(1.0)]), (None, false));
    }

    #[test]
    fn power_is_integrated_over_gaps() {
        let mut ticks = ticks(Quantity::PowerInstant, [100.0, 0.0, 300.0]);
        ticks[1].set(Quantity::PowerInstant, None);
        ticks[0].set(Quantity::Power, Some(1.0));
        assert_eq!(Course::new(&ticks, None).integrated_j(), Some(400.0));
        ticks[2].set(Quantity::PowerInstant, None);
        ticks[2].set(Quantity::Power, Some(3.0));
        assert_eq!(Course::new(&ticks, None).integrated_j(), Some(4.0));
    }

    #[test]
    fn energy_is_as_sure_as_its_counter() {
        let ticks = counted([0.0, 200.0, 400.0]);
        let readings = Course::new(&ticks, None).readings("gpu");
        let energy = readings.iter().find(|reading| reading.metric == "gpu_energy").expect("energy");
        assert_eq!(energy.interval, Some(Interval { low: 380.0, high: 420.0 }));
        assert!(readings.iter().all(|reading| reading.metric == "gpu_energy"), "{readings:?}");
    }

    #[test]
    fn a_throttled_clock_has_its_share_and_its_reasons() {
        let reasons = [
            ThrottleReasons::SW_THERMAL_SLOWDOWN,
            ThrottleReasons::GPU_IDLE,
            ThrottleReasons::SW_POWER_CAP | ThrottleReasons::GPU_IDLE,
            ThrottleReasons::APPLICATIONS_CLOCKS_SETTING,
            ThrottleReasons::NONE,
        ];
        let ticks: Vec<Tick> = reasons
            .into_iter()
            .map(|reasons| {
                let mut tick = Tick { throttle: Some(reasons), ..Tick::at(0.0) };
                tick.set(Quantity::Throttled, Some(f64::from(u8::from(reasons.intersects(THROTTLED)))));
                tick
            })
            .collect();
        let course = Course::new(&ticks, None);
        assert_eq!(course.throttled(), Some((0.25, 4)));
        assert_eq!(course.share_of(ThrottleReasons::SW_POWER_CAP), 0.25);
        assert_eq!(course.reasons(), ThrottleReasons::SW_POWER_CAP);
    }

    #[test]
    fn a_long_series_is_thinned() {
        let ticks: Vec<Tick> = (0..5000)
            .map(|number| {
                let mut tick = Tick::at(f64::from(number));
                tick.set(Quantity::Temperature, Some(60.0));
                tick
            })
            .collect();
        let series = Course::new(&ticks, None).series("gpu1");
        assert_eq!(series.len(), 1);
        assert_eq!((series[0].metric.as_str(), series[0].time_s.len()), ("gpu1_temperature", 1667));
        assert_eq!(series[0].values.len(), series[0].time_s.len());
    }
}
