//! The worker's end of the private channel.

use std::cell::RefCell;
use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::OnceLock;

use crate::error::Error;
use bench_os as sys;
use bench_protocol::{CHANNEL_VARIABLE, Command, FailureKind, Frame, read_message, write_message};

/// For [`refuse_fork`], which has no other way to reach the channel.
static FOR_FORKED_CHILDREN: OnceLock<UnixStream> = OnceLock::new();

/// The worker's end of the channel. Clones share it, and what has been read ahead of it.
#[derive(Clone)]
pub(crate) struct Channel {
    reader: Rc<RefCell<BufReader<UnixStream>>>,
}

impl Channel {
    /// The channel whose descriptor stands in the environment, if this process is a worker.
    /// A value that is none ends the process: going on would start a second run.
    pub(crate) fn from_environment() -> Option<Self> {
        let value = std::env::var_os(CHANNEL_VARIABLE)?;
        let parsed = value
            .to_str()
            .and_then(|text| text.split_once(':'))
            .and_then(|(fd, runner)| Some((fd.parse().ok()?, runner.parse().ok()?)));
        let adopted = match parsed {
            Some((fd, runner)) => {
                sys::settle_in_as_worker(runner);
                sys::adopt(fd)
            }
            None => Err(io::Error::new(io::ErrorKind::InvalidInput, "not `descriptor:process`")),
        };
        match adopted {
            Ok(stream) => {
                if let Ok(copy) = stream.try_clone() {
                    let _ = FOR_FORKED_CHILDREN.set(copy);
                }
                sys::forget_variable(CHANNEL_VARIABLE);
                Some(Channel { reader: Rc::new(RefCell::new(BufReader::new(stream))) })
            }
            Err(error) => {
                eprintln!(
                    "{CHANNEL_VARIABLE}={}: {error}. This variable is the runner's own; unset it.",
                    value.display()
                );
                std::process::exit(2);
            }
        }
    }

    pub(crate) fn send(&self, frame: &Frame) -> Result<(), Error> {
        let reader = self.reader.borrow();
        write_message(&mut reader.get_ref(), frame)
            .map_err(|error| Error::failure(format!("the runner has gone: {error}")))
    }

    /// The next command; `None` when the runner has closed its end.
    pub(crate) fn receive(&self) -> Result<Option<Command>, Error> {
        Ok(read_message(&mut *self.reader.borrow_mut())?)
    }
}

/// Called where a process that is not the worker has come back from the measured closure: the
/// benchmark has forked and let the child return. The round fails, and this process ends.
pub(crate) fn refuse_fork() -> ! {
    if let Some(mut stream) = FOR_FORKED_CHILDREN.get() {
        let frame = Frame::Failed {
            kind: FailureKind::Error,
            message: "the benchmark forked, and the child returned into the harness: let it exit instead"
                .to_owned(),
        };
        // Nobody is left to tell if this fails.
        let _ = write_message(&mut stream, &frame);
    }
    sys::leave_at_once(1)
}
