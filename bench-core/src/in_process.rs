//! Rounds in the runner's own process: for debuggers and profilers, and for cases that are created while the program
//! runs.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bench_protocol::{Assignment, Frame};
use bench_record::{Cause, RoundRecord};
use bench_runner::rounds::{Collector, Interrupt, PlannedCase, RoundExecutor};

use crate::bencher::Bencher;
use crate::error::Error;
use crate::registry;
use crate::worker::{self, Sink};

/// Runs rounds in this process. Nothing protects the run from its benchmarks here: an abort ends both.
pub(crate) struct InProcess {
    pub(crate) interrupt: Interrupt,
}

impl RoundExecutor for InProcess {
    fn round(
        &mut self,
        case: &PlannedCase<'_>,
        assignment: &Assignment,
        _timeout: Duration,
    ) -> Option<RoundRecord> {
        if self.interrupt.is_raised() {
            return None;
        }
        Some(collected(|sink| match registry::find(&case.case.id) {
            Some(registered) => {
                let mut call = |bencher: &mut _| registered.call(bencher);
                worker::measure_alone(&mut call, assignment.clone(), None, sink, None)
            }
            None => worker::unknown(&case.case.id),
        }))
    }
}

/// The function that measures a case that is created while the program runs. It must end early when the interrupt is
/// raised, and then return what was measured so far.
pub type Made = Rc<dyn Fn(&mut Bencher, &Interrupt) -> Result<(), Error>>;

/// Runs rounds of cases that are created while the program runs.
pub(crate) struct OfMade {
    /// The cases, by their ids.
    pub(crate) made: Vec<(String, Made)>,
    pub(crate) interrupt: Interrupt,
}

impl RoundExecutor for OfMade {
    fn round(
        &mut self,
        case: &PlannedCase<'_>,
        assignment: &Assignment,
        _timeout: Duration,
    ) -> Option<RoundRecord> {
        if self.interrupt.is_raised() {
            return None;
        }
        Some(collected(|sink| match self.made.iter().find(|(id, _)| *id == case.case.id) {
            Some((_, made)) => {
                let mut call = |bencher: &mut Bencher| made(bencher, &self.interrupt);
                worker::measure_alone(&mut call, assignment.clone(), None, sink, None)
            }
            None => worker::unknown(&case.case.id),
        }))
    }

    fn was_interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }
}

/// Returns the round that consists of the frames that `measure` passes to the sink, and of the last frame, which it
/// returns.
fn collected(measure: impl FnOnce(&Sink) -> Frame) -> RoundRecord {
    let mut collector = Collector::default();
    collector.goes_on();
    let collector = Rc::new(RefCell::new(collector));
    let shared = Rc::clone(&collector);
    let sink: Sink =
        Rc::new(RefCell::new(move |frame| shared.borrow_mut().take(frame).map_err(Error::failure)));
    let last = measure(&sink);
    let mut collector = collector.take();
    if let Err(wrong) = collector.take(last) {
        collector.fail(Cause::Protocol, wrong);
    }
    collector.finish(String::new())
}
