//! Computes when requests arrive, from the seed, before the first of them is sent.

use std::time::Duration;

use bench_core::Error;
use bench_syntax::quantity::nanoseconds;

use crate::random::Random;

/// The maximum number of arrivals: more are a mistake in the settings.
const MOST: u64 = 50_000_000;

/// The distribution of the distances between arrivals; their mean follows from the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// Exponential: arrivals are independent of each other.
    Poisson,
    /// All distances are equal.
    Constant,
    /// A gamma distribution: in bursts below shape 1, more evenly above.
    Gamma {
        /// The shape; 1 is the same as Poisson.
        shape: f64,
    },
}

impl Arrivals {
    /// Returns arrivals at `rate` requests per second, in nanoseconds from the beginning, ascending: `requests` of
    /// them, or those before `duration`, whichever comes first. The first one is at 0.
    ///
    /// # Errors
    /// A rate or shape that is not a positive number, no limit at all, or more arrivals than memory should hold.
    pub fn schedule(
        self,
        rate: f64,
        requests: Option<u64>,
        duration: Option<Duration>,
        seed: u64,
    ) -> Result<Vec<u64>, Error> {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Error::failure(format!("a rate of {rate} requests/s: expected a positive number")));
        }
        if let Arrivals::Gamma { shape } = self
            && !(shape.is_finite() && shape > 0.0)
        {
            return Err(Error::failure(format!("a burstiness of {shape}: expected a positive number")));
        }
        let end_s = duration.map_or(f64::INFINITY, |duration| duration.as_secs_f64());
        let count = requests.unwrap_or(u64::MAX);
        if requests.is_none() && duration.is_none() || (end_s * rate).min(count as f64) > MOST as f64 {
            return Err(Error::failure(format!(
                "{rate} requests/s: expected a limit, by `requests` or `duration`, of at most {MOST} requests"
            )));
        }
        let mut random = Random::new(seed);
        let mut arrivals = Vec::new();
        let mut at_s = 0.0;
        let end_ns = duration.map_or(u64::MAX, nanoseconds);
        while (arrivals.len() as u64) < count.min(MOST) {
            let at_ns = match self {
                // Computed from the rate, not added up, so that rounding errors do not accumulate.
                Arrivals::Constant => (arrivals.len() as f64 / rate * 1e9) as u64,
                Arrivals::Poisson | Arrivals::Gamma { .. } => (at_s * 1e9) as u64,
            };
            if at_ns >= end_ns {
                break;
            }
            arrivals.push(at_ns);
            at_s += match self {
                Arrivals::Poisson => random.exponential() / rate,
                Arrivals::Constant => 0.0,
                Arrivals::Gamma { shape } => random.gamma(shape) / (shape * rate),
            };
        }
        Ok(arrivals)
    }
}
