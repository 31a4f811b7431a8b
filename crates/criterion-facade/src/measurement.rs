//! Measurements: wall time, or one that a benchmark defines.

use std::time::{Duration, Instant};

use crate::Throughput;

/// Formats values of a [`Measurement`].
pub trait ValueFormatter {
    /// Returns the value with its unit.
    fn format_value(&self, value: f64) -> String {
        let mut values = [value];
        let unit = self.scale_values(value, &mut values);
        format!("{:>6} {unit}", short(values[0]))
    }

    /// Returns the throughput with its unit.
    fn format_throughput(&self, throughput: &Throughput, value: f64) -> String {
        let mut values = [value];
        let unit = self.scale_throughputs(value, throughput, &mut values);
        format!("{:>6} {unit}", short(values[0]))
    }

    /// Scales values to a readable unit, and returns the unit.
    fn scale_values(&self, typical_value: f64, values: &mut [f64]) -> &'static str;

    /// Converts values to throughputs in a readable unit, and returns the unit.
    fn scale_throughputs(
        &self,
        typical_value: f64,
        throughput: &Throughput,
        values: &mut [f64],
    ) -> &'static str;

    /// Scales values to the unit of the record, and returns the unit.
    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str;
}

/// A quantity that is measured. If it is not wall time, it becomes the metric `measurement` of a case, in addition
/// to its time.
pub trait Measurement {
    /// The state between the start and the end of a measurement.
    type Intermediate;

    /// The measured value.
    type Value;

    /// Starts a measurement.
    fn start(&self) -> Self::Intermediate;

    /// Ends a measurement, and returns its value.
    fn end(&self, i: Self::Intermediate) -> Self::Value;

    /// Adds two values.
    fn add(&self, v1: &Self::Value, v2: &Self::Value) -> Self::Value;

    /// Returns zero.
    fn zero(&self) -> Self::Value;

    /// Returns the value as a number.
    fn to_f64(&self, value: &Self::Value) -> f64;

    /// Returns the formatter of values.
    fn formatter(&self) -> &dyn ValueFormatter;

    /// Whether values are wall times in nanoseconds: only those of [`WallTime`] are.
    #[doc(hidden)]
    fn is_wall_time(&self) -> bool {
        false
    }
}

/// Wall time.
#[derive(Debug)]
pub struct WallTime;

impl Measurement for WallTime {
    type Intermediate = Instant;
    type Value = Duration;

    fn start(&self) -> Instant {
        Instant::now()
    }

    fn end(&self, i: Instant) -> Duration {
        i.elapsed()
    }

    fn add(&self, v1: &Duration, v2: &Duration) -> Duration {
        *v1 + *v2
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &Nanoseconds
    }

    #[inline(always)]
    fn is_wall_time(&self) -> bool {
        true
    }
}

/// Formats wall times.
struct Nanoseconds;

/// Divides `values` by the largest divisor of `scales` that is at most `typical`, or else by the first, and returns its
/// unit. The divisors ascend.
fn scale(typical: f64, values: &mut [f64], scales: &[(f64, &'static str)]) -> &'static str {
    let fits = scales.iter().rev().find(|(least, _)| typical >= *least).or(scales.first());
    let Some((divisor, unit)) = fits else { return "" };
    values.iter_mut().for_each(|value| *value /= divisor);
    unit
}

impl ValueFormatter for Nanoseconds {
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        scale(typical, values, &[(1e-3, "ps"), (1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
    }

    fn scale_throughputs(&self, typical: f64, throughput: &Throughput, values: &mut [f64]) -> &'static str {
        const K: f64 = 1024.0;
        let (count, scales): (u64, &[(f64, &'static str)]) = match throughput {
            Throughput::Bits(count) => (*count, &[(1.0, "b/s"), (1e3, "Kb/s"), (1e6, "Mb/s"), (1e9, "Gb/s")]),
            Throughput::Bytes(count) => {
                (*count, &[(1.0, "B/s"), (K, "KiB/s"), (K * K, "MiB/s"), (K * K * K, "GiB/s")])
            }
            Throughput::BytesDecimal(count) => {
                (*count, &[(1.0, "B/s"), (1e3, "KB/s"), (1e6, "MB/s"), (1e9, "GB/s")])
            }
            Throughput::Elements(count) | Throughput::ElementsAndBytes { elements: count, .. } => {
                (*count, &[(1.0, "elem/s"), (1e3, "Kelem/s"), (1e6, "Melem/s"), (1e9, "Gelem/s")])
            }
        };
        let per_second = |ns: f64| count as f64 * 1e9 / ns;
        values.iter_mut().for_each(|value| *value = per_second(*value));
        scale(per_second(typical), values, scales)
    }

    fn scale_for_machines(&self, _values: &mut [f64]) -> &'static str {
        "ns"
    }
}

/// Formats a value with five digits, or with all digits before the decimal point if there are more.
fn short(value: f64) -> String {
    let digits = match value {
        value if value < 10.0 => 4,
        value if value < 100.0 => 3,
        value if value < 1000.0 => 2,
        value if value < 10_000.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_formatted_for_people() {
        let formatter = WallTime.formatter();
        let texts = [0.5, 12.0, 3456.0, 7.8e9].map(|ns| formatter.format_value(ns));
        assert_eq!(texts, ["500.00 ps", "12.000 ns", "3.4560 µs", "7.8000 s"]);
        let throughput = |throughput| formatter.format_throughput(&throughput, 1e9);
        assert_eq!(throughput(Throughput::Bytes(2048)), "2.0000 KiB/s");
        assert_eq!(throughput(Throughput::BytesDecimal(2000)), "2.0000 KB/s");
        assert_eq!(throughput(Throughput::Elements(5)), "5.0000 elem/s");
        assert_eq!(throughput(Throughput::Bits(5_000_000)), "5.0000 Mb/s");
    }
}
