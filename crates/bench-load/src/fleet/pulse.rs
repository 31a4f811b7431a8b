//! The thread that keeps other workers informed while this one is busy.

use std::io;
use std::net::TcpStream;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use super::frame::{self, Kind};
use super::peer::State;

/// The interval between two checks of whether the load is to end.
const TICK: Duration = Duration::from_millis(100);

/// The number of ticks between two signs of life of this worker.
const BEAT: u32 = 10;

/// Sends beats to other workers, and notifies them when the load is to end, until it is dropped.
pub(super) struct Pulse(Mutex<Option<Sender<()>>>);

impl Pulse {
    /// Starts the thread.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(state: Arc<State>, peers: Vec<Arc<Mutex<TcpStream>>>) -> io::Result<Self> {
        let (end, ended) = channel::<()>();
        let beats = move || {
            let send = |kind: Kind, body: &[u8]| {
                for peer in &peers {
                    let mut peer = peer.lock().unwrap_or_else(PoisonError::into_inner);
                    // The thread that listens to a worker notices if it is gone.
                    let _ = frame::write(&mut *peer, kind, body);
                }
            };
            let (mut ticks, mut has_stopped, mut has_failed) = (0u32, false, false);
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                ticks = ticks.wrapping_add(1);
                if ticks.is_multiple_of(BEAT) {
                    send(Kind::Beat, &[]);
                }
                if !has_stopped && state.is_asked_to_stop() {
                    has_stopped = true;
                    send(Kind::Stop, &[]);
                }
                if let Some(broken) = state.broken().filter(|_| !has_failed) {
                    has_failed = true;
                    send(Kind::Failed, broken.error().to_string().as_bytes());
                }
            }
        };
        Builder::new().name("workers".to_owned()).spawn(beats)?;
        Ok(Pulse(Mutex::new(Some(end))))
    }

    /// Stops sending.
    pub(super) fn end(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
