//! Benchmarks that belong together.

use std::time::Duration;

use crate::measurement::Measurement;
use crate::settings::{Settings, without_effect};
use crate::{Bencher, Criterion, IntoBenchmarkId, PlotConfiguration, SamplingMode, Throughput};

/// A group of benchmarks, whose names begin with the name of the group, and which can have its own settings.
pub struct BenchmarkGroup<'a, M: Measurement> {
    criterion: &'a mut Criterion<M>,
    name: String,
    settings: Settings,
    throughput: Option<Throughput>,
}

impl<'a, M: Measurement> BenchmarkGroup<'a, M> {
    pub(crate) fn new(criterion: &'a mut Criterion<M>, name: String) -> Self {
        BenchmarkGroup { criterion, name, settings: Settings::default(), throughput: None }
    }

    /// Sets the number of samples of a benchmark, over all its rounds.
    pub fn sample_size(&mut self, n: usize) -> &mut Self {
        self.settings.sample_size = Some(n);
        self
    }

    /// Sets the longest warm-up of a round; it ends earlier if times are steady.
    pub fn warm_up_time(&mut self, dur: Duration) -> &mut Self {
        self.settings.warm_up_time = Some(dur);
        self
    }

    /// Sets the time budget of a benchmark, over all its rounds.
    pub fn measurement_time(&mut self, dur: Duration) -> &mut Self {
        self.settings.measurement_time = Some(dur);
        self
    }

    /// Sets the share below which a change is of no practical interest: 0.05 for 5 %. `--threshold` overrides it.
    pub fn noise_threshold(&mut self, threshold: f64) -> &mut Self {
        self.settings.noise_threshold = Some(threshold);
        self
    }

    without_effect! { &
        /// Has no effect: intervals between processes do not come from resampling.
        nresamples: usize;
        /// Has no effect: the confidence of intervals is 95 %.
        confidence_level: f64;
        /// Has no effect: `--fdr` limits the false verdicts of a comparison.
        significance_level: f64;
        /// Has no effect: the runner draws the plots.
        plot_config: PlotConfiguration;
        /// Has no effect: all samples of a round have the same number of iterations.
        sampling_mode: SamplingMode;
    }

    /// Sets the amount of work in an iteration of the benchmarks that follow.
    pub fn throughput(&mut self, throughput: Throughput) -> &mut Self {
        self.throughput = Some(throughput);
        self
    }

    /// Registers a benchmark.
    pub fn bench_function<ID: IntoBenchmarkId, F>(&mut self, id: ID, mut f: F) -> &mut Self
    where
        F: FnMut(&mut Bencher<'_, M>),
    {
        let name = id.into_benchmark_id().in_group(&self.name);
        self.criterion.offer(&name, self.settings, self.throughput.as_ref(), &mut f);
        self
    }

    /// Registers a benchmark that receives an input.
    pub fn bench_with_input<ID: IntoBenchmarkId, F, I>(&mut self, id: ID, input: &I, mut f: F) -> &mut Self
    where
        F: FnMut(&mut Bencher<'_, M>, &I),
        I: ?Sized,
    {
        self.bench_function(id, |bencher| f(bencher, input))
    }

    /// Ends the group.
    pub fn finish(self) {}
}
