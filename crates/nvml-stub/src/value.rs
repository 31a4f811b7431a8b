//! A value of the script: a constant, a list of values of successive calls, or a counter over time.

use serde::Deserialize;

/// The source of a value.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// The same value in every call.
    Constant(f64),
    /// The values of successive calls; the last one is repeated.
    Calls {
        /// The values, in the order of the calls.
        calls: Vec<f64>,
    },
    /// A value that grows with time.
    Counter {
        /// The growth per second.
        per_s: f64,
        /// The value at the beginning.
        #[serde(default)]
        from: f64,
        /// The length of a step, in seconds; the value grows smoothly if absent.
        step_s: Option<f64>,
        /// The value at which the counter starts again at 0; it never does if absent.
        wraps_at: Option<f64>,
    },
}

impl Value {
    /// Returns the value for the call of this number, from 0, after `elapsed_s` seconds.
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
