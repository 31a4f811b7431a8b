//! Chooses a few of many values, spread evenly.

use bench_record::Dot;

use super::{Outcome, Row};

/// The maximum number of dots of each kind on a timeline.
const DOTS: usize = 1000;

/// Keeps every n-th value, so that there are never more than a given number.
#[derive(Debug)]
pub(crate) struct Thinned<T> {
    most: usize,
    stride: u64,
    seen: u64,
    kept: Vec<(u64, T)>,
}

impl<T: Copy> Thinned<T> {
    pub(crate) fn new(most: usize) -> Self {
        Thinned { most, stride: 1, seen: 0, kept: Vec::new() }
    }

    /// Adds a value; the kept values are sorted by `order` in the end.
    pub(crate) fn add(&mut self, order: u64, value: T) {
        if self.seen.is_multiple_of(self.stride) {
            if self.kept.len() == self.most {
                let mut keep = false;
                self.kept.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.kept.push((order, value));
            }
        }
        self.seen += 1;
    }

    pub(crate) fn in_order(mut self) -> Vec<T> {
        self.kept.sort_unstable_by_key(|(order, _)| *order);
        self.kept.into_iter().map(|(_, value)| value).collect()
    }
}

/// A sample of requests over time. Failures are rarer and matter more, so they are sampled separately.
#[derive(Debug)]
pub(crate) struct Dots {
    served: Thinned<(u64, f64)>,
    failed: Thinned<(u64, f64)>,
}

impl Default for Dots {
    fn default() -> Self {
        Dots { served: Thinned::new(DOTS), failed: Thinned::new(DOTS) }
    }
}

impl Dots {
    pub(crate) fn add(&mut self, row: &Row, latency_s: f64) {
        let kind = if row.outcome == Outcome::Served { &mut self.served } else { &mut self.failed };
        kind.add(row.sent_ns, (row.sent_ns, latency_s));
    }

    /// Returns the requests in order of time, with times from `first_sent_ns`.
    pub(crate) fn timeline(self, first_sent_ns: u64) -> Vec<Dot> {
        let dots = |kind: Thinned<(u64, f64)>, ok| {
            kind.in_order().into_iter().map(move |(sent_ns, latency_s)| {
                Dot::new(sent_ns.saturating_sub(first_sent_ns) as f64 / 1e9, latency_s, ok)
            })
        };
        let mut timeline: Vec<Dot> = dots(self.served, true).chain(dots(self.failed, false)).collect();
        timeline.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        timeline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_stand_for_all() {
        let mut thinned = Thinned::new(100);
        for k in 0..12_345u64 {
            thinned.add(k, k);
        }
        let kept = thinned.in_order();
        assert!((50..=100).contains(&kept.len()), "{}", kept.len());
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == kept[1] - kept[0]), "{kept:?}");
        let mut few = Thinned::new(100);
        [3, 1, 2].into_iter().for_each(|k| few.add(k, k));
        assert_eq!(few.in_order(), [1, 2, 3]);
    }
}
