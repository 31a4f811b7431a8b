//! The number of tokens of inputs and answers.

use std::fmt;
use std::str::FromStr;

use super::words::mixed;

/// The maximum length, in tokens: a larger one is more likely a typing error.
const LONGEST: u64 = 16 << 20;

/// A number of tokens, or a distribution of numbers.
///
/// | written | meaning |
/// |---|---|
/// | `512` | 512 always |
/// | `512:64` | normal with mean 512 and standard deviation 64; at least 1 |
/// | `256-1024` | uniform from 256 to 1024, both included |
///
/// ```
/// # use bench_endpoint::data::Lengths;
/// let lengths: Lengths = "256-1024".parse().unwrap();
/// assert!((0..100).all(|number| (256..=1024).contains(&lengths.draw(7, number))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lengths {
    /// The same each time.
    Exactly(u64),
    /// Normal, with this mean and standard deviation.
    Normal(f64, f64),
    /// Uniform, both ends included.
    Uniform(u64, u64),
}

impl Lengths {
    /// Returns the length of request `number`. It depends only on the seed and the number, so that all workers draw the
    /// same one.
    pub fn draw(&self, seed: u64, number: u64) -> u64 {
        let key = mixed(seed) ^ number.wrapping_mul(2);
        match *self {
            Lengths::Exactly(length) => length,
            Lengths::Uniform(from, to) => {
                let span = u128::from(to - from) + 1;
                from + ((u128::from(mixed(key)) * span) >> 64) as u64
            }
            Lengths::Normal(mean, deviation) => {
                // Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
                let unit = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
                let (u, v) = (unit(mixed(key)), unit(mixed(key ^ 1)));
                let normal = (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos();
                (mean + deviation * normal).round().clamp(1.0, LONGEST as f64) as u64
            }
        }
    }

    /// Returns the mean length, for the warning that a limit is exceeded.
    pub fn mean(&self) -> f64 {
        match *self {
            Lengths::Exactly(length) => length as f64,
            Lengths::Normal(mean, _) => mean,
            Lengths::Uniform(from, to) => from.midpoint(to) as f64,
        }
    }
}

impl FromStr for Lengths {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}`: expected tokens as 512, as 512:64 (mean and deviation) or as 256-1024 (uniform)"
            )
        };
        let whole = |text: &str| {
            let number = text.trim().parse::<u64>().ok();
            number.filter(|number| (1..=LONGEST).contains(number)).ok_or_else(wrong)
        };
        if let Some((mean, deviation)) = text.split_once(':') {
            let deviation = deviation.trim().parse::<f64>().ok().filter(|d| d.is_finite() && *d >= 0.0);
            return Ok(Lengths::Normal(whole(mean)? as f64, deviation.ok_or_else(wrong)?));
        }
        match text.split_once('-') {
            Some((from, to)) => match (whole(from)?, whole(to)?) {
                (from, to) if from <= to => Ok(Lengths::Uniform(from, to)),
                _ => Err(wrong()),
            },
            None => whole(text).map(Lengths::Exactly),
        }
    }
}

impl fmt::Display for Lengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lengths::Exactly(length) => write!(f, "{length}"),
            Lengths::Normal(mean, deviation) => write!(f, "{mean}:{deviation}"),
            Lengths::Uniform(from, to) => write!(f, "{from}-{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_written_alike() {
        for text in ["512", "512:64", "256-1024", "1:0"] {
            assert_eq!(text.parse::<Lengths>().expect("lengths").to_string(), text);
        }
        for text in ["", "0", "-1", "5-4", "512:", "512:-1", "512:NaN", "1,5", "1e9", "99999999999"] {
            assert!(text.parse::<Lengths>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_spread_has_the_mean_and_deviation_that_it_names() {
        let of = |lengths: Lengths| {
            let drawn: Vec<f64> = (0..20_000).map(|number| lengths.draw(1, number) as f64).collect();
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            (mean, variance.sqrt())
        };
        let (mean, deviation) = of(Lengths::Normal(500.0, 50.0));
        assert!((mean - 500.0).abs() < 2.0 && (deviation - 50.0).abs() < 2.0, "{mean} {deviation}");
        let (mean, deviation) = of(Lengths::Uniform(100, 200));
        // The deviation of a uniform integer of 101 values is √((101² − 1) / 12).
        assert!((mean - 150.0).abs() < 1.0 && (deviation - 29.15).abs() < 0.6, "{mean} {deviation}");
        assert_eq!(of(Lengths::Exactly(9)), (9.0, 0.0));
    }

    #[test]
    fn the_length_of_a_request_follows_from_its_number() {
        let lengths = Lengths::Uniform(1, 1000);
        assert_eq!(lengths.draw(3, 9), lengths.draw(3, 9));
        let one: Vec<u64> = (0..50).map(|number| lengths.draw(3, number)).collect();
        let other: Vec<u64> = (0..50).map(|number| lengths.draw(4, number)).collect();
        assert_ne!(one, other);
    }
}
