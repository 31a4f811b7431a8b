//! The secret by which a runner recognizes its worker.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// The number of characters of a token.
pub const TOKEN_LENGTH: usize = 64;

/// A secret that is used once: 256 bits as hexadecimal digits.
///
/// The standard library offers no random numbers, except keys for its hash maps: 128 bits from the system. SipHash is
/// a pseudorandom function of its key (Aumasson and Bernstein, *SipHash: a fast short-input PRF*, 2012), so that
/// without the key, the digits cannot be predicted.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Returns a token that was never used before.
    pub fn new() -> Self {
        let keys = RandomState::new();
        Token((0..4_u64).map(|block| format!("{:016x}", keys.hash_one(block))).collect())
    }

    /// Returns its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `offered` is this token, in a time that does not depend on where the two differ.
    pub fn is(&self, offered: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let differences = own.iter().zip(offered).fold(0, |sum, (own, offered)| sum | (own ^ offered));
        // The length is not secret.
        own.len() == offered.len() && std::hint::black_box(differences) == 0
    }
}

impl Default for Token {
    fn default() -> Self {
        Token::new()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_never_the_same() {
        let (one, other) = (Token::new(), Token::new());
        assert_eq!(one.as_str().len(), TOKEN_LENGTH);
        assert!(one.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(one.is(one.as_str().as_bytes()) && !one.is(other.as_str().as_bytes()));
        assert!(!format!("{one:?}").contains(one.as_str()), "secrets are not printed");
    }

    #[test]
    fn every_character_and_the_length_count() {
        let token = Token::new();
        let own = token.as_str().as_bytes();
        for place in 0..TOKEN_LENGTH {
            let mut other = own.to_vec();
            other[place] ^= 1;
            assert!(!token.is(&other), "{place}");
        }
        assert!(!token.is(&own[1..]) && !token.is(&[own, b"0"].concat()) && !token.is(b""));
    }
}
