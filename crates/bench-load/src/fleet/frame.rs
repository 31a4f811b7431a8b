//! The messages between workers: a kind, a length of eight bytes, and a body.

use std::io::{self, Read, Write};

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A sign of life.
    Beat,
    /// The introduction of a worker, as JSON.
    Hello,
    /// All workers have arrived; contains the number of the run.
    Welcome,
    /// Asks the first worker for the time of its clock.
    Ping,
    /// The time of the first worker's clock, in nanoseconds.
    Pong,
    /// A worker is ready to begin; contains the round trip to it, in nanoseconds.
    Ready,
    /// When to begin, by the clock of the first worker, in nanoseconds.
    Start,
    /// The results of one worker.
    Part,
    /// The merged result, from the first worker.
    Announced,
    /// The user wants the load to end.
    Stop,
    /// The worker cannot go on, with the reason.
    Failed,
}

impl Kind {
    /// Returns the maximum size of a body of this kind, in bytes.
    pub(super) fn longest(self) -> u64 {
        match self {
            // Rows of requests, at about 60 bytes each and 5 for each output.
            Kind::Part => 4 << 30,
            // A level with its timeline.
            Kind::Announced => 256 << 20,
            _ => LONGEST_GREETING,
        }
    }
}

const KINDS: [Kind; 11] = [
    Kind::Beat,
    Kind::Hello,
    Kind::Welcome,
    Kind::Ping,
    Kind::Pong,
    Kind::Ready,
    Kind::Start,
    Kind::Part,
    Kind::Announced,
    Kind::Stop,
    Kind::Failed,
];

/// The first bytes of a greeting: any other beginning is not from a worker.
const MAGIC: &[u8; 8] = b"benchflt";

/// The maximum size of a greeting, in bytes: its sender is not known yet, and may not be a worker.
const LONGEST_GREETING: u64 = 1 << 20;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) body: Vec<u8>,
}

/// Writes a frame in one piece, so that a small one is one packet.
///
/// # Errors
/// The errors of `to`.
pub(super) fn write(mut to: impl Write, kind: Kind, body: &[u8]) -> io::Result<()> {
    let number = KINDS.iter().position(|known| *known == kind).unwrap_or_default() as u8;
    let mut bytes = Vec::with_capacity(body.len() + 9);
    bytes.push(number);
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(body);
    to.write_all(&bytes)
}

/// Reads a frame.
///
/// # Errors
/// Those of `from`; if the kind does not exist, the body is longer than the kind allows, or the bytes end within the
/// frame.
pub(super) fn read(from: impl Read) -> io::Result<Frame> {
    read_up_to(from, u64::MAX)
}

fn read_up_to(mut from: impl Read, most: u64) -> io::Result<Frame> {
    let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut head = [0; 9];
    from.read_exact(&mut head)?;
    let length = u64::from_le_bytes(head[1..].try_into().unwrap_or_default());
    let kind = KINDS.get(usize::from(head[0])).copied();
    let kind = kind.ok_or_else(|| wrong("it has sent a message that is not one of a worker".to_owned()))?;
    let most = most.min(kind.longest());
    if length > most {
        return Err(wrong(format!(
            "it has announced a message of {length} bytes, and at most {most} are accepted"
        )));
    }
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    if body.len() as u64 == length {
        Ok(Frame { kind, body })
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Writes the greeting of a worker that connects.
///
/// # Errors
/// The errors of `to`.
pub(super) fn greet(mut to: impl Write, hello: &[u8]) -> io::Result<()> {
    to.write_all(MAGIC)?;
    write(to, Kind::Hello, hello)
}

/// Reads the greeting of a process that has connected, of at most 1 MiB.
///
/// # Errors
/// The errors of `from`; or if the bytes are not a greeting.
pub(super) fn greeted(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut magic = [0; 8];
    from.read_exact(&mut magic)?;
    let frame = if &magic == MAGIC { read_up_to(from, LONGEST_GREETING)? } else { return Err(stranger()) };
    if frame.kind == Kind::Hello { Ok(frame.body) } else { Err(stranger()) }
}

fn stranger() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a worker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_as_it_was_written() {
        for kind in KINDS {
            let mut bytes = Vec::new();
            write(&mut bytes, kind, b"body").expect("memory");
            assert_eq!(read(&bytes[..]).expect("a frame"), Frame { kind, body: b"body".to_vec() });
            assert!(read(&bytes[..bytes.len() - 1]).is_err());
        }
    }

    #[test]
    fn what_is_not_from_a_worker_is_refused_without_being_kept() {
        assert!(greeted(&b"GET / HTTP/1.1\r\n\r\n"[..]).is_err());
        let mut greeting = Vec::new();
        greet(&mut greeting, b"{}").expect("memory");
        assert_eq!(greeted(&greeting[..]).expect("a greeting"), b"{}");
        // The announced length exceeds any memory; nothing is read from the endless reader.
        greeting[9..17].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(greeted(greeting.chain(io::repeat(0))).is_err());
        let mut other = MAGIC.to_vec();
        write(&mut other, Kind::Part, b"").expect("memory");
        assert!(greeted(&other[..]).is_err());
        assert!(read(&[99, 0, 0, 0, 0, 0, 0, 0, 0][..]).is_err());
    }

    #[test]
    fn no_message_is_longer_than_its_kind_allows() {
        for kind in KINDS {
            let mut bytes = Vec::new();
            write(&mut bytes, kind, b"").expect("memory");
            bytes[1..].copy_from_slice(&(kind.longest() + 1).to_le_bytes());
            // Nothing is read from a reader that never ends.
            let error = read(bytes.chain(io::repeat(0))).expect_err("too long").to_string();
            assert!(error.contains("bytes, and at most"), "{error}");
        }
    }
}
