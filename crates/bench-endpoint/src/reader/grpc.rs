//! Reads and writes messages of gRPC.

use super::{LONGEST_EVENT, check_length};
use crate::failure::{Class, Failure};

/// The number of bytes before a message: whether it is compressed (1 byte), and its length (4 bytes).
const HEAD: usize = 5;

/// Reads messages in the format "Length-Prefixed-Message" of the document *gRPC over HTTP2*.
#[derive(Clone, Debug, Default)]
pub struct GrpcMessages {
    held: Vec<u8>,
}

impl GrpcMessages {
    /// Takes a piece of the stream, and passes each message that it completes to `each`.
    ///
    /// # Errors
    /// The first error of `each`, and a message that is compressed or too long.
    pub fn bytes(
        &mut self,
        piece: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.held.extend_from_slice(piece);
        let mut from = 0;
        while let Some((head, rest)) = self.held[from..].split_first_chunk::<HEAD>() {
            let [is_compressed, length @ ..] = *head;
            if is_compressed != 0 {
                let message = "a message is compressed, though no compression was offered";
                return Err(Failure::new(Class::Compressed, message));
            }
            let length = u32::from_be_bytes(length) as usize;
            if length > LONGEST_EVENT {
                return check_length(length);
            }
            let Some(message) = rest.get(..length) else { break };
            each(message)?;
            from += HEAD + length;
        }
        self.held.drain(..from);
        Ok(())
    }

    /// Whether a message is incomplete.
    pub fn is_within(&self) -> bool {
        !self.held.is_empty()
    }
}

/// Returns the message with its length before it, uncompressed.
pub fn framed(message: &[u8]) -> Vec<u8> {
    // A message of 4 GiB would not fit into memory together with its source.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[0][..], &length, message].concat()
}
