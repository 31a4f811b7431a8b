//! [`Criterion`], which registers benchmarks.

use std::path::Path;
use std::time::Duration;

use bench_core::dynamic::{self, Offer};
use bench_core::protocol::{ProbeReport, Reading};
use bench_core::stats;

use crate::measurement::{Measurement, WallTime};
use crate::settings::{Settings, without_effect};
use crate::{Bencher, BenchmarkGroup, BenchmarkId, PlottingBackend, Throughput};

/// Registers benchmarks, and contains the settings of those that have none of their own.
pub struct Criterion<M: Measurement = WallTime> {
    settings: Settings,
    measurement: M,
}

impl Default for Criterion {
    fn default() -> Self {
        Criterion { settings: Settings::default(), measurement: WallTime }
    }
}

impl<M: Measurement> Criterion<M> {
    /// Sets another measurement, which becomes the metric `measurement` of each case, in addition to its time.
    #[must_use]
    pub fn with_measurement<M2: Measurement>(self, m: M2) -> Criterion<M2> {
        Criterion { settings: self.settings, measurement: m }
    }

    /// Has no effect, and accepts any profiler, including those of the real criterion: `--profile-time` runs each
    /// benchmark for an external profiler.
    #[must_use]
    pub fn with_profiler<P>(self, _: P) -> Criterion<M> {
        self
    }

    /// Sets the number of samples of a benchmark, over all its rounds. Without it, a benchmark is measured until its
    /// figure is precise enough.
    #[must_use]
    pub fn sample_size(mut self, n: usize) -> Criterion<M> {
        self.settings.sample_size = Some(n);
        self
    }

    /// Sets the longest warm-up of a round; it ends earlier if times are steady.
    #[must_use]
    pub fn warm_up_time(mut self, dur: Duration) -> Criterion<M> {
        self.settings.warm_up_time = Some(dur);
        self
    }

    /// Sets the time budget of a benchmark, for all its rounds together.
    #[must_use]
    pub fn measurement_time(mut self, dur: Duration) -> Criterion<M> {
        self.settings.measurement_time = Some(dur);
        self
    }

    /// Sets the share below which a change is of no practical interest: 0.05 for 5 %. `--threshold` overrides it.
    #[must_use]
    pub fn noise_threshold(mut self, threshold: f64) -> Criterion<M> {
        self.settings.noise_threshold = Some(threshold);
        self
    }

    without_effect! {
        /// Has no effect: the runner draws the plots.
        plotting_backend: PlottingBackend;
        /// Has no effect: intervals between processes do not come from resampling.
        nresamples: usize;
        /// Has no effect: the confidence of intervals is 95 %.
        confidence_level: f64;
        /// Has no effect: `--fdr` limits the false verdicts of a comparison.
        significance_level: f64;
        /// Has no effect: `--color` decides.
        with_output_color: bool;
    }

    /// Has no effect: the runner draws the plots.
    #[must_use]
    pub fn with_plots(self) -> Criterion<M> {
        self
    }

    /// Has no effect: the runner draws the plots.
    #[must_use]
    pub fn without_plots(self) -> Criterion<M> {
        self
    }

    /// Has no effect.
    #[deprecated(note = "`cargo bench -- --save-baseline NAME` keeps a run and its executables")]
    #[must_use]
    pub fn save_baseline(self, _baseline: String) -> Criterion<M> {
        self
    }

    /// Has no effect.
    #[deprecated(note = "`cargo bench -- --baseline NAME` compares with the executables of a run")]
    #[must_use]
    pub fn retain_baseline(self, _baseline: String, _strict: bool) -> Criterion<M> {
        self
    }

    /// Has no effect.
    #[deprecated(note = "`cargo bench -- FILTER` chooses benchmarks")]
    #[must_use]
    pub fn with_filter<S: Into<String>>(self, _filter: S) -> Criterion<M> {
        self
    }

    /// Has no effect.
    #[deprecated(note = "`cargo bench -- --output-dir DIR` says where reports go")]
    #[must_use]
    pub fn output_directory(self, _path: &Path) -> Criterion<M> {
        self
    }

    /// Has no effect.
    #[deprecated(note = "`cargo bench -- --profile-time S` runs benchmarks for a profiler")]
    #[must_use]
    pub fn profile_time(self, _profile_time: Option<Duration>) -> Criterion<M> {
        self
    }

    /// Decides the purpose of this process, at the first call in a program. The runner reads the command line itself.
    #[must_use]
    pub fn configure_from_args(self) -> Criterion<M> {
        dynamic::begin(false);
        self
    }

    /// Does nothing: the runner prints the summary.
    pub fn final_summary(&self) {}

    /// Begins a group.
    pub fn benchmark_group<S: Into<String>>(&mut self, group_name: S) -> BenchmarkGroup<'_, M> {
        BenchmarkGroup::new(self, group_name.into())
    }

    /// Registers a benchmark outside of any group.
    pub fn bench_function<F>(&mut self, id: &str, mut f: F) -> &mut Criterion<M>
    where
        F: FnMut(&mut Bencher<'_, M>),
    {
        self.offer(id, Settings::default(), None, &mut f);
        self
    }

    /// Registers a benchmark that receives an input.
    ///
    /// # Panics
    /// If `id` has no function name, as in criterion: the name of the group is missing then.
    pub fn bench_with_input<F, I>(&mut self, id: BenchmarkId, input: &I, mut f: F) -> &mut Criterion<M>
    where
        F: FnMut(&mut Bencher<'_, M>, &I),
    {
        let BenchmarkId { function, parameter } = id;
        #[expect(clippy::panic, reason = "criterion does so, and the runner reports it")]
        let Some(function) = function else {
            panic!(
                "Criterion::bench_with_input needs the name of a function: use BenchmarkId::new, or a group with \
                 BenchmarkId::from_parameter"
            );
        };
        let name = BenchmarkId { function: None, parameter }.in_group(&function);
        self.offer(&name, Settings::default(), None, &mut |bencher| f(bencher, input));
        self
    }

    /// Offers a benchmark to the process that has started this one.
    pub(crate) fn offer(
        &self,
        name: &str,
        settings: Settings,
        throughput: Option<&Throughput>,
        closure: &mut dyn FnMut(&mut Bencher<'_, M>),
    ) {
        let settings = settings.within(self.settings);
        let offer = Offer {
            name,
            settings: settings.overrides(),
            longest_warm_up: settings.warm_up_time,
            ignored: None,
        };
        dynamic::offer(&offer, &mut |engine| {
            for (unit, count) in throughput.map(Throughput::counts).unwrap_or_default() {
                engine.count(unit, usize::try_from(count).unwrap_or(usize::MAX));
            }
            let mut values = Vec::new();
            engine.each_batch(|iterations, is_sample| {
                let mut bencher = Bencher::new(iterations, &self.measurement);
                closure(&mut bencher);
                let (elapsed, value) = bencher.finish()?;
                values.extend(value.filter(|_| is_sample));
                Ok(elapsed)
            });
            if let Some(report) = self.report(values) {
                engine.report(report);
            }
            Ok(())
        });
    }

    /// Returns the measured value of one iteration, other than time: the median of the samples.
    fn report(&self, values: Vec<f64>) -> Option<ProbeReport> {
        let mut median = [stats::median(&stats::sorted(&values))?];
        let unit = self.measurement.formatter().scale_for_machines(&mut median);
        let reading = Reading::new("measurement", unit, median[0]);
        let readings = if median[0].is_finite() { vec![reading] } else { Vec::new() };
        Some(ProbeReport { readings, ..ProbeReport::of("measurement") })
    }
}
