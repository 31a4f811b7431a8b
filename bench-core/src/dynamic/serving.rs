//! A worker that looks for its case among those that register while it runs.

use std::time::Instant;

use bench_protocol::{Assignment, Case, Command, FailureKind, Frame, Mode, PROTOCOL};
use bench_syntax::Category;
use bench_syntax::quantity::nanoseconds;

use super::Offer;
use super::locator::Locator;
use crate::channel::Channel;
use crate::error::Error;
use crate::registry;
use crate::worker::{self, Call};

/// The search of a worker for its case.
#[derive(Clone)]
pub(crate) struct Serving {
    channel: Channel,
    assignment: Assignment,
    /// The place of the case; `None` if it is not known, and all places are searched.
    locator: Option<Locator>,
    /// The time at which the search for the case began.
    since: Instant,
    /// Whether the search began after the running target had registered a case. The target may have registered the
    /// wanted case before.
    began_within: bool,
}

/// The next step after a target has ended.
pub(super) enum Next {
    /// The case may be in another target.
    GoOn,
    /// The case may be registered by the same target, which is called again.
    Again,
}

impl Serving {
    /// Receives the first command. If its case is registered at link time, measures it and ends the process.
    pub(super) fn begin(channel: Channel) -> Self {
        match Serving::receive_first(&channel) {
            Ok(assignment) => match registry::find(&assignment.case) {
                Some(case) => {
                    exit(worker::serve_case(&channel, assignment, &case));
                }
                None => Serving::of(channel, assignment, false),
            },
            Err(error) => exit(Err(error)),
        }
    }

    fn receive_first(channel: &Channel) -> Result<Assignment, Error> {
        channel.send(&Frame::Ready { protocol: PROTOCOL, shared: true, leads: true })?;
        match channel.receive()? {
            Some(Command::Measure(assignment)) => Ok(*assignment),
            _ => Err(Error::failure("the first command must be `measure`")),
        }
    }

    fn of(channel: Channel, assignment: Assignment, began_within: bool) -> Self {
        // A locator of another case is not used.
        let fits = |locator: &Locator| assignment.case.starts_with(&own_id(&locator.name));
        let locator = assignment.locator.as_deref().and_then(Locator::parse).filter(fits);
        Serving { channel, assignment, locator, since: Instant::now(), began_within }
    }

    /// Whether a target may contain the case.
    pub(super) fn may_be_in(&self, target: &str) -> bool {
        self.locator.as_ref().is_none_or(|locator| locator.target == target)
    }

    /// Whether the case that is registered now is the wanted one.
    pub(super) fn is(&self, case: &Case, here: &Locator) -> bool {
        match &self.locator {
            Some(there) => {
                (&there.target, there.occurrence, &there.name) == (&here.target, here.occurrence, &here.name)
            }
            None => self.assignment.case == case.id,
        }
    }

    /// Returns a note if another case has the same name; `None` if the name is unique.
    pub(super) fn note_of_twin(&self, here: &Locator) -> Option<String> {
        let own = own_id(&here.name);
        (self.assignment.case != own).then(|| {
            format!("`{own}` is registered more than once: this is another benchmark with that name, so its id has \
                     a number appended")
        })
    }

    /// Measures the case. Returns the next case to look for if the runner continues with this worker.
    ///
    /// # Errors
    /// When the runner has exited.
    pub(super) fn measure(self, offer: &Offer<'_>, call: Call<'_>) -> Result<Option<Serving>, Error> {
        let Serving { channel, assignment, locator, since, .. } = self;
        let mode = assignment.mode;
        if mode != Mode::Count {
            channel.send(&Frame::StartUp { ns: nanoseconds(since.elapsed()) })?;
        }
        let last = worker::measured(&channel, assignment, offer.longest_warm_up, None, call);
        let has_succeeded = matches!(last, Frame::Finished(_));
        channel.send(&last)?;
        let goes_on =
            has_succeeded && mode != Mode::Count && locator.is_some_and(|locator| locator.is_shared);
        if !goes_on {
            return Ok(None);
        }
        match channel.receive()? {
            Some(Command::Measure(assignment)) => Ok(Some(Serving::of(channel, *assignment, true))),
            Some(_) => Err(Error::failure("expected another `measure`")),
            None => Ok(None),
        }
    }

    /// Returns the next step after a target has ended without the case.
    pub(super) fn target_ended(&mut self) -> Next {
        if self.locator.is_none() {
            return Next::GoOn;
        }
        if std::mem::take(&mut self.began_within) {
            return Next::Again;
        }
        self.fail(FailureKind::Error, self.missing())
    }

    /// Reports that registering panicked before the case was found, and exits.
    pub(super) fn panicked(&self, message: &str) -> ! {
        self.fail(FailureKind::Panic, format!("while benchmarks were registered: {message}"))
    }

    /// Reports that all targets ended without the case, and exits.
    pub(super) fn ended(&self) -> ! {
        self.fail(FailureKind::Error, self.missing())
    }

    fn missing(&self) -> String {
        format!(
            "`{}` was in the list, but is not registered in this process: registration must not depend on chance, \
             time or the machine",
            self.assignment.case
        )
    }

    fn fail(&self, kind: FailureKind, message: String) -> ! {
        exit(self.channel.send(&Frame::Failed { kind, message }))
    }
}

/// Returns the id that a case with this name has if the name is unique.
fn own_id(name: &str) -> String {
    Case::named(name, Category::Performance).id
}

/// Ends a worker.
pub(super) fn exit(outcome: Result<(), Error>) -> ! {
    let code = match outcome {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("worker: {error}");
            1
        }
    };
    std::process::exit(code)
}
