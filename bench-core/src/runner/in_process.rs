//! Rounds in the runner's own process, for debuggers and profilers.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::case::Case;
use crate::protocol::Assignment;
use crate::record::{Cause, RoundRecord};
use crate::runner::collect::Collector;
use crate::runner::{Execute, Interrupt};
use crate::worker::{self, Sink};

/// Nothing protects the run from its benchmarks here: what aborts ends both.
pub(crate) struct InProcess {
    pub(crate) interrupt: Interrupt,
}

impl Execute for InProcess {
    fn round(&mut self, case: &Case, assignment: &Assignment, _timeout: Duration) -> Option<RoundRecord> {
        if self.interrupt.is_raised() {
            return None;
        }
        let collector = Rc::new(RefCell::new(Collector::default()));
        let shared = Rc::clone(&collector);
        let sink: Sink = Rc::new(RefCell::new(move |frame| {
            shared.borrow_mut().take(frame).map_err(crate::error::Error::failure)
        }));
        let last = worker::measure_alone(case, assignment.clone(), &sink, None);
        let mut collector = collector.take();
        if let Err(wrong) = collector.take(last) {
            collector.fail(Cause::Protocol, wrong);
        }
        Some(collector.finish(String::new()))
    }
}
