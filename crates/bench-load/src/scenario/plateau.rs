//! More and more clients, until the throughput stops growing.

use std::time::Duration;

use bench_core::Error;
use bench_record::Level;

use super::{Plan, Scenario, Wanted, clients, of_clients};

/// Throughput that grows by less than this share has reached its plateau.
const GROWTH: f64 = 0.05;

/// Levels of 1, 2, 4, … clients, each of which sends its next request when its last one has ended. The sweep ends
/// at the first level at which twice as many clients get less than 5 % more requests per second, or at which no
/// request is served.
#[derive(Clone, Debug)]
pub struct Plateau {
    most: usize,
}

impl Plateau {
    /// Creates a sweep with at most this many clients.
    pub fn up_to(most: usize) -> Self {
        Plateau { most }
    }
}

impl Scenario for Plateau {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        let most = clients(self.most, "a sweep up to")?;
        let doubled = std::iter::successors(Some(1u32), |count| count.checked_mul(2));
        Ok(doubled
            .take_while(|count| *count <= most)
            .map(|count| of_clients("closed_loop", count, Duration::ZERO, wanted))
            .collect())
    }

    fn goes_on(&self, done: &[Level]) -> bool {
        let throughput = |level: &Level| level.metric("RPS").map_or(0.0, |rps| rps.value);
        match done {
            [.., before, last] => throughput(last) > throughput(before) * (1.0 + GROWTH),
            [only] => throughput(only) > 0.0,
            [] => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use bench_protocol::Better;
    use bench_record::Metric;

    use super::*;

    #[test]
    fn levels_double_up_to_the_most() {
        let wanted = Wanted { requests: None, duration: None, seed: 0 };
        let levels = Plateau::up_to(9).levels(&wanted).expect("levels");
        let names: Vec<&str> = levels.iter().map(|level| level.name.as_str()).collect();
        assert_eq!(names, ["concurrency 1", "concurrency 2", "concurrency 4", "concurrency 8"]);
        assert!(Plateau::up_to(0).levels(&wanted).is_err());
    }

    #[test]
    fn it_ends_where_more_clients_bring_nothing() {
        let level = |rps: f64| {
            let mut level = Level::default();
            level.metrics = vec![Metric::new("RPS", "req/s", rps, Better::Higher)];
            level
        };
        let goes_on = |rates: &[f64]| {
            let levels: Vec<Level> = rates.iter().map(|rps| level(*rps)).collect();
            Plateau::up_to(64).goes_on(&levels)
        };
        assert_eq!([goes_on(&[10.0]), goes_on(&[10.0, 20.0]), goes_on(&[10.0, 20.0, 21.1])], [true; 3]);
        assert_eq!([goes_on(&[0.0]), goes_on(&[10.0, 10.4]), goes_on(&[10.0, 20.0, 19.0])], [false; 3]);
        assert!(!Plateau::up_to(64).goes_on(&[Level::default()]));
    }
}
