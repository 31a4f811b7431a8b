//! The worker's end of the channel to the runner.

use std::env;
use std::io::{self, BufReader, Read, Write};

use bench_os::channel::{Connection, adopt, connect};
use bench_os::{leave_at_once, settle_in_as_worker};
use bench_protocol::{CHANNEL_VARIABLE, ChannelAddress, Command, Frame, read_message, write_message};

pub(crate) struct Channel {
    reader: BufReader<Box<dyn Read>>,
    writer: Box<dyn Write>,
}

impl Channel {
    /// Returns the channel whose address is in the environment, if this process is a worker. From now on, the process
    /// ends with its runner.
    pub(crate) fn from_environment() -> Option<Result<Self, String>> {
        let value = env::var_os(CHANNEL_VARIABLE)?;
        // Processes that are started from here are not workers.
        bench_os::forget_variable(CHANNEL_VARIABLE);
        let address = value.to_str().unwrap_or_default().parse::<ChannelAddress>();
        let reached = address.map_err(io::Error::other).and_then(|address| match address {
            ChannelAddress::Inherited { descriptor, runner } => {
                settle_in_as_worker(Some(runner));
                adopt(descriptor)
            }
            ChannelAddress::Loopback { port, token } => {
                settle_in_as_worker(None);
                connect(port, &token, || leave_at_once(1))
            }
        });
        Some(match reached {
            Ok(Connection { reader, writer, .. }) => Ok(Channel { reader: BufReader::new(reader), writer }),
            Err(error) => Err(format!(
                "{CHANNEL_VARIABLE}: {error}. This variable is reserved for the runner: unset it"
            )),
        })
    }

    pub(crate) fn send(&mut self, frame: &Frame) -> Result<(), String> {
        write_message(&mut self.writer, frame).map_err(|error| format!("the runner has exited: {error}"))
    }

    /// Receives the next command; `None` when the runner has closed its end.
    pub(crate) fn receive(&mut self) -> Result<Option<Command>, String> {
        read_message(&mut self.reader).map_err(|error| error.to_string())
    }
}
