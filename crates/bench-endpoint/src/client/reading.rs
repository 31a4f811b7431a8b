//! The state of an answer while its bytes arrive. It does no I/O and reads no clock.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::api::{Answer, Head, Limits, Marks, Told};
use crate::failure::{Class, Failure, shortened};

/// The number of bytes of a failed request's body that are read for its message.
const TOLD: usize = 4 << 10;

/// The time that the client waits for the body of a failed request.
const TELLING: Duration = Duration::from_secs(2);

/// The result of an exchange.
pub(super) struct Exchanged {
    pub(super) told: Told,
    /// When the head had arrived.
    pub(super) head: Instant,
}

/// Creates the reader of a body from the head.
pub(super) type MakeAnswer<'a> = &'a dyn Fn(&Head) -> Box<dyn Answer>;

/// An answer that is being read.
pub(super) struct Reading<'a> {
    limits: &'a Limits,
    make: MakeAnswer<'a>,
    marks: &'a mut dyn Marks,
    /// When the request began.
    began: Instant,
    /// The time when bytes last arrived; until the first ones, the time when the request was sent.
    heard: Instant,
    received: u64,
    /// Whether the server has reported that it has not processed the request.
    pub(super) is_turned_away: bool,
    /// Whether an answer over gRPC still lacks its status, which comes at its end.
    lacks_status: bool,
    state: State,
}

enum State {
    /// The request is sent, and nothing has arrived.
    Sent,
    /// The head arrived at this time.
    Answer(Box<dyn Answer>, Instant),
    /// The status is a failure; the bytes are its message in the body so far.
    Refused(Failure, Vec<u8>),
}

impl<'a> Reading<'a> {
    /// Creates the state of the answer to a request that began at `began` and was sent at `sent`.
    pub(super) fn new(
        (began, sent): (Instant, Instant),
        limits: &'a Limits,
        make: MakeAnswer<'a>,
        marks: &'a mut dyn Marks,
    ) -> Self {
        Reading {
            limits,
            make,
            marks,
            began,
            heard: sent,
            received: 0,
            is_turned_away: false,
            lacks_status: false,
            state: State::Sent,
        }
    }

    /// Takes the head, which arrived at `at`. `header` returns the value of a header by its lower-case name.
    ///
    /// # Errors
    /// If the head alone makes the answer a failure.
    pub(super) fn head<'h>(
        &mut self,
        status: StatusCode,
        header: &dyn Fn(&str) -> Option<&'h str>,
        at: Instant,
    ) -> Result<(), Failure> {
        self.heard = at;
        self.lacks_status =
            header("content-type").is_some_and(|kind| kind.trim().starts_with("application/grpc"));
        let refused = refused(status, header);
        if refused.is_none() {
            // An answer that is only a failure has its gRPC status in the head.
            self.trailers(header)?;
        }
        self.state = match refused {
            None => State::Answer((self.make)(&head_of(header)), at),
            Some(refused) if matches!(refused.class, Class::Status(_)) => State::Refused(refused, Vec::new()),
            Some(refused) => return Err(refused),
        };
        Ok(())
    }

    /// Takes a piece of the body, which arrived at `at`.
    ///
    /// # Errors
    /// If the answer is malformed.
    pub(super) fn piece(&mut self, piece: &[u8], at: Instant) -> Result<(), Failure> {
        self.heard = at;
        self.received += piece.len() as u64;
        match &mut self.state {
            State::Sent => Ok(()),
            State::Answer(..) if self.received > self.limits.body_bytes => {
                let message = format!("the answer is longer than {} bytes", self.limits.body_bytes);
                Err(Failure::new(Class::TooLarge, message))
            }
            State::Answer(answer, _) => answer.bytes(piece, at, self.marks),
            State::Refused(failure, text) => {
                text.extend_from_slice(&piece[..piece.len().min(TOLD - text.len())]);
                if text.len() == TOLD { Err(explained(failure, text)) } else { Ok(()) }
            }
        }
    }

    /// Takes the headers after the body, which contain the result of a gRPC request.
    ///
    /// # Errors
    /// If they contain a failure, or no valid status.
    pub(super) fn trailers<'h>(&mut self, header: &dyn Fn(&str) -> Option<&'h str>) -> Result<(), Failure> {
        let Some(status) = header("grpc-status").filter(|_| self.lacks_status) else { return Ok(()) };
        self.lacks_status = false;
        match status.trim().parse() {
            Ok(0) => Ok(()),
            Ok(code) => Err(Failure::grpc(code, header("grpc-message").unwrap_or_default())),
            Err(_) => {
                let message = format!("`grpc-status` is `{}`: expected a number", shortened(status));
                Err(Failure::new(Class::Protocol, message))
            }
        }
    }

    /// Ends the body, whose last byte arrived at `at`.
    ///
    /// # Errors
    /// If the answer is malformed.
    pub(super) fn end(&mut self, at: Instant) -> Result<Exchanged, Failure> {
        match &mut self.state {
            State::Sent => Err(Failure::new(Class::Protocol, "the answer has no head")),
            State::Answer(..) if self.lacks_status => {
                Err(Failure::new(Class::Cut, "the answer ended without a `grpc-status`"))
            }
            State::Answer(answer, head) => {
                answer.end(at, self.marks).map(|told| Exchanged { told, head: *head })
            }
            State::Refused(failure, text) => Err(explained(failure, text)),
        }
    }

    /// Returns the failure of an answer that was cut off by `error`; `None` if the connection was closed.
    pub(super) fn cut(&self, error: Option<&dyn std::error::Error>) -> Failure {
        match &self.state {
            State::Refused(failure, text) => explained(failure, text),
            _ => {
                let why = error.map_or_else(|| "the connection was closed".to_owned(), ToString::to_string);
                Failure::new(Class::Cut, format!("the answer was cut: {why}"))
            }
        }
    }

    /// Returns the time of the next limit if nothing more arrives, and the failure of exceeding it.
    pub(super) fn limit(&self) -> (Instant, Failure) {
        let (limits, total) = (self.limits, self.began + self.limits.total);
        let (until, class, what, limit) = match &self.state {
            State::Refused(failure, text) => {
                return (total.min(self.heard + TELLING), explained(failure, text));
            }
            State::Sent => (self.heard, Class::FirstByteTimeout, "answer", limits.first_byte),
            State::Answer(..) => (self.heard, Class::IdleTimeout, "further byte of the answer", limits.idle),
        };
        if until + limit < total {
            return (until + limit, Failure::timeout(class, what, limit));
        }
        (total, Failure::timeout(Class::TotalTimeout, "end of the answer", limits.total))
    }

    /// Returns the time of the limit alone, without the failure.
    pub(super) fn limit_at(&self) -> Instant {
        let phase = match &self.state {
            State::Refused(..) => TELLING,
            State::Sent => self.limits.first_byte,
            State::Answer(..) => self.limits.idle,
        };
        (self.began + self.limits.total).min(self.heard + phase)
    }
}

/// Returns the failure of an answer with this head; `None` if it is not a failure.
fn refused<'h>(status: StatusCode, header: &dyn Fn(&str) -> Option<&'h str>) -> Option<Failure> {
    if status.is_redirection() {
        let to = header("location").map_or(String::new(), |_| " to another address".to_owned());
        let message =
            format!("status {} redirects{to}: use the address to which it redirects", status.as_u16());
        return Some(Failure::new(Class::Redirected, message));
    }
    if !status.is_success() {
        let wait = header("retry-after")
            .map_or(String::new(), |wait| format!(" (Retry-After: {})", shortened(wait)));
        let reason = status.canonical_reason().unwrap_or("no reason");
        return Some(Failure::new(Class::Status(status.as_u16()), format!("{reason}{wait}")));
    }
    if let Some(encoding) = header("content-encoding").filter(|encoding| *encoding != "identity") {
        let message = format!("the answer is compressed ({encoding}), though `identity` was requested");
        return Some(Failure::new(Class::Compressed, message));
    }
    (status == StatusCode::NO_CONTENT).then(|| Failure::new(Class::Empty, "status 204: no content"))
}

/// Adds the message in the body to the failure.
fn explained(failure: &Failure, text: &[u8]) -> Failure {
    let json = serde_json::from_slice::<serde_json::Value>(text).ok();
    let message = json.as_ref().and_then(|json| {
        let error = json.get("error").unwrap_or(json);
        let told = error.get("message").or_else(|| json.get("message")).or_else(|| json.get("detail"));
        told.or(Some(error)).and_then(|told| told.as_str().map(str::to_owned))
    });
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(text).into_owned());
    match shortened(&message) {
        nothing if nothing.is_empty() => failure.clone(),
        message => Failure::new(failure.class, format!("{}: {message}", failure.message)),
    }
}

/// Reads what the head says about the body.
fn head_of<'h>(header: &dyn Fn(&str) -> Option<&'h str>) -> Head {
    let content_type = header("content-type").and_then(|value| value.split(';').next());
    Head {
        content_type: content_type.unwrap_or_default().trim().to_ascii_lowercase(),
        streamed: header("content-length").is_none(),
        sample_rate: header("x-sample-rate")
            .and_then(|rate| rate.trim().parse().ok())
            .filter(|rate| *rate > 0),
    }
}
