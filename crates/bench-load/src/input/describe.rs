//! The description of plain items.

use super::Describe;
use crate::domain::Facts;

impl Describe for String {
    fn facts(&self) -> Facts {
        Facts::of_text(self)
    }
}

impl Describe for &str {
    fn facts(&self) -> Facts {
        Facts::of_text(self)
    }
}

impl Describe for Vec<u8> {
    fn facts(&self) -> Facts {
        Facts { bytes: Some(self.len() as u64), ..Facts::default() }
    }
}

/// Requests that need no input.
impl Describe for () {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_its_length_and_bytes_their_number() {
        let facts = "Grüße".facts();
        assert_eq!((facts.characters, facts.bytes), (Some(5), Some(7)));
        assert_eq!("Grüße".to_owned().facts(), facts);
        assert_eq!(vec![0u8; 9].facts(), Facts { bytes: Some(9), ..Facts::default() });
        assert_eq!(().facts(), Facts::default());
    }
}
