//! The cost of finding changes: 1000 series of 1000 runs, and single long ones.

use std::time::Instant;

use bench_history::change::{Detector, Settings, changes};

use crate::random::{Noise, Random};

const SERIES: usize = 1000;
const RUNS: usize = 1000;

/// Measures both, and returns a report.
pub(crate) fn measure() -> String {
    let series: Vec<Vec<f64>> = (0..SERIES)
        .map(|k| {
            let noise = Noise::Autocorrelated(0.3).runs(&mut Random::seeded(k as u64), RUNS + 1);
            let step = |i: usize| if i >= 500 { 5.0 } else { 0.0 };
            noise.iter().enumerate().map(|(i, value)| 100.0 + value + step(i)).collect()
        })
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(2);
    let begin = Instant::now();
    let found: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = series
            .chunks(SERIES.div_ceil(threads))
            .map(|part| {
                scope.spawn(|| {
                    part.iter().map(|values| changes(values, Settings::default()).len()).sum::<usize>()
                })
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).sum()
    });
    let all = begin.elapsed();
    let mut detectors: Vec<Detector> = series
        .iter()
        .map(|values| {
            let mut detector = Detector::new(Settings::default());
            for value in &values[..RUNS] {
                detector.push(*value);
            }
            detector
        })
        .collect();
    let begin = Instant::now();
    let tonight = detectors
        .iter_mut()
        .zip(&series)
        .filter_map(|(detector, values)| detector.push(values[RUNS]))
        .count();
    format!(
        "{SERIES} series of {RUNS} runs, {threads} threads: all changes in {:.2} s ({found} found); one more night \
         in {:.1} ms ({tonight} found)\n",
        all.as_secs_f64(),
        begin.elapsed().as_secs_f64() * 1e3
    ) + &long()
}

/// Measures single autocorrelated lines of many runs, and returns a report.
fn long() -> String {
    let of = |runs: usize| {
        let noise = Noise::Autocorrelated(0.5).runs(&mut Random::seeded(1), runs);
        let values: Vec<f64> = noise.iter().map(|value| 100.0 + 3.0 * value).collect();
        let begin = Instant::now();
        let found = changes(&values, Settings::default()).len();
        format!("one line of {runs} runs: {:.2} s ({found} found)\n", begin.elapsed().as_secs_f64())
    };
    [10_000, 100_000, 1_000_000].map(of).concat()
}
