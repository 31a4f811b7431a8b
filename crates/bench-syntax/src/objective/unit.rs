//! The unit of a target's value.

/// The unit of a target's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The figure's own unit.
    Own,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A ratio: `1.5`, `150%` and `1.5x` are the same.
    Ratio,
}

impl Unit {
    /// Returns the factor that converts a figure from its own `unit` to this one: 0.001 from `ms` to seconds. `None` if
    /// the two measure different things.
    pub fn in_one(self, unit: &str) -> Option<f64> {
        match (self, unit) {
            (Unit::Own, _) => Some(1.0),
            (Unit::Seconds, "s" | "seconds") | (Unit::Bytes, "bytes" | "B") => Some(1.0),
            (Unit::Ratio, "" | "1" | "x" | "×" | "ratio" | "share") => Some(1.0),
            (Unit::Ratio, "%") => Some(1e-2),
            (Unit::Seconds, "ns") => Some(1e-9),
            (Unit::Seconds, "us" | "µs" | "μs") => Some(1e-6),
            (Unit::Seconds, "ms") => Some(1e-3),
            (Unit::Seconds, "min") => Some(60.0),
            (Unit::Seconds, "h") => Some(3600.0),
            (Unit::Bytes, "KB" | "kB") => Some(1e3),
            (Unit::Bytes, "MB") => Some(1e6),
            (Unit::Bytes, "GB") => Some(1e9),
            (Unit::Bytes, "TB") => Some(1e12),
            (Unit::Bytes, "KiB") => Some(1024.0),
            (Unit::Bytes, "MiB") => Some(1024.0 * 1024.0),
            (Unit::Bytes, "GiB") => Some(1024.0 * 1024.0 * 1024.0),
            _ => None,
        }
    }

    /// Describes the unit in words, for an error about a unit that does not fit.
    pub fn kind(self) -> &'static str {
        match self {
            Unit::Own => "the figure's own unit",
            Unit::Seconds => "a time",
            Unit::Bytes => "a size",
            Unit::Ratio => "a ratio",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_fit_are_converted_and_others_are_not() {
        assert_eq!(Unit::Seconds.in_one("ms"), Some(1e-3));
        assert_eq!(Unit::Ratio.in_one("%"), Some(1e-2));
        assert_eq!(Unit::Bytes.in_one("MiB"), Some(1_048_576.0));
        assert_eq!(Unit::Own.in_one("images/s"), Some(1.0));
        for (unit, other) in [(Unit::Seconds, "images/s"), (Unit::Bytes, "s"), (Unit::Ratio, "ms")] {
            assert_eq!(unit.in_one(other), None, "{other}");
        }
    }
}
