//! The two workers of a pair, which may measure several cases, one after the other.

use std::collections::BTreeMap;

use super::{Arrangement, Pinned, Role};
use crate::partner::{Broken, Partner};
use bench_runner::rounds::Interrupt;

/// The processor time of each thread of a worker, in nanoseconds, by thread id.
pub(super) type ThreadTimes = BTreeMap<u32, u64>;

/// The two workers of a pair.
pub(crate) struct Workers<'a> {
    /// The side that was started first.
    pub(super) first: Role,
    /// Its worker.
    pub(super) one: Partner<'a>,
    /// The worker of the other side.
    pub(super) other: Partner<'a>,
}

/// The workers that a case has left for the next one.
#[derive(Default)]
pub(crate) struct Kept<'a> {
    pub(crate) workers: Option<Workers<'a>>,
    /// Whether a case that shares workers with the present one comes next.
    pub(crate) is_followed: bool,
}

impl Kept<'_> {
    /// Returns the side that was started first; `None` if there are no workers.
    pub(crate) fn first(&self) -> Option<Role> {
        self.workers.as_ref().map(|workers| workers.first)
    }
}

impl<'a> Workers<'a> {
    /// Returns workers that have made the first call of the case, on the processors where they are to be measured: the
    /// workers that an earlier case has left, or new ones.
    ///
    /// # Errors
    /// Which side broke, and how.
    pub(super) fn settled(
        arrangement: &Arrangement<'_>,
        kept: &mut Kept<'a>,
        interrupt: &'a Interrupt,
    ) -> Result<(Self, Pinned), (Role, Broken)> {
        let place = arrangement.place;
        let Some(mut workers) = kept.workers.take() else {
            let pinned = Pinned::to(&place.start);
            let workers = Workers::start(arrangement, interrupt)?;
            if place.measure != place.start {
                pinned.move_to(&place.measure, [&workers.one, &workers.other]);
            }
            return Ok((workers, pinned));
        };
        // Another case may have left them elsewhere.
        let pinned = Pinned::to(&[]);
        pinned.move_to(&place.measure, [&workers.one, &workers.other]);
        workers.each(|worker, side| {
            worker.go_on(arrangement.subject(side), arrangement.inputs_alive, arrangement.limits)
        })?;
        workers.each(|worker, _| worker.first_call())?;
        Ok((workers, pinned))
    }

    /// Starts both workers at once: loading takes most of the time of a pair in Python, and each worker has a processor
    /// of its own. Also, a process that loads a large model after the other one has loaded it stays slower as long as
    /// it lives.
    fn start(arrangement: &Arrangement<'_>, interrupt: &'a Interrupt) -> Result<Self, (Role, Broken)> {
        let (first, second) = (arrangement.first, arrangement.first.other());
        let padding = "x".repeat(arrangement.padding);
        let start = |side: Role| {
            let subject = arrangement.subject(side);
            Partner::start(subject, &padding, arrangement.inputs_alive, arrangement.limits, interrupt)
                .map_err(|broken| (side, broken))
        };
        let (one, other) = (start(first)?, start(second)?);
        let one = one.settled().map_err(|broken| (first, broken))?;
        let other = other.settled().map_err(|broken| (second, broken))?;
        Ok(Workers { first, one, other })
    }

    /// Calls `act` with the worker that was started first, then with the other one.
    ///
    /// # Errors
    /// Which side broke, and how.
    pub(super) fn each<T>(
        &mut self,
        mut act: impl FnMut(&mut Partner<'a>, Role) -> Result<T, Broken>,
    ) -> Result<[T; 2], (Role, Broken)> {
        let (first, second) = (self.first, self.first.other());
        let one = act(&mut self.one, first).map_err(|broken| (first, broken))?;
        let other = act(&mut self.other, second).map_err(|broken| (second, broken))?;
        Ok([one, other])
    }

    /// Returns the worker of this side.
    pub(super) fn of(&mut self, side: Role) -> &mut Partner<'a> {
        if side == self.first { &mut self.one } else { &mut self.other }
    }

    /// Whether both can measure further cases.
    pub(super) fn are_shared(&self) -> bool {
        self.one.is_shared() && self.other.is_shared()
    }

    /// Returns the processor times of the threads of both so far; `None` if they measure one case only, for which
    /// [threads](Self::threads) needs no times.
    pub(super) fn thread_times(&self) -> Option<[ThreadTimes; 2]> {
        self.are_shared().then(|| [self.one.thread_times(), self.other.thread_times()])
    }

    /// Returns the larger number of threads of both workers: all threads of a worker or, if it is shared, those that
    /// have worked since `before`, because others may be left from earlier cases.
    pub(super) fn threads(&self, before: &Option<[ThreadTimes; 2]>) -> usize {
        let all = self.one.threads().max(self.other.threads());
        let Some(([one_before, other_before], [one, other])) = before.as_ref().zip(self.thread_times())
        else {
            return all;
        };
        let have_worked = |before: &ThreadTimes, now: ThreadTimes| {
            now.into_iter().filter(|(id, time)| before.get(id).is_none_or(|before| time > before)).count()
        };
        let most = have_worked(one_before, one).max(have_worked(other_before, other));
        if most == 0 { all } else { most }
    }
}
