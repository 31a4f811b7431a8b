//! The `[gate]` section of `bench.toml`.

use serde::Deserialize;
use toml::Spanned;

use super::Threshold;
use super::error::line_and_column;

/// The rules of `bench gate` for cases without a `[[rule]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct GateSettings {
    /// The place of the list of figures: line and character, from 1.
    pub place: (usize, usize),
    /// The figures that may fail a build; others may if a rule names them.
    pub metrics: Vec<String>,
    /// The amount by which a figure may become worse.
    pub threshold: Threshold,
    /// The baseline to compare a run with; `None` means its history.
    pub baseline: Option<String>,
    /// Whether the build fails if the run misses one of its own targets.
    pub targets: bool,
}

impl Default for GateSettings {
    /// Judges time and peak memory by their history, from which they may be 1 % worse, and the targets of the
    /// benchmarks.
    fn default() -> Self {
        GateSettings {
            place: (1, 1),
            metrics: vec!["time".to_owned(), "peak_memory".to_owned()],
            threshold: Threshold::Share(bench_record::THRESHOLD),
            baseline: None,
            targets: true,
        }
    }
}

/// The section as written in the file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    metrics: Option<Spanned<Vec<String>>>,
    #[serde(deserialize_with = "share")]
    threshold: Option<Threshold>,
    baseline: Option<String>,
    targets: Option<bool>,
}

impl GateSettings {
    /// Reads the settings written in `text`.
    pub(super) fn of(written: Written, text: &str) -> Self {
        let Written { metrics, threshold, baseline, targets } = written;
        let mut settings = GateSettings { baseline, ..GateSettings::default() };
        if let Some(metrics) = metrics {
            settings.place = line_and_column(text, metrics.span().start);
            settings.metrics = metrics.into_inner();
        }
        settings.threshold = threshold.unwrap_or(settings.threshold);
        settings.targets = targets.unwrap_or(settings.targets);
        settings
    }
}

/// Reads a threshold for figures of any unit, which cannot be an amount.
fn share<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Threshold>, D::Error> {
    let threshold = Threshold::deserialize(deserializer)?;
    match threshold {
        Threshold::Amount { .. } => Err(serde::de::Error::custom(
            "this threshold is for figures of all units, so it must be a share, such as \"2%\": put an amount into \
             a [[rule]] with a `metric`",
        )),
        _ => Ok(Some(threshold)),
    }
}
