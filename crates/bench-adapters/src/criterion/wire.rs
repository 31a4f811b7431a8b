//! The connection to a criterion executable, as `cargo-criterion` has it: frames of CBOR on a socket (criterion 0.8.2,
//! `src/connection.rs`, version 1 of the protocol, as since 0.3.3).

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use ciborium::Value;

/// The beginning of the runner's greeting; its version follows.
const RUNNER: &[u8] = b"cargo-criterion";

/// The beginning of the executable's greeting; three versions follow: its own, the protocol's and the format's.
const BENCHMARK: &[u8] = b"Criterion";

/// The version of `cargo-criterion` that the runner reports as its own.
const VERSION: [u8; 3] = [1, 1, 0];

/// The only protocol and format that there are.
const PROTOCOL: u16 = 1;

/// A frame longer than this is not one of criterion's: 10 million samples take less.
const LONGEST: u32 = 256 << 20;

/// The interval between two checks of whether the executable has connected.
const LOOK: Duration = Duration::from_millis(1);

/// A port at which the runner waits for an executable.
pub(crate) struct Port(TcpListener);

impl Port {
    pub(crate) fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        Ok(Port(listener))
    }

    pub(crate) fn number(&self) -> io::Result<u16> {
        Ok(self.0.local_addr()?.port())
    }

    /// Waits until the executable connects. Returns `None` if it exits before that.
    pub(crate) fn connect(
        &self,
        child: &mut Child,
        patience: Option<Duration>,
    ) -> Result<Option<Wire>, String> {
        let began = Instant::now();
        loop {
            match self.0.accept() {
                Ok((stream, _)) => return Wire::greet(stream).map(Some),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(format!("cannot be connected to: {error}")),
            }
            if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Ok(None);
            }
            if patience.is_some_and(|patience| began.elapsed() > patience) {
                return Err(format!("had not connected after {} s", began.elapsed().as_secs()));
            }
            thread::sleep(LOOK);
        }
    }
}

/// A connection to an executable.
pub(crate) struct Wire {
    stream: TcpStream,
    /// Version of criterion.
    pub(crate) version: [u8; 3],
}

impl Wire {
    fn greet(mut stream: TcpStream) -> Result<Self, String> {
        let greeted = (|| {
            stream.set_nonblocking(false)?;
            stream.set_nodelay(true)?;
            stream.write_all(&[RUNNER, &VERSION].concat())?;
            let mut answer = [0; BENCHMARK.len() + 3 + 2 + 2];
            stream.read_exact(&mut answer)?;
            Ok::<_, io::Error>(answer)
        })();
        let answer = greeted.map_err(|error| format!("did not send criterion's greeting: {error}"))?;
        let (name, rest) = answer.split_at(BENCHMARK.len());
        if name != BENCHMARK {
            return Err("did not send criterion's greeting".to_owned());
        }
        let [a, b, c, protocol @ .., format_high, format_low] = rest else {
            return Err("did not send criterion's greeting".to_owned());
        };
        let number = |bytes: &[u8]| bytes.iter().fold(0u16, |number, byte| number << 8 | u16::from(*byte));
        let (protocol, format) = (number(protocol), number(&[*format_high, *format_low]));
        if (protocol, format) != (PROTOCOL, PROTOCOL) {
            return Err(format!("speaks version {protocol}.{format} of criterion's protocol, expected 1.1"));
        }
        Ok(Wire { stream, version: [*a, *b, *c] })
    }

    /// Receives the next message: its name and fields. `None` when the executable has closed the connection.
    ///
    /// # Errors
    /// If a message is malformed, or if none has arrived by `until`.
    pub(crate) fn receive(&mut self, until: Option<Instant>) -> Result<Option<(String, Value)>, String> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()).max(LOOK));
        self.stream.set_read_timeout(left).map_err(|error| format!("the connection broke: {error}"))?;
        bench_os::acknowledge_at_once(&self.stream);
        let mut length = [0; 4];
        match self.stream.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if is_end(&error) => return Ok(None),
            Err(error) => return Err(broken(&error)),
        }
        let length = u32::from_be_bytes(length);
        if length > LONGEST {
            return Err(format!("sent a frame of {length} bytes, expected at most {LONGEST}"));
        }
        bench_os::acknowledge_at_once(&self.stream);
        let mut bytes = Vec::new();
        match (&mut self.stream).take(u64::from(length)).read_to_end(&mut bytes) {
            Ok(read) if read as u64 == u64::from(length) => {}
            Ok(_) => return Ok(None),
            Err(error) if is_end(&error) => return Ok(None),
            Err(error) => return Err(broken(&error)),
        }
        message(&bytes).map(Some)
    }

    /// Sends a message with these fields. A message without fields consists of its name only.
    pub(crate) fn send(&mut self, name: &str, fields: &[(&str, Value)]) -> Result<(), String> {
        let text = |text: &str| Value::Text(text.to_owned());
        let message = if fields.is_empty() {
            text(name)
        } else {
            let fields = fields.iter().map(|(name, value)| (text(name), value.clone())).collect();
            Value::Map(vec![(text(name), Value::Map(fields))])
        };
        let mut bytes = vec![0; 4];
        ciborium::into_writer(&message, &mut bytes).map_err(|error| error.to_string())?;
        let length = (bytes.len() - 4) as u32;
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&bytes).map_err(|error| format!("the connection broke: {error}"))
    }
}

fn broken(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "sent nothing for too long".to_owned(),
        _ => format!("the connection broke: {error}"),
    }
}

/// Whether the executable has ended: the connection is reset if it has not read everything before.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

/// Decodes an enum as serde writes it: its variant's name alone, or a map from the name to the fields.
fn message(bytes: &[u8]) -> Result<(String, Value), String> {
    let wrong = || "sent a message that criterion's protocol does not contain".to_owned();
    match ciborium::from_reader::<Value, _>(bytes).map_err(|error| format!("{} ({error})", wrong()))? {
        Value::Text(name) => Ok((name, Value::Map(Vec::new()))),
        Value::Map(entries) => match <[(Value, Value); 1]>::try_from(entries) {
            Ok([(Value::Text(name), fields)]) => Ok((name, fields)),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cbor(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).expect("written");
        bytes
    }

    #[test]
    fn messages_are_names_with_or_without_fields() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(message(&cbor(&text("Continue"))), Ok(("Continue".to_owned(), Value::Map(Vec::new()))));
        let fields = Value::Map(vec![(text("group"), text("g"))]);
        let group = Value::Map(vec![(text("BeginningBenchmarkGroup"), fields.clone())]);
        assert_eq!(message(&cbor(&group)), Ok(("BeginningBenchmarkGroup".to_owned(), fields)));
        for wrong in [Value::Null, Value::Map(Vec::new()), Value::Map(vec![(Value::Null, Value::Null)])] {
            assert!(message(&cbor(&wrong)).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_that_are_none_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = message(&bytes);
        }
    }
}
