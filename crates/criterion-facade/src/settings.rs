//! The settings of benchmarks.

use std::time::Duration;

use bench_core::Overrides;

/// The settings of a group, or of the [`Criterion`](crate::Criterion) that registers a benchmark; `None` if not set.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    /// The number of samples of the benchmark, over all rounds.
    pub(crate) sample_size: Option<usize>,
    /// The time budget of measuring, all rounds together.
    pub(crate) measurement_time: Option<Duration>,
    /// The longest warm-up of a round.
    pub(crate) warm_up_time: Option<Duration>,
    /// The share below which a change is of no practical interest.
    pub(crate) noise_threshold: Option<f64>,
}

impl Settings {
    /// Returns these settings; those that are not set are taken from `outer`.
    pub(crate) fn within(self, outer: Settings) -> Settings {
        Settings {
            sample_size: self.sample_size.or(outer.sample_size),
            measurement_time: self.measurement_time.or(outer.measurement_time),
            warm_up_time: self.warm_up_time.or(outer.warm_up_time),
            noise_threshold: self.noise_threshold.or(outer.noise_threshold),
        }
    }

    /// Returns the settings for the runner.
    pub(crate) fn overrides(self) -> Overrides {
        Overrides {
            repeats: self.sample_size.map(|size| size.max(1) as u64),
            max_time: self.measurement_time.filter(|time| !time.is_zero()),
            threshold: self.noise_threshold,
            ..Overrides::NONE
        }
    }
}

/// Writes the setters of criterion that have no effect, because the runner decides these settings itself.
macro_rules! without_effect {
    ($($(#[$doc:meta])* $name:ident: $of:ty;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(self, _: $of) -> Self {
            self
        })*
    };
    (& $($(#[$doc:meta])* $name:ident: $of:ty;)*) => {
        $($(#[$doc])*
        pub fn $name(&mut self, _: $of) -> &mut Self {
            self
        })*
    };
}

pub(crate) use without_effect;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_outranks_its_criterion() {
        let outer = Settings {
            sample_size: Some(50),
            measurement_time: Some(Duration::from_secs(2)),
            warm_up_time: None,
            noise_threshold: Some(0.05),
        };
        let group = Settings { sample_size: Some(10), ..Settings::default() };
        let overrides = group.within(outer).overrides();
        assert_eq!((overrides.repeats, overrides.max_time), (Some(10), Some(Duration::from_secs(2))));
        assert_eq!(overrides.threshold, Some(0.05));
        assert_eq!(Settings::default().overrides(), Overrides::NONE);
    }
}
