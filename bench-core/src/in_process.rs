//! Rounds in the runner's own process, for debuggers and profilers.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bench_protocol::Assignment;
use bench_record::{Cause, RoundRecord};
use bench_runner::rounds::{Collector, Interrupt, PlannedCase, RoundExecutor};

use crate::error::Error;
use crate::registry;
use crate::worker::{self, Sink};

/// Nothing protects the run from its benchmarks here: what aborts ends both.
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
        let mut collector = Collector::default();
        collector.goes_on();
        let collector = Rc::new(RefCell::new(collector));
        let shared = Rc::clone(&collector);
        let sink: Sink =
            Rc::new(RefCell::new(move |frame| shared.borrow_mut().take(frame).map_err(Error::failure)));
        let last = match registry::find(&case.case.id) {
            Some(registered) => {
                let mut call = |bencher: &mut _| registered.call(bencher);
                worker::measure_alone(&mut call, assignment.clone(), None, &sink, None)
            }
            None => worker::unknown(&case.case.id),
        };
        let mut collector = collector.take();
        if let Err(wrong) = collector.take(last) {
            collector.fail(Cause::Protocol, wrong);
        }
        Some(collector.finish(String::new()))
    }
}
