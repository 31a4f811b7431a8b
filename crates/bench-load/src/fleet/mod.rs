//! [`Fleet`]: several processes, on one machine or on many, that share one load.
//!
//! Each worker runs the same command, sends its [`Share`] of the requests and keeps their rows. This module contains
//! their communication, and knows nothing about requests: workers [meet](Meeting), begin together, hand their results
//! to the first of them, and receive the combined result from it. All workers do each of these steps, in the same
//! order.

mod clocks;
mod error;
mod frame;
mod meeting;
mod peer;
mod pulse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_syntax::Share;
use bench_syntax::quantity::nanoseconds;

use self::clocks::Offset;
pub use self::error::FleetError;
use self::frame::Kind;
pub use self::meeting::Meeting;
use self::peer::{Peer, State};
use self::pulse::Pulse;

/// The time from sending the common start to the start itself, in addition to the travel time of the message: the
/// longest that a busy machine takes to read it.
const LEAD: Duration = Duration::from_millis(500);

/// The longest round trip that is accepted, in nanoseconds: a worker of this version never reports a longer one.
const LONGEST_TRIP_NS: u64 = 60_000_000_000;

/// The number of round trips that the message with the common start may take.
const TRIPS: u32 = 4;

/// Workers that are connected to each other.
pub struct Fleet {
    share: Share,
    /// A number that all workers of this run share, and workers of other runs do not.
    run: u64,
    /// The other workers by number, if this is the first one; otherwise only the first one.
    peers: Vec<Peer>,
    state: Arc<State>,
    pulse: Pulse,
}

/// The part that one worker has handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The worker's number, from 1.
    pub(crate) worker: u32,
    /// The address at which it was reached.
    pub(crate) host: String,
    pub(crate) bytes: Vec<u8>,
}

/// A common start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The time of the common start, by the clock of this machine.
    pub(crate) at: Instant,
    /// The offset of the first worker's clock from this machine's.
    offset: Offset,
}

impl Fleet {
    /// The part of the load that this worker sends.
    pub fn share(&self) -> Share {
        self.share
    }

    /// Returns a number that all workers of this run share, and workers of other runs do not.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// Whether this worker collects the results of all, and reports them.
    pub fn is_first(&self) -> bool {
        self.share.is_first()
    }

    /// From now on, ends the load of all workers once `asked` returns `true`, and calls `told` when another worker has
    /// ended it.
    pub fn stop_when(
        &self,
        asked: impl Fn() -> bool + Send + Sync + 'static,
        told: impl Fn() + Send + Sync + 'static,
    ) {
        self.state.listen(Box::new(asked), Box::new(told));
    }

    /// Returns the reason why the run cannot go on, if another worker has exited or has failed.
    pub fn lost(&self) -> Option<FleetError> {
        self.state.broken().map(peer::Broken::error)
    }

    /// Whether the load is to end: a worker was asked to, or is no longer connected.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state.is_stopped()
    }

    /// Waits until all workers are ready, and agrees with them on a moment to begin.
    ///
    /// # Errors
    /// If a worker is gone, or learns too late when to begin.
    pub(crate) fn begin(&self) -> Result<Start, FleetError> {
        if self.is_first() {
            let mut longest_ns = 0;
            for peer in &self.peers {
                let trip_ns = number(&peer.receive(Kind::Ready)?.body)?;
                if trip_ns > LONGEST_TRIP_NS {
                    return Err(FleetError::Garbled);
                }
                longest_ns = longest_ns.max(trip_ns);
            }
            let at = Instant::now() + LEAD + Duration::from_nanos(longest_ns) * TRIPS;
            let at_ns = nanoseconds(at.saturating_duration_since(self.state.epoch));
            self.send_to_all(Kind::Start, &at_ns.to_le_bytes())?;
            return Ok(Start { at, offset: Offset::default() });
        }
        let first = self.first()?;
        let offset = clocks::measure(first, self.state.epoch)?;
        first.send(Kind::Ready, &(offset.error_ns * 2).to_le_bytes())?;
        let at_ns = offset.here(number(&first.receive(Kind::Start)?.body)?);
        let at = self.state.epoch + Duration::from_nanos(at_ns);
        if Instant::now() > at {
            return Err(FleetError::LateStart);
        }
        Ok(Start { at, offset })
    }

    /// Returns the largest possible error of the offset between this machine's clock and that of the first worker since
    /// `start`, in nanoseconds: the uncertainty of the measurement, and the drift of the clocks since then.
    ///
    /// # Errors
    /// If the first worker is gone.
    pub(crate) fn clock_error_ns(&self, start: &Start) -> Result<u64, FleetError> {
        if self.is_first() {
            return Ok(0);
        }
        let now = clocks::measure(self.first()?, self.state.epoch)?;
        Ok(now.error_ns.max(start.offset.error_ns) + now.apart_ns(&start.offset))
    }

    /// Hands `own` to the first worker. On the first worker, returns the parts of all others, by number; on the others,
    /// returns an empty list.
    ///
    /// # Errors
    /// If a worker is no longer connected.
    pub fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, FleetError> {
        Ok(self.collect(own)?.into_iter().map(|part| part.bytes).collect())
    }

    /// Same as [`gather`](Self::gather), with the sender of each part.
    pub(crate) fn collect(&self, own: &[u8]) -> Result<Vec<Part>, FleetError> {
        if !self.is_first() {
            let (bytes, most) = (own.len() as u64, Kind::Part.longest());
            if bytes > most {
                return Err(FleetError::TooMuch { bytes, most });
            }
            self.first()?.send(Kind::Part, own)?;
            return Ok(Vec::new());
        }
        let parts = self.peers.iter().map(|peer| {
            let bytes = peer.receive(Kind::Part)?.body;
            Ok(Part { worker: peer.number, host: peer.host.clone(), bytes })
        });
        parts.collect()
    }

    /// Sends the first worker's message to all others, and returns it; the other workers ignore `own`.
    ///
    /// # Errors
    /// If a worker is gone.
    pub(crate) fn announce(&self, own: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, FleetError> {
        if !self.is_first() {
            return Ok(self.first()?.receive(Kind::Announced)?.body);
        }
        let own = own();
        self.send_to_all(Kind::Announced, &own)?;
        Ok(own)
    }

    /// Reports to all others that this worker cannot go on, and why. They need not wait for it.
    pub fn fail(&self, why: &str) {
        // A worker that is gone does not need the message.
        self.peers.iter().for_each(|peer| drop(peer.send(Kind::Failed, why.as_bytes())));
    }

    /// Waits until the first worker has announced that it needs nothing more from the others, which may then exit.
    ///
    /// # Errors
    /// If the first worker is no longer connected.
    pub fn part(&self) -> Result<(), FleetError> {
        if self.is_first() {
            self.close();
        }
        let parted = self.announce(Vec::new);
        self.close();
        parted.map(drop)
    }

    /// Stops sending beats, and from now on ignores whether other workers are lost.
    fn close(&self) {
        self.state.close();
        self.pulse.end();
    }

    /// The address at which the others reach this worker.
    pub(crate) fn own_host(&self) -> String {
        self.peers.first().map(Peer::own_host).unwrap_or_default()
    }

    fn first(&self) -> Result<&Peer, FleetError> {
        self.peers.first().ok_or(FleetError::Alone)
    }

    fn send_to_all(&self, kind: Kind, body: &[u8]) -> Result<(), FleetError> {
        // A worker that is gone must not keep the message from the others.
        let sent: Vec<_> = self.peers.iter().map(|peer| peer.send(kind, body)).collect();
        sent.into_iter().collect()
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fleet({} with {:?})", self.share, self.peers)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.close();
    }
}

/// Reads a number from the body of a frame.
fn number(body: &[u8]) -> Result<u64, FleetError> {
    body.try_into().map(u64::from_le_bytes).map_err(|_| FleetError::Garbled)
}
