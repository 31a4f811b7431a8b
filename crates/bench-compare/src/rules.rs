//! The limits of a paired comparison: its time, and its rate of errors.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use bench_protocol::{Case, DeviceChoice};
use bench_record::THRESHOLD;
use bench_runner::plan;
use bench_syntax::UsageError;
use bench_syntax::quantity::Bytes;

/// The limits of a paired comparison: its time, and its rate of errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// A change of time below this share is of no practical interest.
    pub threshold: f64,
    /// Whether the user gave the threshold, so that it also applies to cases with their own threshold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub threshold_is_asked: bool,
    /// The share of `slower` and `faster` verdicts that may be false.
    pub fdr: f64,
    /// The average time of a case, both sides together. Time that decided cases leave over goes to those that can
    /// still be decided.
    pub max_time: Duration,
    /// The time after which a worker has failed.
    pub timeout: Duration,
    /// The resident memory that a worker may use; most of the available memory if `None`.
    pub max_memory: Option<Bytes>,
    /// The device for benchmarks that ask for one.
    #[serde(default)]
    pub device: DeviceChoice,
    /// The number of processors that the workers of a case may use; all of them if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processors: Option<u32>,
    /// The share by which the candidate does more work than it reports, to measure the power of the test.
    pub inject: f64,
    /// The seed of every order and every padding.
    pub seed: u64,
}

/// The rules that the user gave; the others are those of [`Rules::default`].
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// [`Rules::threshold`].
    pub threshold: Option<f64>,
    /// [`Rules::fdr`].
    pub fdr: Option<f64>,
    /// [`Rules::max_time`].
    pub max_time: Option<Duration>,
    /// [`Rules::timeout`].
    pub timeout: Option<Duration>,
    /// [`Rules::max_memory`].
    pub max_memory: Option<Bytes>,
    /// [`Rules::device`].
    pub device: Option<DeviceChoice>,
    /// [`Rules::processors`].
    pub processors: Option<u32>,
    /// [`Rules::inject`].
    pub inject: Option<f64>,
    /// [`Rules::seed`].
    pub seed: Option<u64>,
}

impl Wishes {
    /// Returns the rules with these values, and the defaults for those that are `None`.
    ///
    /// # Errors
    /// Same as [`Rules::check`].
    pub fn rules(self) -> Result<Rules, UsageError> {
        let usual = Rules::default();
        let rules = Rules {
            threshold: self.threshold.unwrap_or(usual.threshold),
            threshold_is_asked: self.threshold.is_some(),
            fdr: self.fdr.unwrap_or(usual.fdr),
            max_time: self.max_time.unwrap_or(usual.max_time),
            timeout: self.timeout.unwrap_or(usual.timeout),
            max_memory: self.max_memory.or(usual.max_memory),
            device: self.device.unwrap_or(usual.device),
            processors: self.processors.or(usual.processors),
            inject: self.inject.unwrap_or(usual.inject),
            seed: self.seed.unwrap_or(usual.seed),
        };
        rules.check().map(|()| rules)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            threshold: THRESHOLD,
            threshold_is_asked: false,
            fdr: 0.05,
            max_time: Duration::from_secs(3),
            timeout: plan::TIMEOUT,
            max_memory: None,
            device: DeviceChoice::Auto,
            processors: None,
            inject: 0.0,
            seed: bench_stats::seed::clock_seed(),
        }
    }
}

impl Rules {
    /// Checks whether a comparison can follow these rules.
    ///
    /// # Errors
    /// [`UsageError`] if a share is 100 % or more.
    pub fn check(&self) -> Result<(), UsageError> {
        let share = |what: &str, value: f64| {
            if value < 1.0 {
                Ok(())
            } else {
                Err(UsageError(format!("a {what} of {} %: expected less than 100 %", value * 100.0)))
            }
        };
        share("threshold", self.threshold)?;
        share("false discovery rate", self.fdr)?;
        share("change to inject", self.inject)
    }

    /// Returns the threshold of the case itself; `None` if it has none, or if that of the rules applies.
    pub(super) fn own_threshold(&self, case: &Case) -> Option<f64> {
        case.settings.usable_threshold().filter(|own| !self.threshold_is_asked && *own != self.threshold)
    }
}
