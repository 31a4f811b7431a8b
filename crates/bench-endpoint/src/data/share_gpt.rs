//! Reads conversations in the format of ShareGPT: one JSON array, which may be larger than the memory.

use std::fmt;
use std::io::BufRead;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::Input;
use super::rows::Rows;

/// The approximate number of characters of English text for each token: the file does not contain the lengths of
/// answers in tokens.
const CHARACTERS_PER_TOKEN: u64 = 4;

/// The maximum lengths of a question, and of a question with its answer, and the minimum length of each, in tokens, as
/// in vLLM's benchmark. Other conversations are left out.
const LONGEST_QUESTION: u64 = 1024;
const LONGEST_TOGETHER: u64 = 2048;
const SHORTEST: u64 = 4;

#[derive(Deserialize)]
struct Conversation {
    #[serde(default, alias = "conversation", alias = "messages")]
    conversations: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    #[serde(alias = "content")]
    value: Option<String>,
}

/// # Errors
/// If the file is not an array of conversations; the error has the number of the line.
pub(super) fn read(from: impl BufRead, rows: &mut Rows) -> Result<(), String> {
    let mut bytes = from;
    let mark = bytes.fill_buf().map_err(|error| format!("cannot be read: {error}"))?;
    if mark.starts_with(b"\xEF\xBB\xBF") {
        bytes.consume(3);
    }
    let mut ended = None;
    let mut json = serde_json::Deserializer::from_reader(bytes);
    let read = Conversations { rows, ended: &mut ended }.deserialize(&mut json);
    match (ended, read) {
        (Some(Ok(())), _) => Ok(()),
        (Some(Err(wrong)), _) => Err(wrong),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => {
            Err(format!("line {}: expected an array of conversations: {error}", error.line()))
        }
    }
}

/// Reads one conversation after another from the array.
struct Conversations<'a> {
    rows: &'a mut Rows,
    /// The result, if reading ended before the array did.
    ended: &'a mut Option<Result<(), String>>,
}

impl<'de> DeserializeSeed<'de> for Conversations<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Conversations<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects with `conversations`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(conversation) = items.next_element::<Conversation>()? {
            number += 1;
            let taken = take(number, conversation, self.rows);
            match taken {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => *self.ended = Some(Ok(())),
                Err(wrong) => *self.ended = Some(Err(wrong)),
            }
            if self.ended.is_some() {
                // The rest of the file is not read.
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

fn take(number: u64, conversation: Conversation, rows: &mut Rows) -> Result<ControlFlow<()>, String> {
    let mut turns = conversation.conversations.into_iter().filter_map(|turn| turn.value);
    let (Some(question), Some(answer)) = (turns.next(), turns.next()) else {
        rows.leave_out();
        return Ok(ControlFlow::Continue(()));
    };
    let tokens = |text: &str| (text.chars().count() as u64).div_ceil(CHARACTERS_PER_TOKEN);
    let (asked, answered) = (tokens(&question), tokens(&answer));
    if asked.min(answered) < SHORTEST || asked > LONGEST_QUESTION || asked + answered > LONGEST_TOGETHER {
        rows.leave_out();
        return Ok(ControlFlow::Continue(()));
    }
    rows.push(number, None, Some(Input::of(question.into_bytes()).answered_by(Some(answered))))
}
