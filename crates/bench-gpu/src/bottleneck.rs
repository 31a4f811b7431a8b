//! Finds the bottleneck of a case from the figures of a GPU and of its host.

use super::course::Course;
use super::nvml::ThrottleReasons;
use super::tick::Quantity;

/// The utilization below which a GPU has hardly been used, so it does not limit the case.
const USED: f64 = 0.02;

/// The share of time below which a GPU counts as waiting for something.
const BUSY: f64 = 0.7;

/// The processor time of the host, in cores, from which on the host computes instead of waiting for the GPU.
const HOST_BUSY: f64 = 0.9;

/// The share of the memory's nominal bandwidth that programs hardly exceed.
const MEMORY_BUSY: f64 = 0.7;

/// The share of its power limit from which on a device counts as power-limited.
const AT_LIMIT: f64 = 0.97;

/// The share of ticks with a throttled clock from which on it is reported.
const OFTEN: f64 = 0.1;

/// Names of the reasons for which a clock is throttled.
const REASONS: [(ThrottleReasons, &str); 6] = [
    (ThrottleReasons::SW_POWER_CAP, "power limit"),
    (ThrottleReasons::SW_THERMAL_SLOWDOWN, "temperature"),
    (ThrottleReasons::HW_THERMAL_SLOWDOWN, "temperature, by hardware"),
    (ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN, "power brake of the machine"),
    (ThrottleReasons::HW_SLOWDOWN, "slowdown by hardware"),
    (ThrottleReasons::SYNC_BOOST, "clock of another GPU"),
];

/// Returns notes on the course of `gpu`. `host` is the processor time that the benchmark took, in cores.
pub(super) fn notes(gpu: &str, course: &Course<'_>, host: Option<f64>) -> Vec<String> {
    let mut notes = Vec::new();
    let busy = course.average(Quantity::Utilisation).or_else(|| course.average(Quantity::SmActivity));
    if let (Some(busy), Some(host)) = (busy, host)
        && (USED..BUSY).contains(&busy)
        && host >= HOST_BUSY
    {
        notes.push(format!("{gpu} busy {} of the time, host {}: host-bound", share(busy), share(host)));
    }
    let capped = course.share_of(ThrottleReasons::SW_POWER_CAP);
    let power = course.average(Quantity::Power).zip(course.power_limit_w());
    let at_limit = power.is_some_and(|(power, limit)| power >= AT_LIMIT * limit);
    if at_limit || capped > OFTEN {
        let figures = power
            .map_or_else(String::new, |(power, limit)| format!("{power:.0} W of {limit:.0} W on average, "));
        notes.push(format!("{gpu} power-limited: {figures}clock capped in {} of samples", share(capped)));
    }
    if let Some(dram) = course.average(Quantity::DramActivity).filter(|dram| *dram >= MEMORY_BUSY) {
        notes.push(format!("{gpu} memory-limited: {} of its memory's bandwidth in use", share(dram)));
    }
    if let Some((throttled, samples)) = course.throttled().filter(|(throttled, _)| *throttled > OFTEN) {
        let found = course.reasons();
        let names: Vec<&str> =
            REASONS.iter().filter(|(reason, _)| found.intersects(*reason)).map(|(_, name)| *name).collect();
        notes.push(format!(
            "{gpu} clock throttled in {} of {samples} samples ({}): these are times of a slower device",
            share(throttled),
            names.join(", ")
        ));
    }
    notes
}

fn share(value: f64) -> String {
    format!("{:.0} %", value * 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::tick::{self, Tick};
    use super::*;

    fn notes_of(values: &[(Quantity, f64)], throttle: [ThrottleReasons; 4], host: f64) -> Vec<String> {
        let tick = |(number, reasons): (usize, ThrottleReasons)| {
            let mut tick =
                Tick { throttle: Some(reasons), power_limit_w: Some(700.0), ..Tick::at(number as f64) };
            let throttled = reasons.intersects(tick::THROTTLED);
            tick.set(Quantity::Throttled, Some(f64::from(u8::from(throttled))));
            for (quantity, value) in values {
                tick.set(*quantity, Some(*value));
            }
            tick
        };
        let ticks: Vec<Tick> = throttle.into_iter().enumerate().map(tick).collect();
        notes("GPU", &Course::new(&ticks, None), Some(host))
    }

    const NONE: [ThrottleReasons; 4] = [ThrottleReasons::NONE; 4];

    #[test]
    fn a_host_that_computes_while_the_gpu_waits_is_told() {
        let busy = |share| [(Quantity::Utilisation, share), (Quantity::Power, 300.0)];
        assert_eq!(notes_of(&busy(0.34), NONE, 1.0), ["GPU busy 34 % of the time, host 100 %: host-bound"]);
        // A host that waits is not the bottleneck, nor is one whose GPU is busy, or not used at all.
        for (gpu, host) in [(0.34, 0.3), (0.95, 1.0), (0.0, 1.0)] {
            assert_eq!(notes_of(&busy(gpu), NONE, host), Vec::<String>::new(), "{gpu} {host}");
        }
    }

    #[test]
    fn a_limit_is_told_with_its_figures() {
        let values = [(Quantity::Utilisation, 1.0), (Quantity::Power, 690.0)];
        let power = "GPU power-limited: 690 W of 700 W on average, clock capped in 0 % of samples";
        assert_eq!(notes_of(&values, NONE, 0.1), [power]);
        let values = [(Quantity::Utilisation, 1.0), (Quantity::DramActivity, 0.82)];
        let memory = "GPU memory-limited: 82 % of its memory's bandwidth in use";
        assert_eq!(notes_of(&values, NONE, 0.1), [memory]);
    }

    #[test]
    fn a_throttled_clock_is_told_with_its_reasons() {
        let hot = ThrottleReasons::SW_THERMAL_SLOWDOWN | ThrottleReasons::HW_SLOWDOWN;
        let throttle = [ThrottleReasons::NONE, hot, ThrottleReasons::NONE, ThrottleReasons::NONE];
        assert_eq!(
            notes_of(&[], throttle, 0.1),
            [
                "GPU clock throttled in 33 % of 3 samples (temperature, slowdown by hardware): these are times of a slower device"
            ]
        );
        let before = [hot, ThrottleReasons::NONE, ThrottleReasons::NONE, ThrottleReasons::NONE];
        assert_eq!(notes_of(&[], before, 0.1), Vec::<String>::new());
    }
}
