//! Calls the closure once, and handles errors and panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bench_core::Error;
use bench_core::bencher::counted;

use crate::clock::Clock;
use crate::domain::{Answer, Response};
use crate::log::{Ended, Outcome};
use crate::request::{MarkKind, Marks, Request};

/// The number of bytes after which a message is cut: a tensor that prints itself is not a message.
const LONGEST: usize = 500;

/// The input, number and clock of a call.
pub(crate) struct Called<'a, I> {
    pub(crate) input: &'a I,
    pub(crate) number: u64,
    pub(crate) clock: Clock,
}

/// The return value of a closure, or its panic.
pub(super) type Returned<R, E> = std::thread::Result<Result<R, E>>;

/// Calls the closure once; also returns the time when it returned. Its errors and panics are the result of the
/// request, not of the level.
pub(super) fn call<I, F, R, E>(closure: &F, marks: &Arc<Marks>, called: &Called<'_, I>) -> (Ended, u64)
where
    F: Fn(&I, &Request) -> Result<R, E>,
    R: Response,
    E: Into<Error>,
{
    let request = marks.begin(called.number);
    let returned = catch_unwind(AssertUnwindSafe(|| counted(|| closure(called.input, &request))));
    let returned_ns = called.clock.now_ns();
    (ended(returned, marks, returned_ns), returned_ns)
}

/// Returns the result of a request whose closure returned at `returned_ns`.
pub(super) fn ended<R: Response, E: Into<Error>>(
    returned: Returned<R, E>,
    marks: &Marks,
    returned_ns: u64,
) -> Ended {
    let marks = marks.end();
    let ended = marks.iter().flatten().find(|mark| mark.kind == MarkKind::End).map(|mark| mark.at_ns);
    let mut answer = Answer::default();
    let (outcome, error) = match returned {
        Ok(Ok(response)) => {
            response.tell(&mut answer);
            (Outcome::Served, None)
        }
        Ok(Err(error)) => (Outcome::Failed, Some(error.into().to_string())),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without a message");
            (Outcome::Panicked, Some(format!("panicked: {text}")))
        }
    };
    let error = error.map(|mut message| {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.into_boxed_str()
    });
    Ended { end_ns: ended.unwrap_or(returned_ns), outcome, marks, answer, error }
}
