//! Reads and writes messages of Protocol Buffers, as far as inference needs them: for four small messages, generated
//! code is not worth its dependencies.

use crate::failure::{Class, Failure};

/// A message that is written field by field, as described in "Encoding" of the documentation of Protocol Buffers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message(Vec<u8>);

/// The wire types, which determine how long a field is.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

impl Message {
    /// Adds a number; a signed one as 64-bit two's complement.
    pub(super) fn number(mut self, field: u64, value: u64) -> Self {
        push_varint(&mut self.0, field << 3 | VARINT);
        push_varint(&mut self.0, value);
        self
    }

    /// Adds a number of double precision.
    pub(super) fn double(mut self, field: u64, value: f64) -> Self {
        push_varint(&mut self.0, field << 3 | FIXED_64);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Adds bytes, a text, or packed numbers.
    pub(super) fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        push_varint(&mut self.0, field << 3 | BYTES);
        push_varint(&mut self.0, value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// Adds a message within this one.
    pub(super) fn message(self, field: u64, value: &Message) -> Self {
        self.bytes(field, &value.0)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Appends a number in groups of 7 bits.
pub(super) fn push_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A value of 4 or 8 bytes, which is not used here.
    Fixed,
}

/// The fields of a message, in their order.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            VARINT => Value::Number(varint(&mut self.0)?),
            BYTES => {
                let length = usize::try_from(varint(&mut self.0)?).ok()?;
                let (value, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Value::Bytes(value)
            }
            wire @ (FIXED_64 | FIXED_32) => {
                self.0 = self.0.get(if wire == FIXED_64 { 8 } else { 4 }..)?;
                Value::Fixed
            }
            // Groups, which are deprecated since 2008.
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    /// The number and the value of a field, or an error if the bytes are not a message.
    type Item = Result<(u64, Value<'a>), Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or_else(|| Failure::new(Class::Malformed, "expected a message of Protocol Buffers")))
    }
}

/// Reads a number at the beginning of `bytes` and removes it; `None` if there is none.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tests the examples of the documentation: 150 in field 1, "testing" in field 2, a message in field 3, and packed
    /// numbers.
    #[test]
    fn messages_are_those_of_the_documentation() {
        assert_eq!(Message::default().number(1, 150).0, [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().bytes(2, b"testing").0, b"\x12\x07testing");
        let inner = Message::default().number(1, 150);
        assert_eq!(Message::default().message(3, &inner).0, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let mut packed = Vec::new();
        [3, 270, 86_942].into_iter().for_each(|value| push_varint(&mut packed, value));
        assert_eq!(Message::default().bytes(6, &packed).0, [0x32, 0x06, 3, 0x8e, 2, 0x9e, 0xa7, 5]);
        assert_eq!(Message::default().double(4, 1.0).0, [0x21, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in any::<u64>(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let message = Message::default().number(1, number).double(9, 0.5).bytes(1000, &bytes).into_bytes();
            let read: Result<Vec<_>, _> = Fields(&message).collect();
            let expected = vec![(1, Value::Number(number)), (9, Value::Fixed), (1000, Value::Bytes(&bytes))];
            prop_assert_eq!(read.expect("a message"), expected);
            prop_assert!(bytes.is_empty() || Fields(&message[..message.len() - 1]).any(|field| field.is_err()));
        }

        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(Fields(&bytes).count() <= bytes.len());
        }
    }
}
