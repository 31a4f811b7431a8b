//! Readers of answers, without I/O and without a clock: bytes and the instant of their arrival go in, events come out.
//!
//! Any split of the same bytes gives the same events. The time of an event is that of the piece that completed it.

mod grpc;
mod json_lines;
mod pcm;
mod sse;
mod wav;

pub use self::grpc::{GrpcMessages, framed};
pub use self::json_lines::JsonLines;
pub use self::pcm::{Pcm, PcmFormat};
pub use self::sse::{Sse, SseEvent};
pub use self::wav::{WavHead, WavStream};

use crate::failure::{Class, Failure};

/// The maximum number of bytes of one event or line: a server that never ends one would fill the memory.
pub const LONGEST_EVENT: usize = 64 << 20;

/// # Errors
/// If an event is longer than [`LONGEST_EVENT`].
fn check_length(held: usize) -> Result<(), Failure> {
    if held <= LONGEST_EVENT {
        return Ok(());
    }
    Err(Failure::new(Class::TooLarge, format!("an event of more than {} MiB", LONGEST_EVENT >> 20)))
}

#[cfg(test)]
mod tests;
