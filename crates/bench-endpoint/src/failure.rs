//! The failures of requests, by class.

use std::fmt;
use std::time::Duration;

/// The class of a failure, as it is named in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Class {
    /// The host has no address.
    Dns,
    /// Nothing listens at the address.
    Refused,
    /// The connection was reset, or closed before an answer began.
    Reset,
    /// The host cannot be reached.
    Unreachable,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// No connection was made within the time limit.
    ConnectTimeout,
    /// No byte of an answer arrived within the time limit.
    FirstByteTimeout,
    /// An answer had begun, and its next byte did not arrive within the time limit.
    IdleTimeout,
    /// The whole request exceeded the time limit.
    TotalTimeout,
    /// A status that is not 2xx.
    Status(u16),
    /// A status of gRPC that is not OK.
    Grpc(u8),
    /// A status 3xx: redirects are not followed, since they would be measured.
    Redirected,
    /// An answer that is compressed although an uncompressed one was requested.
    Compressed,
    /// An answer that was cut off.
    Cut,
    /// An answer without any output.
    Empty,
    /// An error inside an answer with status 200.
    InAnswer,
    /// An answer that is not what its kind of endpoint sends.
    Malformed,
    /// An answer larger than the limit.
    TooLarge,
    /// The process or the system has no file descriptor left.
    Files,
    /// The system has no local port left.
    Ports,
    /// The response is not valid HTTP of the expected version.
    Protocol,
    /// The client itself could not send the request.
    Client,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Class::Dns => "dns",
            Class::Refused => "refused",
            Class::Reset => "reset",
            Class::Unreachable => "unreachable",
            Class::Tls => "tls",
            Class::ConnectTimeout => "timeout-connect",
            Class::FirstByteTimeout => "timeout-first-byte",
            Class::IdleTimeout => "timeout-idle",
            Class::TotalTimeout => "timeout-total",
            Class::Status(status) => return write!(f, "status-{status}"),
            Class::Grpc(code) => match GRPC.get(usize::from(*code)) {
                Some(name) => return write!(f, "grpc-{name}"),
                None => return write!(f, "grpc-{code}"),
            },
            Class::Redirected => "redirected",
            Class::Compressed => "compressed",
            Class::Cut => "cut",
            Class::Empty => "empty",
            Class::InAnswer => "error-in-answer",
            Class::Malformed => "malformed",
            Class::TooLarge => "too-large",
            Class::Files => "files",
            Class::Ports => "ports",
            Class::Protocol => "protocol",
            Class::Client => "client",
        };
        f.write_str(name)
    }
}

/// Statuses of gRPC by their numbers, from "Status codes and their use in gRPC".
const GRPC: [&str; 17] = [
    "ok",
    "cancelled",
    "unknown",
    "invalid-argument",
    "deadline-exceeded",
    "not-found",
    "already-exists",
    "permission-denied",
    "resource-exhausted",
    "failed-precondition",
    "aborted",
    "out-of-range",
    "unimplemented",
    "internal",
    "unavailable",
    "data-loss",
    "unauthenticated",
];

/// Why a request failed. Its text begins with the class: `status-429: too many requests (Retry-After: 1)`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Failure {
    /// The class of the failure.
    pub class: Class,
    /// What was expected and what was found, or the message of the server.
    pub message: String,
}

/// The maximum length of a server's message, in characters. Longer ones are cut, because reports count failures by
/// their text.
const LONGEST: usize = 160;

impl Failure {
    /// Creates a failure of this class.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Failure { class, message: message.into() }
    }

    /// Creates the failure of an answer that contains an error, with the message of that error.
    pub fn in_answer(message: &str) -> Self {
        Failure::new(Class::InAnswer, shortened(message))
    }

    /// Creates the failure of a gRPC status, with the percent-encoded message of the server.
    pub(crate) fn grpc(code: u8, message: &str) -> Self {
        let message = if message.is_empty() { "the server gave no message" } else { message };
        Failure::new(Class::Grpc(code), shortened(&percent_decoded(message)))
    }

    /// Creates the failure that no `what` came within `limit`.
    pub fn timeout(class: Class, what: &str, limit: Duration) -> Self {
        Failure::new(class, format!("no {what} within {} s", limit.as_secs_f64()))
    }

    /// Creates a failure from an error of the system, on the way to the server or on the connection.
    pub fn io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let class = match (error.kind(), error.raw_os_error()) {
            // EMFILE and ENFILE, for which `ErrorKind` has no variants.
            (_, Some(23 | 24)) => Class::Files,
            (ErrorKind::AddrNotAvailable, _) => Class::Ports,
            (ErrorKind::ConnectionRefused, _) => Class::Refused,
            (ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable, _) => Class::Unreachable,
            (ErrorKind::InvalidData, _) => Class::Tls,
            _ => Class::Reset,
        };
        let message = match class {
            Class::Files => {
                "no file descriptor is left (`ulimit -n`): raise the limit, or send fewer requests at once"
                    .to_owned()
            }
            Class::Ports => {
                "no local port is left: reuse connections, or widen net.ipv4.ip_local_port_range".to_owned()
            }
            _ => error.to_string(),
        };
        Failure::new(class, message)
    }
}

/// Decodes percent-encoding, such as `%41` for `A`; a `%` without two hexadecimal digits is kept.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|two| *first == b'%' && two.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns at most `LONGEST` characters of a text, with line breaks replaced by spaces.
pub(crate) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_begins_with_its_class() {
        let failure = Failure::in_answer(&"long\n".repeat(100));
        assert!(failure.to_string().starts_with("error-in-answer: long long"), "{failure}");
        assert!(failure.to_string().ends_with('…'));
        assert_eq!(Failure::new(Class::Status(429), "busy").to_string(), "status-429: busy");
        let grpc = Failure::grpc(8, "k%C3%B6nnte 100% sein%");
        assert_eq!(grpc.to_string(), "grpc-resource-exhausted: könnte 100% sein%");
        assert_eq!(Failure::grpc(99, "").to_string(), "grpc-99: the server gave no message");
    }

    #[test]
    fn errors_of_the_system_have_classes() {
        let class = |code| Failure::io(&std::io::Error::from_raw_os_error(code)).class;
        assert_eq!(
            [class(111), class(104), class(24), class(99), class(113)],
            [Class::Refused, Class::Reset, Class::Files, Class::Ports, Class::Unreachable]
        );
    }
}
