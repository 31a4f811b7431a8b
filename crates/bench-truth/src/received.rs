//! Finds the requests in the bytes received on a connection.

use std::io::{self, Read};

use super::acts::END_OF_HEAD;

/// Received bytes that are not part of a complete request yet.
#[derive(Debug, Default)]
pub(super) struct Received(Vec<u8>);

impl Received {
    /// Reads available bytes, and returns their number.
    pub(super) fn read(&mut self, from: &mut impl Read) -> io::Result<usize> {
        let mut piece = [0; 16 << 10];
        let count = from.read(&mut piece)?;
        self.0.extend_from_slice(&piece[..count]);
        Ok(count)
    }

    /// Takes the head and the body of the next request; `None` until it is complete.
    pub(super) fn request(&mut self) -> Option<(String, Vec<u8>)> {
        let end = self.0.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD)?;
        let body_at = end + END_OF_HEAD.len();
        let head = String::from_utf8_lossy(&self.0[..body_at]).into_owned();
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok())
            .unwrap_or(0);
        if self.0.len() < body_at + length {
            return None;
        }
        let rest = self.0.split_off(body_at + length);
        let body = std::mem::replace(&mut self.0, rest).split_off(body_at);
        Some((head, body))
    }
}
