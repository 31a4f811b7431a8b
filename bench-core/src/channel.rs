//! The worker's end of the private channel.

use std::io::{self, BufReader, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::Error;
use bench_os as sys;
use bench_os::channel::{Connection, adopt, connect};
use bench_protocol::{
    CHANNEL_VARIABLE, ChannelAddress, Command, FailureKind, Frame, read_message, write_message,
};

/// Used by [`refuse_fork`], which has no other way to reach the channel.
static FOR_FORKED_CHILDREN: OnceLock<Mutex<Box<dyn Write + Send>>> = OnceLock::new();

/// The worker's end of the channel. Clones share the connection and the bytes that were read ahead.
#[derive(Clone)]
pub(crate) struct Channel {
    reader: Arc<Mutex<BufReader<Box<dyn Read + Send>>>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl Channel {
    /// Opens the channel whose address is in the environment, if this process is a worker. If the value is not an
    /// address, the process ends, because continuing would start a second run.
    pub(crate) fn from_environment() -> Option<Self> {
        let value = std::env::var_os(CHANNEL_VARIABLE)?;
        // Before another thread starts, and before a process is started that would inherit the variable.
        sys::forget_variable(CHANNEL_VARIABLE);
        let text = value.to_str().unwrap_or_default();
        match text.parse().map_err(io::Error::other).and_then(reach) {
            Ok(Connection { reader, writer, spare }) => {
                if let Some(spare) = spare {
                    let _ = FOR_FORKED_CHILDREN.set(Mutex::new(spare));
                }
                Some(Channel {
                    reader: Arc::new(Mutex::new(BufReader::new(reader))),
                    writer: Arc::new(Mutex::new(writer)),
                })
            }
            Err(error) => {
                eprintln!(
                    "{CHANNEL_VARIABLE}={}: {error}. This variable is reserved for the runner: unset it.",
                    value.display()
                );
                std::process::exit(2);
            }
        }
    }

    pub(crate) fn send(&self, frame: &Frame) -> Result<(), Error> {
        write_message(&mut *whole(&self.writer), frame)
            .map_err(|error| Error::failure(format!("the runner has exited: {error}")))
    }

    /// Returns the next command; `None` when the runner has closed its end.
    pub(crate) fn receive(&self) -> Result<Option<Command>, Error> {
        Ok(read_message(&mut *whole(&self.reader))?)
    }
}

/// Locks the stream, even if a panic ended its last use: all that was read or written before the panic is intact.
fn whole<T>(stream: &Mutex<T>) -> MutexGuard<'_, T> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects to the runner. From now on, this process ends when its runner does.
fn reach(address: ChannelAddress) -> io::Result<Connection> {
    match address {
        ChannelAddress::Inherited { descriptor, runner } => {
            sys::settle_in_as_worker(Some(runner));
            adopt(descriptor)
        }
        ChannelAddress::Loopback { port, token } => {
            sys::settle_in_as_worker(None);
            connect(port, &token, || sys::leave_at_once(1))
        }
    }
}

/// Fails the round and ends this process, because a process that is not the worker has returned from the measured
/// closure: the benchmark has forked and let the child return.
pub(crate) fn refuse_fork() -> ! {
    if let Some(Ok(mut stream)) = FOR_FORKED_CHILDREN.get().map(Mutex::lock) {
        let frame = Frame::Failed {
            kind: FailureKind::Error,
            message: "the benchmark forked, and the child returned into the harness: let it exit instead"
                .to_owned(),
        };
        // If this fails, there is no other way to report it.
        let _ = write_message(&mut *stream, &frame);
    }
    sys::leave_at_once(1)
}
