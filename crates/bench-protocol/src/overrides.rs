//! The settings that a case asks for.

use std::time::Duration;

use bench_syntax::quantity::nanoseconds;

use crate::json::{Decode, Encode, Json, JsonError, Members, Object};

/// The settings of a case, if its attribute or the command line has any.
///
/// ```
/// use std::time::Duration;
///
/// use bench_protocol::Overrides;
///
/// let quick = Overrides { rounds: Some(1), max_time: Some(Duration::from_secs(1)), ..Overrides::NONE };
/// assert_eq!(quick.warmup, None, "until times are steady");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Iterations before measuring begins; `None` warms up until times are steady.
    pub warmup: Option<u64>,
    /// Samples of the case, over all its rounds.
    pub repeats: Option<u64>,
    /// Rounds, each in a separate process.
    pub rounds: Option<u32>,
    /// The budget of the case, over all its rounds; in the list in nanoseconds.
    pub max_time: Option<Duration>,
    /// The time after which the case has failed, over all its rounds; in the list in nanoseconds.
    pub timeout: Option<Duration>,
    /// The share below which a change of time is of no practical interest.
    pub threshold: Option<f64>,
}

impl Overrides {
    /// No settings.
    pub const NONE: Overrides = Overrides {
        warmup: None,
        repeats: None,
        rounds: None,
        max_time: None,
        timeout: None,
        threshold: None,
    };
}

impl Overrides {
    /// Returns the threshold if it is at least 0 and below 1, and `None` otherwise: a list may contain any number.
    pub fn usable_threshold(&self) -> Option<f64> {
        self.threshold.filter(|share| (0.0..1.0).contains(share))
    }
}

impl Encode for Overrides {
    /// Encodes only the settings that are given.
    fn encode(&self, out: &mut String) {
        let mut object = Object::open(out);
        let counts = [
            ("warmup", self.warmup),
            ("samples", self.repeats),
            ("rounds", self.rounds.map(u64::from)),
            ("max_time_ns", self.max_time.map(nanoseconds)),
            ("timeout_ns", self.timeout.map(nanoseconds)),
        ];
        for (name, count) in counts {
            if let Some(count) = count {
                object.field(name, &count);
            }
        }
        if let Some(threshold) = self.threshold {
            object.field("threshold", &threshold);
        }
        object.close();
    }
}

impl Decode for Overrides {
    fn decode(json: &Json<'_>) -> Result<Self, JsonError> {
        let members = Members::of(json)?;
        let time = |name| members.get(name).map(|ns: Option<u64>| ns.map(Duration::from_nanos));
        Ok(Overrides {
            warmup: members.get("warmup")?,
            repeats: members.get("samples")?,
            rounds: members.get("rounds")?,
            max_time: time("max_time_ns")?,
            timeout: time("timeout_ns")?,
            threshold: members.get("threshold")?,
        })
    }
}
