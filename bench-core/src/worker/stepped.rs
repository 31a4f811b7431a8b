//! The schedule of a worker that receives every batch from the runner.

use std::time::Duration;

use crate::error::Error;
use crate::sampling::{Batch, Phase, Schedule};
use crate::worker::{Channel, Sink};
use bench_protocol::{Command, Frame, RequestLevels, WarmUp};
use bench_syntax::quantity::nanoseconds;

/// A schedule of one first call, then one batch for each command, preceded by its lead: iterations that are not
/// recorded. The runner decides which batches are warm-up.
pub(super) struct Stepped {
    commands: Channel,
    sink: Sink,
    called: bool,
    /// The batch that follows its lead.
    led: Option<Batch>,
}

impl Stepped {
    pub(super) fn new(commands: Channel, sink: Sink) -> Self {
        Stepped { commands, sink, called: false, led: None }
    }
}

impl Schedule for Stepped {
    fn next(&mut self) -> Result<Option<Batch>, Error> {
        if !self.called {
            return Ok(Some(Batch { phase: Phase::FirstCall, iterations: 1 }));
        }
        if let Some(batch) = self.led.take() {
            return Ok(Some(batch));
        }
        match self.commands.receive()? {
            Some(Command::Batch { iterations: 0, .. }) => {
                Err(Error::failure("a batch of 0 iterations was requested"))
            }
            Some(Command::Batch { iterations, lead }) => {
                let batch = Batch { phase: Phase::Sample, iterations };
                if lead == 0 {
                    return Ok(Some(batch));
                }
                self.led = Some(batch);
                Ok(Some(Batch { phase: Phase::WarmUp, iterations: lead }))
            }
            // A runner that has exited needs nothing more.
            Some(Command::Stop) | None => Ok(None),
            Some(Command::Measure(_)) => Err(Error::failure("`measure` may be sent once only")),
        }
    }

    fn record(&mut self, batch: Batch, elapsed: Duration) -> Result<(), Error> {
        let ns = nanoseconds(elapsed);
        let frame = match batch.phase {
            Phase::FirstCall => {
                self.called = true;
                Frame::FirstCall { ns }
            }
            Phase::WarmUp => return Ok(()),
            Phase::Sample => Frame::Samples { iterations: batch.iterations, ns: vec![ns] },
        };
        (*self.sink.borrow_mut())(frame)
    }

    fn loaded(&mut self, elapsed: Duration) -> Result<(), Error> {
        (*self.sink.borrow_mut())(Frame::Loaded { ns: nanoseconds(elapsed) })
    }

    fn bring(
        &mut self,
        _warm_up: WarmUp,
        _sample_ns: Vec<u64>,
        _served: Option<RequestLevels>,
    ) -> Result<(), Error> {
        Err(Error::failure("this case cannot be compared batch by batch: it does its own measuring"))
    }
}
