//! Finds the first slow commit of several, some of which cannot be judged.

/// The result of measuring a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    Fast,
    Slow,
    /// The commit cannot be judged, with the reason.
    Unknown(String),
}

/// A search among commits: the last one is slow, and the commit before the first one is fast.
#[derive(Debug)]
pub(crate) struct Search {
    known: Vec<Option<Speed>>,
}

impl Search {
    /// Begins a search among this many commits, at least one.
    pub(crate) fn among(commits: usize) -> Self {
        let mut known = vec![None; commits];
        if let Some(last) = known.last_mut() {
            *last = Some(Speed::Slow);
        }
        Search { known }
    }

    /// Returns the commits among which the first slow one is: from the commit after the last fast one to the first one
    /// known to be slow.
    pub(crate) fn suspects(&self) -> std::ops::Range<usize> {
        let slow = self.known.iter().position(|speed| *speed == Some(Speed::Slow));
        let end = slow.map_or(self.known.len(), |slow| slow + 1);
        let fast = self.known[..end].iter().rposition(|speed| *speed == Some(Speed::Fast));
        fast.map_or(0, |fast| fast + 1)..end
    }

    /// Returns the commit to measure next: of those not measured yet, the one nearest to the middle. `None` if the
    /// search has ended.
    pub(crate) fn next(&self) -> Option<usize> {
        let suspects = self.suspects();
        let halves = |commit: usize| {
            let fast = commit + 1 - suspects.start;
            fast.abs_diff(suspects.len() - fast)
        };
        // The last suspect is known to be slow.
        (suspects.start..suspects.end.saturating_sub(1))
            .filter(|commit| self.known[*commit].is_none())
            .min_by_key(|commit| halves(*commit))
    }

    /// Records the result for a commit.
    pub(crate) fn tell(&mut self, commit: usize, speed: Speed) {
        self.known[commit] = Some(speed);
    }

    /// Returns the reason why a commit cannot be judged; `None` if it can, or was not measured.
    pub(crate) fn reason(&self, commit: usize) -> Option<&str> {
        match self.known.get(commit) {
            Some(Some(Speed::Unknown(reason))) => Some(reason),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a search in which the commits from `first` on are slow, and those in `unknown` cannot be judged.
    fn search(commits: usize, first: usize, unknown: &[usize]) -> (std::ops::Range<usize>, usize) {
        let mut search = Search::among(commits);
        let mut asked = 0;
        while let Some(commit) = search.next() {
            asked += 1;
            let speed = if unknown.contains(&commit) {
                Speed::Unknown("it does not build".to_owned())
            } else if commit >= first {
                Speed::Slow
            } else {
                Speed::Fast
            };
            search.tell(commit, speed);
        }
        (search.suspects(), asked)
    }

    #[test]
    fn every_first_slow_commit_is_found_by_halves() {
        for commits in 1..40 {
            for first in 0..commits {
                let (suspects, asked) = search(commits, first, &[]);
                assert_eq!(suspects, first..first + 1, "{commits}, {first}");
                assert!(1 << asked <= 2 * commits, "{commits}, {first}: asked {asked} times");
            }
        }
    }

    #[test]
    fn what_cannot_be_told_is_passed_over_and_left_where_it_matters() {
        assert_eq!(search(9, 2, &[4, 5, 6]).0, 2..3, "they are not in the way");
        assert_eq!(search(9, 5, &[4]).0, 4..6, "one of two");
        assert_eq!(search(9, 5, &[3, 4, 5, 6]).0, 3..8);
        assert_eq!(search(9, 5, &[0, 1, 2, 3, 4, 5, 6, 7]).0, 0..9);
        assert_eq!(search(1, 0, &[0]), (0..1, 0));
    }
}
