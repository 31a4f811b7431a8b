//! [`Meeting`]: connects the workers of a run with each other.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bench_syntax::Share;
use bench_syntax::quantity::nanoseconds;
use serde::{Deserialize, Serialize};

use super::error::FleetError;
use super::frame::{self, Kind};
use super::peer::{Peer, State};
use super::pulse::Pulse;
use super::{Fleet, number};

/// The interval between two attempts to reach the first worker, and between two checks of whether another one
/// has connected.
const AGAIN: Duration = Duration::from_millis(100);

/// The time within which a worker that has connected must introduce itself.
const GREETING: Duration = Duration::from_secs(2);

/// A meeting of workers: the first one listens, the others connect to it.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// The part of the load that this worker sends.
    pub share: Share,
    /// The address at which the first worker listens: `HOST:PORT`.
    pub address: String,
    /// The time limit for all workers to arrive.
    pub patience: Duration,
    /// The name that the engine has given to the run; empty if it gave none. Workers with another name belong to
    /// another run.
    pub name: String,
    /// The settings that must be the same for all workers: names and values.
    pub settings: Vec<(String, String)>,
}

/// The introduction of a worker.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    number: u32,
    of: u32,
    name: String,
    settings: Vec<(String, String)>,
}

impl Meeting {
    /// Waits until all workers have arrived. If that takes more than two seconds, `waiting` is called once, with a
    /// message about the missing ones.
    ///
    /// # Errors
    /// If a worker has not arrived in time, or has other settings; if nothing can listen at the address.
    pub fn meet(&self, waiting: impl FnOnce(&str)) -> Result<Fleet, FleetError> {
        let state = State::new();
        let deadline = Instant::now() + self.patience;
        let (run, peers) = if self.share.is_first() {
            let peers = self.expect(&state, deadline, waiting)?;
            // No two runs begin at the same nanosecond.
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let run = nanoseconds(now);
            peers.iter().try_for_each(|peer| peer.send(Kind::Welcome, &run.to_le_bytes()))?;
            (run, peers)
        } else {
            let (run, first) = self.come(&state, deadline, waiting)?;
            (run, vec![first])
        };
        let streams = peers.iter().map(Peer::stream).collect();
        let pulse = Pulse::start(Arc::clone(&state), streams).map_err(FleetError::Setup)?;
        Ok(Fleet { share: self.share, run, peers, state, pulse })
    }

    /// Waits for all others, as the first worker.
    fn expect(
        &self,
        state: &Arc<State>,
        deadline: Instant,
        waiting: impl FnOnce(&str),
    ) -> Result<Vec<Peer>, FleetError> {
        let of = self.share.of();
        let failed = |source: io::Error| FleetError::Listen { address: self.address.clone(), source };
        let listener = listen(&self.address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let mut come: BTreeMap<u32, TcpStream> = BTreeMap::new();
        let (mut waiting, soon) = (Some(waiting), Instant::now() + Duration::from_secs(2));
        let refused = |come: &BTreeMap<u32, TcpStream>, error: FleetError| {
            let why = error.to_string();
            come.values().for_each(|peer| drop(frame::write(peer, Kind::Failed, why.as_bytes())));
            Err(error)
        };
        while come.len() + 1 < of as usize {
            match listener.accept() {
                Ok((stream, _)) => match self.admit(&stream) {
                    Ok(Some(number)) => {
                        if come.get(&number).is_some_and(is_there) {
                            let why = format!("there is already a worker {number}");
                            let _ = frame::write(&stream, Kind::Failed, why.as_bytes());
                            return refused(&come, FleetError::Refused { worker: number, why });
                        }
                        come.insert(number, stream);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        let _ = frame::write(&stream, Kind::Failed, error.to_string().as_bytes());
                        return refused(&come, error);
                    }
                },
                // There is no connection yet, or it was closed before it was accepted: a worker tries again.
                Err(_) => std::thread::sleep(AGAIN / 10),
            }
            let missing = || (2..=of).filter(|number| !come.contains_key(number)).collect::<Vec<u32>>();
            if Instant::now() >= soon
                && let Some(waiting) = waiting.take()
            {
                waiting(&format!("waiting at {} for {} of {of} workers", self.address, missing().len()));
            }
            if Instant::now() >= deadline {
                let missing = missing();
                let patience_s = self.patience.as_secs_f64();
                let address = self.address.clone();
                return refused(&come, FleetError::Missing { missing, of, address, patience_s });
            }
        }
        let peers = come.into_iter().map(|(number, stream)| {
            stream.set_nonblocking(false)?;
            Peer::new(number, stream, state)
        });
        peers.collect::<io::Result<_>>().map_err(FleetError::Setup)
    }

    /// Returns the number of the worker at the other end; `None` if it is not a worker of this run.
    ///
    /// # Errors
    /// If its number or its settings do not fit this run.
    fn admit(&self, stream: &TcpStream) -> Result<Option<u32>, FleetError> {
        let heard = stream
            .set_nonblocking(false)
            .and_then(|()| frame::greeted(Until { stream, deadline: Instant::now() + GREETING }));
        let Some(hello) = heard.ok().and_then(|hello| serde_json::from_slice::<Hello>(&hello).ok()) else {
            return Ok(None);
        };
        if hello.name != self.name {
            let why = format!("this is the run `{}`, and not `{}`", self.name, hello.name);
            let _ = frame::write(stream, Kind::Failed, why.as_bytes());
            return Ok(None);
        }
        let why = if hello.of != self.share.of() || !(2..=hello.of).contains(&hello.number) {
            Some(format!("it is one of {} workers, but this run has {}", hello.of, self.share.of()))
        } else {
            difference(&self.settings, &hello.settings)
        };
        match why {
            Some(why) => Err(FleetError::Refused { worker: hello.number, why }),
            None => Ok(Some(hello.number)),
        }
    }

    /// Connects to the first worker, and waits until all workers have arrived.
    fn come(
        &self,
        state: &Arc<State>,
        deadline: Instant,
        waiting: impl FnOnce(&str),
    ) -> Result<(u64, Peer), FleetError> {
        let hello = Hello {
            number: self.share.rank() + 1,
            of: self.share.of(),
            name: self.name.clone(),
            settings: self.settings.clone(),
        };
        // This cannot fail: the keys of all maps are strings.
        let hello = serde_json::to_vec(&hello).unwrap_or_default();
        let (mut waiting, soon) = (Some(waiting), Instant::now() + Duration::from_secs(2));
        loop {
            let why = match self.try_to_come(&hello, deadline) {
                Ok((run, stream)) => {
                    let peer = Peer::new(1, stream, state).map_err(FleetError::Setup)?;
                    return Ok((run, peer));
                }
                Err(Unmet::Refused(why)) => {
                    return Err(FleetError::Failed { worker: 1, host: self.address.clone(), why });
                }
                Err(Unmet::NotYet(error)) => error.to_string(),
            };
            if Instant::now() >= soon
                && let Some(waiting) = waiting.take()
            {
                waiting(&format!("waiting for worker 1 of {} at {}", self.share.of(), self.address));
            }
            if Instant::now() + AGAIN >= deadline {
                return Err(FleetError::NotReached {
                    of: self.share.of(),
                    address: self.address.clone(),
                    patience_s: self.patience.as_secs_f64(),
                    why,
                });
            }
            std::thread::sleep(AGAIN);
        }
    }

    fn try_to_come(&self, hello: &[u8], deadline: Instant) -> Result<(u64, TcpStream), Unmet> {
        let left = deadline.saturating_duration_since(Instant::now()).max(AGAIN);
        let stream = connect(&self.address, left)?;
        frame::greet(&stream, hello)?;
        // The first worker waits for the others, which have as much time as this one had.
        stream.set_read_timeout(Some(left + GREETING))?;
        let welcome = frame::read(&stream)?;
        match welcome.kind {
            Kind::Failed => Err(Unmet::Refused(String::from_utf8_lossy(&welcome.body).into_owned())),
            Kind::Welcome => {
                let run = number(&welcome.body).map_err(|error| Unmet::Refused(error.to_string()))?;
                Ok((run, stream))
            }
            _ => Err(Unmet::Refused(FleetError::Garbled.to_string())),
        }
    }
}

/// The reason why the first worker was not reached.
enum Unmet {
    /// It may be reached later.
    NotYet(io::Error),
    Refused(String),
}

impl From<io::Error> for Unmet {
    fn from(error: io::Error) -> Self {
        Unmet::NotYet(error)
    }
}

/// Describes the first setting that differs; `None` if all are the same.
fn difference(own: &[(String, String)], others: &[(String, String)]) -> Option<String> {
    let value = |of: &[(String, String)], name: &str| {
        let found = of.iter().find(|(known, _)| known == name);
        found.map_or_else(|| "not set".to_owned(), |(_, value)| format!("`{value}`"))
    };
    let names = own.iter().chain(others).map(|(name, _)| name);
    let differs = |name: &&String| value(own, name) != value(others, name);
    names
        .into_iter()
        .find(differs)
        .map(|name| format!("{name} is {} there and {} on worker 1", value(others, name), value(own, name)))
}

/// Listens at the address itself if it belongs to this machine, so that no other address is open. Otherwise, listens at
/// its port on all addresses: the name may be that of a service in front of this machine.
fn listen(address: &str) -> io::Result<TcpListener> {
    let addresses: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
    match TcpListener::bind(&addresses[..]) {
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            let port = addresses.first().map_or(0, SocketAddr::port);
            TcpListener::bind(("::", port)).or_else(|_| TcpListener::bind(("0.0.0.0", port)))
        }
        bound => bound,
    }
}

fn connect(address: &str, patience: Duration) -> io::Result<TcpStream> {
    // Looked up each time: the name of a pod appears when the pod does.
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience.min(GREETING)) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Reads until a deadline, however slowly bytes arrive.
struct Until<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl io::Read for Until<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut stream = self.stream;
        stream.read(into)
    }
}

/// Whether the other end is still connected.
fn is_there(stream: &TcpStream) -> bool {
    let seen = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    !matches!(seen, Ok(0)) && !seen.is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock)
}
