//! Turns the readings of probes during a level into metrics of the level, and energy also into energy per unit of
//! served work.

use bench_protocol::{Better, Reading};
use bench_record::{Level, Metric};

/// The metrics of energy: by the device's own counter, or else its power over time.
const ENERGY: [&str; 2] = ["gpu_energy", "gpu_energy_integrated"];

/// Adds the readings of probes to a level that has ended: each under its name, and energy per request and per unit of
/// the primary metric of the field, if that is a rate (images/s: energy per image).
pub(crate) fn add(level: &mut Level, primary: &str, readings: Vec<Reading>) {
    let energy_j = ENERGY
        .iter()
        .find_map(|name| readings.iter().find(|reading| reading.metric == *name))
        .map(|reading| reading.value);
    if let Some(energy_j) = energy_j {
        let served = (level.succeeded > 0).then_some(("request".to_owned(), level.succeeded as f64));
        let per = |(unit, count): (String, f64)| {
            Metric::new(format!("energy per {unit}"), "J", energy_j / count, Better::Lower)
        };
        let metrics: Vec<Metric> = served.into_iter().chain(units(level, primary)).map(per).collect();
        level.metrics.extend(metrics);
    }
    level.metrics.extend(readings.into_iter().map(|reading| {
        let name = reading.metric.replace('_', " ");
        Metric::new(name, reading.unit, reading.value, reading.better).with_interval(reading.interval)
    }));
}

/// Returns the name of one unit of the primary rate, and how many of them were served: the rate times its window.
fn units(level: &Level, primary: &str) -> Option<(String, f64)> {
    let rate = level.metric(primary)?;
    let unit = match rate.unit.strip_suffix("/s")? {
        // Energy per request is reported for every field.
        "req" => return None,
        "audio s" => "audio second".to_owned(),
        plural => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    };
    let count = rate.value * level.window_s.0;
    (count > 0.0).then_some((unit, count))
}

#[cfg(test)]
mod tests {
    use bench_syntax::quantity::Seconds;

    use super::*;

    fn level(primary: &str, unit: &str) -> Level {
        let mut level = Level::default();
        level.succeeded = 10;
        level.window_s = Seconds(4.0);
        level.metrics = vec![Metric::new(primary, unit, 5.0, Better::Higher)];
        level
    }

    fn per(level: &Level) -> Vec<(&str, f64)> {
        let per = level.metrics.iter().filter(|metric| metric.name.starts_with("energy per "));
        per.map(|metric| (metric.name.as_str(), metric.value)).collect()
    }

    #[test]
    fn energy_is_shared_among_what_was_served() {
        for (primary, unit, expected) in [
            ("IPS", "images/s", Some("energy per image")),
            ("ASPS", "audio s/s", Some("energy per audio second")),
            ("output tokens/s", "tokens/s", Some("energy per token")),
            ("RPS", "req/s", None),
            ("latency", "s", None),
        ] {
            let mut level = level(primary, unit);
            let readings = vec![
                Reading::new("gpu_energy_integrated", "J", 90.0),
                Reading::new("gpu_energy", "J", 100.0),
            ];
            add(&mut level, primary, readings);
            let expected: Vec<(&str, f64)> =
                [("energy per request", 10.0)].into_iter().chain(expected.map(|name| (name, 5.0))).collect();
            assert_eq!(per(&level), expected, "{unit}");
            assert_eq!(level.metric("gpu energy integrated").map(|metric| metric.value), Some(90.0));
        }
    }

    #[test]
    fn integrated_power_stands_in_for_a_counter() {
        let mut level = level("RPS", "req/s");
        add(&mut level, "RPS", vec![Reading::new("gpu_energy_integrated", "J", 90.0)]);
        assert_eq!(per(&level), [("energy per request", 9.0)]);
    }

    #[test]
    fn without_energy_there_is_none_per_request() {
        let mut level = level("IPS", "images/s");
        add(&mut level, "IPS", vec![Reading::new("cpu_time", "s", 1.0)]);
        assert_eq!(per(&level), []);
        let mut nothing = Level::default();
        add(&mut nothing, "IPS", vec![Reading::new("gpu_energy", "J", 1.0)]);
        assert_eq!(per(&nothing), []);
    }
}
