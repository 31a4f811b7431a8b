//! Intervals for few rounds: the spread of a case is moderated by that of the other cases of its run.

use super::{Interval, mean, median, sorted, standard_deviation, student};

/// The number of cases with which d₀ counts for half: it is an estimate, and counts for less with fewer cases. By
/// simulation, so that intervals keep their 95 % in small suites, too.
const CAUTION: f64 = 14.0;

/// The share of the median spread that replaces a spread of zero, such as that of figures that repeat exactly,
/// because a logarithm is taken. (limma, Smyth's own program, uses 1e-5, with which one pair of rounds that agree
/// by chance decides for all.)
const LEAST_SHARE: f64 = 1e-3;

/// The spread between rounds, over the cases of a run: their variances, of logarithms, as draws from a scaled inverse
/// chi-squared distribution (Smyth, "Linear models and empirical Bayes methods for assessing differential expression
/// in microarray experiments", Statistical Applications in Genetics and Molecular Biology 3, 2004).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadOfCases {
    /// The typical variance of the logarithms of a case's rounds.
    variance: f64,
    /// The number of degrees of freedom that it counts as: the fewer, the more cases differ.
    degrees: f64,
}

impl SpreadOfCases {
    /// The smallest number of cases from which the spread is estimated: fewer say too little about how spreads differ.
    pub const FEWEST_CASES: usize = 30;

    /// Estimates it from the rounds of all cases, one median a round. `None` if fewer than 30 have two rounds with
    /// positive medians, or most repeat exactly.
    ///
    /// The logarithm of a variance of d degrees of freedom has the mean `ln σ² + ψ(d/2) − ln(d/2)` and the variance
    /// `ψ′(d/2)` in addition to that of `ln σ²` itself, which is `ψ′(d₀/2)`: so d₀ and σ₀² follow from their mean and
    /// variance (Smyth 2004, section 6.2). d₀ is never larger than the degrees of freedom from which it was estimated.
    pub fn of_rounds<'a>(cases: impl IntoIterator<Item = &'a [f64]>) -> Option<Self> {
        let cases = cases.into_iter().filter_map(|rounds| {
            let deviation = standard_deviation(&logarithms(rounds)?)?;
            Some((deviation * deviation, (rounds.len() - 1) as f64))
        });
        let found: Vec<(f64, f64)> = cases.collect();
        Self::of_variances(&found, found.iter().map(|(_, degrees)| degrees).sum())
    }

    /// Estimates it from the variance of each case and its degrees of freedom. Same as [`of_rounds`](Self::of_rounds),
    /// but d₀ is never larger than `most`: the part that all cases share is not observed more often if there are more
    /// cases. `None` for fewer than 30 cases, or if most have no variance.
    pub fn of_variances(found: &[(f64, f64)], most: f64) -> Option<Self> {
        if found.len() < Self::FEWEST_CASES {
            return None;
        }
        let least =
            LEAST_SHARE * median(&sorted(&found.iter().map(|(variance, _)| *variance).collect::<Vec<_>>()))?;
        if least <= 0.0 {
            return None;
        }
        let centred = |(variance, degrees): &(f64, f64)| {
            let half = degrees / 2.0;
            variance.max(least).ln() - digamma(half) + half.ln()
        };
        let logs: Vec<f64> = found.iter().map(centred).collect();
        let (centre, spread) = (mean(&logs)?, standard_deviation(&logs)?);
        let of_estimates =
            mean(&found.iter().map(|(_, degrees)| trigamma(degrees / 2.0)).collect::<Vec<_>>())?;
        let degrees = (2.0 * inverse_trigamma(spread * spread - of_estimates)).min(most);
        let half = degrees / 2.0;
        let variance = (centre + digamma(half) - half.ln()).exp();
        let cases = found.len() as f64;
        Some(SpreadOfCases { variance, degrees: degrees * cases / (cases + CAUTION) })
    }

    /// Returns the moderated variance of a case with `variance` by its own `degrees` of freedom, `(d₀ σ₀² + d s²) /
    /// (d₀ + d)`, and the `d₀ + d` degrees of freedom behind it.
    pub fn moderated(&self, variance: f64, degrees: f64) -> (f64, f64) {
        let all = self.degrees + degrees;
        ((self.degrees * self.variance + degrees * variance) / all, all)
    }

    /// The 95 % interval of the median over processes of one case, by Student's t on the logarithms with the moderated
    /// variance `(d₀ σ₀² + d s²) / (d₀ + d)` and `d₀ + d` degrees of freedom, rounded down. Even a single round
    /// gets an interval. `None` for medians that are not positive, or with less than one degree of freedom.
    pub fn interval(&self, round_medians: &[f64]) -> Option<Interval> {
        let logs = logarithms(round_medians)?;
        let own = (logs.len() - 1) as f64;
        let deviation = standard_deviation(&logs).unwrap_or_default();
        let (variance, degrees) = self.moderated(deviation * deviation, own);
        let half = student(degrees as usize)? * (variance / logs.len() as f64).sqrt();
        let centre = mean(&logs)?;
        Some(Interval { low: (centre - half).exp(), high: (centre + half).exp() })
    }
}

/// Returns the logarithms of positive values; `None` if there are no values, or one is not positive and finite.
fn logarithms(values: &[f64]) -> Option<Vec<f64>> {
    let is_sound = !values.is_empty() && values.iter().all(|value| *value > 0.0 && value.is_finite());
    is_sound.then(|| values.iter().map(|value| value.ln()).collect())
}

/// ψ, the derivative of the logarithm of Γ, of a positive number: its recurrence, then its asymptotic series (Abramowitz and
/// Stegun, 6.3.5 and 6.3.18).
fn digamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    sum + x.ln() - 0.5 / x - square * (1.0 / 12.0 - square * (1.0 / 120.0 - square / 252.0))
}

/// ψ′ of a positive number (Abramowitz and Stegun, 6.4.6 and 6.4.12).
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 10.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    sum + 1.0 / x + 0.5 * square + square / x * (1.0 / 6.0 - square * (1.0 / 30.0 - square / 42.0))
}

/// The positive number whose ψ′ is `value`; infinite if that is not positive. ψ′ falls from infinity to 0.
fn inverse_trigamma(value: f64) -> f64 {
    if value <= 0.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (1e-6f64, 1e6f64);
    for _ in 0..100 {
        let middle = (low * high).sqrt();
        if trigamma(middle) > value {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low * high).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::median_interval;
    use crate::simulation::Random;

    #[test]
    fn special_functions_are_the_published_values() {
        // Abramowitz and Stegun, tables 6.1 and 6.2; ψ(1/2) = −γ − 2 ln 2, ψ′(1/2) = π²/2, ψ′(1) = π²/6.
        let euler = 0.577_215_664_901_532_9;
        assert!((digamma(1.0) + euler).abs() < 1e-9);
        assert!((digamma(0.5) + euler + 2.0 * std::f64::consts::LN_2).abs() < 1e-9);
        let square = std::f64::consts::PI.powi(2);
        assert!((trigamma(0.5) - square / 2.0).abs() < 1e-8 && (trigamma(1.0) - square / 6.0).abs() < 1e-8);
        for x in [0.3, 1.0, 7.0, 200.0] {
            assert!((inverse_trigamma(trigamma(x)) / x - 1.0).abs() < 1e-9, "{x}");
        }
        assert_eq!(inverse_trigamma(0.0), f64::INFINITY);
    }

    #[test]
    fn too_little_says_nothing() {
        let pair = [1.0, 1.1];
        assert_eq!(SpreadOfCases::of_rounds(vec![&pair[..]; SpreadOfCases::FEWEST_CASES - 1]), None);
        assert_eq!(SpreadOfCases::of_rounds(vec![&[1.0][..]; 100]), None);
        assert_eq!(
            SpreadOfCases::of_rounds(vec![&[1.0, 1.0][..]; 100]),
            None,
            "exact figures have no spread"
        );
        let alike = SpreadOfCases::of_rounds(vec![&pair[..]; SpreadOfCases::FEWEST_CASES]).expect("enough");
        assert_eq!(alike.interval(&[]), None);
        assert_eq!(alike.interval(&[1.0, -1.0]), None);
        assert!(alike.interval(&[1.0]).is_some_and(|interval| interval.low < 1.0 && interval.high > 1.0));
    }

    #[test]
    fn two_rounds_of_a_suite_that_is_alike_are_known_well() {
        let mut random = Random::seeded(3);
        let suite: Vec<[f64; 2]> =
            (0..90).map(|_| [(0.01 * random.normal()).exp(), (0.01 * random.normal()).exp()]).collect();
        let spread = SpreadOfCases::of_rounds(suite.iter().map(<[f64; 2]>::as_slice)).expect("enough");
        let width = |interval: Interval| (interval.high / interval.low).ln();
        let ours: f64 = suite.iter().filter_map(|rounds| spread.interval(rounds)).map(width).sum();
        let alone: f64 = suite.iter().filter_map(|rounds| median_interval(rounds)).map(width).sum();
        // 1.98 against 12.7 times the error, which is the smaller on average by √(2/π).
        assert!(ours < alone / 4.0, "{ours} {alone}");
    }

    /// Draws a chi-squared variable with an even number of degrees of freedom.
    fn chi_squared(random: &mut Random, degrees: usize) -> f64 {
        -2.0 * (0..degrees / 2).map(|_| (1.0 - random.uniform()).ln()).sum::<f64>()
    }

    type Draw = fn(&mut Random) -> f64;

    /// Kinds of suites: a name, and how the deviation of the rounds of a case is drawn.
    const KINDS: [(&str, Draw); 5] = [
        ("all alike", |_| 0.01),
        ("inverse chi-squared of 4", |random| 0.01 * (4.0 / chi_squared(random, 4)).sqrt()),
        ("inverse chi-squared of 2", |random| 0.01 * (2.0 / chi_squared(random, 2)).sqrt()),
        ("log-normal", |random| 0.01 * (0.7 * random.normal()).exp()),
        ("one in five ten times as wide", |random| if random.uniform() < 0.2 { 0.1 } else { 0.01 }),
    ];

    #[test]
    fn intervals_cover_the_median_whatever_the_number_of_rounds() {
        const ROUNDS: [usize; 5] = [1, 2, 3, 5, 10];
        for (kind, deviation) in KINDS {
            for cases in [40, 60, 90] {
                let mut random = Random::seeded(cases as u64);
                let (mut held, mut tried) = ([0u32; ROUNDS.len()], [0u32; ROUNDS.len()]);
                for _ in 0..40_000 / cases {
                    let suite: Vec<Vec<f64>> = (0..cases)
                        .map(|number| {
                            let spread = deviation(&mut random);
                            let rounds = ROUNDS[number % ROUNDS.len()];
                            (0..rounds).map(|_| (spread * random.normal()).exp()).collect()
                        })
                        .collect();
                    let Some(spread) = SpreadOfCases::of_rounds(suite.iter().map(Vec::as_slice)) else {
                        continue;
                    };
                    for (number, rounds) in suite.iter().enumerate() {
                        // Six rounds or more need no other cases.
                        let own = rounds.len() >= 6;
                        let interval = if own { median_interval(rounds) } else { spread.interval(rounds) };
                        let Some(interval) = interval else { continue };
                        tried[number % ROUNDS.len()] += 1;
                        held[number % ROUNDS.len()] += u32::from(interval.low <= 1.0 && 1.0 <= interval.high);
                    }
                }
                for ((rounds, held), tried) in ROUNDS.iter().zip(held).zip(tried) {
                    let share = f64::from(held) / f64::from(tried);
                    assert!(share >= 0.94, "{kind}, {cases} cases, {rounds} rounds: {share:.3} of {tried}");
                }
            }
        }
    }
}
