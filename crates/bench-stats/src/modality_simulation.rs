//! Simulates, with seeds, how often modes are found.

use super::*;

/// SplitMix64 (Steele et al., 2014) and Box-Muller: seeded, so that the test is the same everywhere.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }

    /// Student's t with 2 degrees of freedom: no variance.
    fn heavy(&mut self) -> f64 {
        self.normal() / (-self.uniform().max(1e-300).ln()).sqrt()
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + (self.uniform() * (high - low + 1) as f64) as usize
    }

    /// Draws from two modes 25 % apart, 70 to 30.
    fn of_two(&mut self) -> f64 {
        if self.uniform() < 0.7 { 1.0 } else { 1.25 }
    }
}

/// A name, and a function that draws one value.
type Shape = (&'static str, fn(&mut Noise) -> f64);

const UNIMODAL: [Shape; 8] = [
    ("normal, 2 %", |noise| (1.0 + 0.02 * noise.normal()).abs()),
    ("log-normal, 10 %", |noise| (0.1 * noise.normal()).exp()),
    ("log-normal, 100 %", |noise| noise.normal().exp()),
    ("t with 2 degrees, 2 %", |noise| (0.02 * noise.heavy()).exp()),
    ("a floor and an exponential tail", |noise| 1.0 + 0.1 * noise.exponential()),
    ("2 % with a tenth up to double", |noise| {
        let slow = if noise.uniform() < 0.1 { 1.0 + noise.uniform() } else { 1.0 };
        slow * (0.02 * noise.normal()).exp()
    }),
    ("uniform, 20 %", |noise| (0.2 * noise.uniform()).exp()),
    ("steps of 1 %", |noise| 1.0 + 0.01 * (3.0 * noise.normal()).round()),
];

#[test]
fn one_mode_is_not_taken_for_two() {
    // 2000 sets in all, to be quick; in 2000 sets of each shape, no modes were found either.
    const SETS: usize = 250;
    for (name, draw) in UNIMODAL {
        let mut noise = Noise(11);
        let found = (0..SETS)
            .filter(|_| {
                let n = noise.between(60, 600);
                let values: Vec<f64> = (0..n).map(|_| draw(&mut noise)).collect();
                modes(&values).is_some()
            })
            .count();
        println!("{name}: {found} of {SETS}");
        assert!(found * 100 < SETS, "{name}: {found} of {SETS}");
    }
}

#[test]
fn two_modes_are_found_with_their_centres_and_shares() {
    const SETS: usize = 200;
    for (n, wanted) in [(60, 192), (200, 200), (600, 200)] {
        let mut noise = Noise(12);
        let found = (0..SETS)
            .filter(|_| {
                let values: Vec<f64> =
                    (0..n).map(|_| noise.of_two() * (0.02 * noise.normal()).exp()).collect();
                modes(&values).is_some_and(|found| {
                    (found.low.centre - 1.0).abs() < 0.02
                        && (found.high.centre - 1.25).abs() < 0.03
                        && (found.low.share - 0.7).abs() < 0.2
                        && (found.low.share + found.high.share - 1.0).abs() < 1e-12
                })
            })
            .count();
        println!("{n} values: {found} of {SETS}");
        assert!(found >= wanted, "{n} values: {found} of {SETS}");
    }
}

/// Creates rounds of `samples` values: `level` draws the level of a process, `sample` a factor for each value.
fn rounds(
    noise: &mut Noise,
    (count, samples): (usize, usize),
    level: fn(&mut Noise) -> f64,
    sample: fn(&mut Noise) -> f64,
) -> Vec<Vec<f64>> {
    (0..count)
        .map(|_| {
            let level = level(noise);
            (0..samples).map(|_| level * sample(noise)).collect()
        })
        .collect()
}

/// Processes at different levels make heaps, which are not modes. A test that took all samples for independent would
/// find modes in every case, as the last line shows.
#[test]
fn processes_that_differ_are_not_modes() {
    const SETS: usize = 200;
    let tight: fn(&mut Noise) -> f64 = |noise| (0.003 * noise.normal()).exp();
    for size in [(6, 100), (20, 100), (60, 20)] {
        let mut noise = Noise(13);
        let (mut found, mut naive) = (0, 0);
        for _ in 0..SETS {
            let rounds = rounds(&mut noise, size, |noise| (0.05 * noise.normal()).exp(), tight);
            found += usize::from(modes_of_rounds(&rounds).is_some());
            naive += usize::from(modes(&rounds.concat()).is_some());
        }
        println!("{size:?}: {found} of {SETS}; samples taken for independent: {naive}");
        assert!(found * 100 < SETS, "{size:?}: {found} of {SETS}");
        assert!(size.0 > 20 || naive * 2 > SETS, "{size:?}: {naive} of {SETS}");
    }
}

/// Samples that resemble the previous ones wander off and come back: heaps again, now within a process.
#[test]
fn times_that_wander_are_not_modes() {
    const SETS: usize = 200;
    let mut noise = Noise(16);
    let found = (0..SETS)
        .filter(|_| {
            let rounds: Vec<Vec<f64>> = (0..8)
                .map(|_| {
                    let mut log = 0.05 * noise.normal();
                    (0..100)
                        .map(|_| {
                            log = 0.95 * log + 0.05 * (1.0f64 - 0.95 * 0.95).sqrt() * noise.normal();
                            log.exp()
                        })
                        .collect()
                })
                .collect();
            modes_of_rounds(&rounds).is_some()
        })
        .count();
    println!("wandering: {found} of {SETS}");
    assert!(found * 100 < SETS, "{found} of {SETS}");
}

#[test]
fn modes_within_and_between_processes_are_found() {
    const SETS: usize = 100;
    let tight: fn(&mut Noise) -> f64 = |noise| (0.01 * noise.normal()).exp();
    let both: fn(&mut Noise) -> f64 = |noise| noise.of_two() * (0.01 * noise.normal()).exp();
    for (name, level, sample, size, wanted) in [
        ("within each of 6", tight, both, (6, 50), 99),
        ("within each of 20", tight, both, (20, 50), 100),
        ("between 60", both, tight, (60, 20), 95),
    ] {
        let mut noise = Noise(14);
        let found =
            (0..SETS).filter(|_| modes_of_rounds(&rounds(&mut noise, size, level, sample)).is_some()).count();
        println!("{name}: {found} of {SETS}");
        assert!(found >= wanted, "{name}: {found} of {SETS}");
    }
}

#[test]
fn what_cannot_be_judged_has_no_modes() {
    for values in [vec![], vec![1.0; 500], vec![1.0, 2.0], vec![f64::NAN; 50], vec![0.0; 50]] {
        assert_eq!(modes(&values), None);
        assert_eq!(modes_of_rounds(&[values.clone(), values]), None);
    }
    // Two modes that certainly exist, but are too close to matter, or are a handful of outliers.
    let near: Vec<f64> = (0..1000).map(|k| if k % 2 == 0 { 1.0 } else { 1.02 }).collect();
    assert_eq!(modes(&near), None);
    let few: Vec<f64> = (0..1000).map(|k| if k % 20 == 0 { 2.0 } else { 1.0 }).collect();
    assert_eq!(modes(&few), None);
}

/// Computes [`CRITICAL`] by simulation.
#[test]
#[ignore = "24 000 simulations: half a minute"]
fn the_critical_value_is_that_of_uniform_values() {
    for n in [10, 20, 50, 200, 600, 2000] {
        let mut noise = Noise(15);
        let dips: Vec<f64> = (0..4_000)
            .map(|_| {
                let values = sorted(&(0..n).map(|_| noise.uniform()).collect::<Vec<_>>());
                (n as f64).sqrt() * dip(&values)
            })
            .collect();
        let dips = sorted(&dips);
        let quantile = |p| crate::nearest_rank(&dips, p).unwrap_or_default();
        println!(
            "n = {n}: 90 % {:.4}, 95 % {:.4}, 99 % {:.4}",
            quantile(0.90),
            quantile(0.95),
            quantile(0.99)
        );
        assert!(quantile(0.90) <= CRITICAL, "n = {n}");
    }
}
