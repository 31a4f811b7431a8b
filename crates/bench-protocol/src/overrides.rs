//! How a case asks to be measured.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How to measure a case, if its attribute or the command line says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// Iterations before measuring begins; `None` warms up until times are steady.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<u64>,
    /// Samples of the case, over all its rounds.
    #[serde(rename = "samples", default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u64>,
    /// Rounds, each in a process of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// The budget of the case, over all its rounds; in the list in nanoseconds.
    #[serde(rename = "max_time_ns", default, skip_serializing_if = "Option::is_none", with = "nanoseconds")]
    pub max_time: Option<Duration>,
    /// The time after which the case has failed, over all its rounds; in the list in nanoseconds.
    #[serde(rename = "timeout_ns", default, skip_serializing_if = "Option::is_none", with = "nanoseconds")]
    pub timeout: Option<Duration>,
}

impl Overrides {
    /// Nothing said.
    pub const NONE: Overrides =
        Overrides { warmup: None, repeats: None, rounds: None, max_time: None, timeout: None };
}

mod nanoseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        time.map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_nanos))
    }
}
