//! A value of the script: constant, a list over calls, or a counter in time.

use serde::Deserialize;

/// How a value comes about.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// Always the same.
    Constant(f64),
    /// What one call after the other reads; the last one holds.
    Calls {
        /// In order of the calls.
        calls: Vec<f64>,
    },
    /// What grows with time.
    Counter {
        /// By so much a second.
        per_s: f64,
        /// From here.
        #[serde(default)]
        from: f64,
        /// In steps of so many seconds; smoothly where absent.
        step_s: Option<f64>,
        /// Begins at 0 again here.
        wraps_at: Option<f64>,
    },
}

impl Value {
    /// What the call of this number, from 0, reads after `elapsed_s` seconds.
    pub(crate) fn read(&self, call: usize, elapsed_s: f64) -> f64 {
        match self {
            Value::Constant(value) => *value,
            Value::Calls { calls } => calls.get(call).or(calls.last()).copied().unwrap_or_default(),
            Value::Counter { per_s, from, step_s, wraps_at } => {
                let time_s = step_s.map_or(elapsed_s, |step_s| (elapsed_s / step_s).floor() * step_s);
                let value = from + per_s * time_s;
                wraps_at.map_or(value, |wraps_at| value % wraps_at)
            }
        }
    }
}
