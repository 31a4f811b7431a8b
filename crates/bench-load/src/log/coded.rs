//! Encodes rows as bytes, for another process of the same version.

use std::borrow::Cow;

use super::{Outcome, Row};
use crate::domain::MOST_VALUES;
use crate::request::{Mark, MarkKind};

const OUTCOMES: [Outcome; 4] = [Outcome::Served, Outcome::Failed, Outcome::Panicked, Outcome::TimedOut];

const MARKS: [MarkKind; 4] = [MarkKind::Output, MarkKind::Answer, MarkKind::Step, MarkKind::End];

/// Appends a row. Numbers take seven bits per byte (LEB128), times are relative to the time before, and bits
/// mark which of the optional values follow: about 60 bytes for a row, and 5 for each mark.
pub(super) fn write(row: &Row, into: &mut Vec<u8>) {
    for number in [row.number, u64::from(row.input), u64::from(row.client), row.intended_ns] {
        number_into(into, number);
    }
    number_into(into, row.sent_ns.wrapping_sub(row.intended_ns));
    number_into(into, row.end_ns.wrapping_sub(row.sent_ns));
    let outcome = OUTCOMES.iter().position(|known| *known == row.outcome);
    number_into(into, outcome.unwrap_or_default() as u64);
    let there = row.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
    number_into(into, there.clone().fold(0, |bits, (column, _)| bits | 1 << column));
    there.for_each(|(_, value)| into.extend_from_slice(&value.to_le_bytes()));
    text_into(into, &row.format);
    into.push(u8::from(row.note.is_some()));
    row.note.iter().for_each(|note| text_into(into, note));
    let marks = row.marks.as_deref().unwrap_or_default();
    number_into(into, marks.len() as u64);
    let mut before_ns = row.sent_ns;
    for mark in marks {
        let kind = MARKS.iter().position(|known| *known == mark.kind).unwrap_or_default();
        number_into(into, mark.at_ns.wrapping_sub(before_ns));
        into.push(kind as u8 | u8::from(mark.holds.is_some()) << 7);
        mark.holds.iter().for_each(|holds| number_into(into, u64::from(*holds)));
        before_ns = mark.at_ns;
    }
}

/// The rows in these bytes, in their order.
pub(crate) struct Coded<'a>(pub(crate) &'a [u8]);

impl Iterator for Coded<'_> {
    /// `Err` for bytes that are not rows; it is the last item.
    type Item = Result<Row, Cut>;

    fn next(&mut self) -> Option<Result<Row, Cut>> {
        if self.0.is_empty() {
            return None;
        }
        let row = self.row();
        if row.is_none() {
            self.0 = &[];
        }
        Some(row.ok_or(Cut))
    }
}

/// Bytes that are not rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the results of a worker are incomplete or damaged: run the load again")]
pub(crate) struct Cut;

impl Coded<'_> {
    fn row(&mut self) -> Option<Row> {
        let (number, input, client) =
            (self.number()?, u32::try_from(self.number()?).ok()?, u32::try_from(self.number()?).ok()?);
        let intended_ns = self.number()?;
        let sent_ns = self.number()?.wrapping_add(intended_ns);
        let end_ns = self.number()?.wrapping_add(sent_ns);
        let outcome = *OUTCOMES.get(usize::try_from(self.number()?).ok()?)?;
        let there = self.number()?;
        let mut values = [f64::NAN; MOST_VALUES];
        for (column, value) in values.iter_mut().enumerate() {
            if there & 1 << column != 0 {
                *value = f64::from_le_bytes(self.bytes(8)?.try_into().ok()?);
            }
        }
        let format = self.text()?;
        let format = if format.is_empty() { Cow::Borrowed("") } else { Cow::Owned(format) };
        let note = if self.bytes(1)? == [1] { Some(self.text()?.into_boxed_str()) } else { None };
        let count = usize::try_from(self.number()?).ok()?;
        // Each mark takes at least two bytes: no room is made for more marks than the bytes can contain.
        let mut marks = Vec::with_capacity(count.min(self.0.len() / 2));
        let mut before_ns = sent_ns;
        for _ in 0..count {
            let at_ns = self.number()?.wrapping_add(before_ns);
            let kind = self.bytes(1)?[0];
            let holds = if kind >> 7 == 1 { Some(u32::try_from(self.number()?).ok()?) } else { None };
            marks.push(Mark { kind: *MARKS.get(usize::from(kind & 0x7f))?, at_ns, holds });
            before_ns = at_ns;
        }
        let marks = (!marks.is_empty()).then(|| marks.into_boxed_slice());
        Some(Row {
            number,
            input,
            client,
            intended_ns,
            sent_ns,
            end_ns,
            outcome,
            marks,
            values,
            format,
            note,
            later: None,
        })
    }

    fn bytes(&mut self, count: usize) -> Option<&[u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for position in 0..10 {
            let byte = self.bytes(1)?[0];
            number |= u64::from(byte & 0x7f) << (7 * position);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }
}

fn number_into(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

fn text_into(into: &mut Vec<u8>, text: &str) {
    number_into(into, text.len() as u64);
    into.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark() -> impl Strategy<Value = Mark> {
        (0..MARKS.len(), any::<u64>(), any::<Option<u32>>()).prop_map(|(kind, at_ns, holds)| Mark {
            kind: MARKS[kind],
            at_ns,
            holds,
        })
    }

    fn row() -> impl Strategy<Value = Row> {
        let numbers = (any::<u64>(), any::<u32>(), any::<u32>(), any::<u64>(), any::<u64>(), any::<u64>());
        let values = proptest::array::uniform12(proptest::option::of(-1e300..1e300));
        let texts = ("[a-z]{0,4}", proptest::option::of("\\PC{0,20}"));
        (numbers, 0..OUTCOMES.len(), proptest::collection::vec(mark(), 0..5), values, texts).prop_map(
            |(
                (number, input, client, intended_ns, sent_ns, end_ns),
                outcome,
                marks,
                values,
                (format, note),
            )| {
                Row {
                    number,
                    input,
                    client,
                    intended_ns,
                    sent_ns,
                    end_ns,
                    outcome: OUTCOMES[outcome],
                    marks: (!marks.is_empty()).then(|| marks.into_boxed_slice()),
                    values: values.map(|value| value.unwrap_or(f64::NAN)),
                    format: Cow::Owned(format),
                    note: note.map(String::into_boxed_str),
                    later: None,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn rows_are_read_as_they_were_written(rows in proptest::collection::vec(row(), 0..4), cut in any::<u16>()) {
            let mut bytes = Vec::new();
            rows.iter().for_each(|row| write(row, &mut bytes));
            let read: Vec<Row> = Coded(&bytes).collect::<Result<_, _>>().expect("whole rows");
            // Compared as text: a missing value is NaN, which does not equal itself.
            prop_assert_eq!(format!("{read:?}"), format!("{rows:?}"));
            // Bytes that are cut anywhere are refused or give fewer rows, but never other rows.
            let short = &bytes[..usize::from(cut) % (bytes.len() + 1)];
            let read = Coded(short).filter_map(Result::ok).collect::<Vec<Row>>();
            prop_assert!(read.len() <= rows.len());
            let whole = &rows[..read.len()];
            prop_assert_eq!(format!("{read:?}"), format!("{whole:?}"));
        }

        #[test]
        fn bytes_that_are_not_rows_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Coded(&bytes).count() <= bytes.len());
        }
    }
}
