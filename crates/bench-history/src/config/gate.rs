//! `[gate]`.

use serde::Deserialize;

use super::Threshold;

/// What `bench gate` holds cases to where no rule says otherwise.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GateSettings {
    /// The figures that may fail a build; others do where a rule names them.
    pub metrics: Vec<String>,
    /// How much worse a figure may become.
    #[serde(deserialize_with = "share")]
    pub threshold: Threshold,
    /// The baseline to hold a run against; its history when absent.
    pub baseline: Option<String>,
    /// Whether a target that the run itself has missed fails the build.
    pub targets: bool,
}

impl Default for GateSettings {
    /// Time and peak memory against their history, 1 % worse at the most, and the targets of the benchmarks.
    fn default() -> Self {
        GateSettings {
            metrics: vec!["time".to_owned(), "peak_memory".to_owned()],
            threshold: Threshold::Share(bench_record::THRESHOLD),
            baseline: None,
            targets: true,
        }
    }
}

/// A threshold for figures of any unit.
fn share<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Threshold, D::Error> {
    let threshold = Threshold::deserialize(deserializer)?;
    match threshold {
        Threshold::Amount { .. } => Err(serde::de::Error::custom(
            "here the threshold is of figures of all units, and must be a share, such as \"2%\": write an amount into \
             a [[rule]] with a `metric`",
        )),
        _ => Ok(threshold),
    }
}
