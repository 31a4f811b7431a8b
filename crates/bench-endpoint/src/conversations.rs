//! [`Conversations`]: users who talk with a model, turn by turn.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::data::{Lengths, Turn, mixed};

/// The turns of one conversation, as a file contains them.
type Turns = std::sync::Arc<[Turn]>;

/// Conversations that the clients of a closed loop have, one after another. Each client is a user: a turn sends
/// everything said so far, with the answers that the server really gave; then the user thinks, and sends the next
/// message.
#[derive(Debug, Default)]
pub struct Conversations {
    /// The milliseconds that a user thinks before a turn for which the file contains no time; `None` for no pause.
    think_ms: Option<Lengths>,
    seed: u64,
    /// The rank of this worker, and the number of workers: each has its own conversations.
    share: (u32, u32),
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    all: Vec<Turns>,
    /// The time when the current level began; `None` before the first one.
    level: Option<Instant>,
    /// The number of conversations that this worker has begun in this level.
    begun: u64,
    /// The current conversation of each client.
    talks: HashMap<u32, Talk>,
}

/// A conversation in progress.
#[derive(Clone, Debug)]
struct Talk {
    /// Its number within the level, from 0.
    number: u64,
    turns: Turns,
    /// The index of the next turn.
    next: usize,
    /// The messages so far, as a chat sends them.
    history: Vec<Value>,
}

/// The next message of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    /// All messages so far, and this one.
    pub(crate) messages: Vec<Value>,
    /// The maximum number of tokens of the answer; `None` if the file contains none.
    pub(crate) max_tokens: Option<u64>,
    /// The number of the conversation, and of the turn within it, both from 1.
    pub(crate) place: (u64, u64),
}

impl Conversations {
    /// Creates conversations with this many milliseconds of thinking before each turn except the first, unless the
    /// file contains the time.
    pub fn new(think_ms: Option<Lengths>, seed: u64) -> Self {
        Conversations { think_ms, seed, share: (0, 1), state: Mutex::default() }
    }

    /// Selects the conversations of worker `rank` of `of`: every `of`-th one.
    #[must_use]
    pub fn of_worker(self, rank: u32, of: u32) -> Self {
        Conversations { share: (rank, of.max(1)), ..self }
    }

    /// Returns how long the user thinks before the next request of `client` in the level that began at `level`: zero
    /// before the first turn of a conversation.
    pub fn pause(&self, client: u32, level: Instant) -> Duration {
        let state = self.in_level(level);
        let Some(talk) = state.talks.get(&client) else { return Duration::ZERO };
        let draw = |lengths: Lengths| {
            let turn = mixed(talk.number) ^ talk.next as u64;
            Duration::from_millis(lengths.draw(self.seed, turn))
        };
        let of_file = talk.turns.get(talk.next).and_then(|turn| turn.pause);
        of_file.or(self.think_ms.map(draw)).unwrap_or_default()
    }

    /// Sets the conversations, in this order.
    pub(crate) fn set(&self, all: Vec<Turns>) {
        let mut state = self.lock();
        *state = State { all, ..State::default() };
    }

    /// Begins the next turn of `client`, or its next conversation, whose first message begins with `salt`; `None` if
    /// there are no conversations.
    pub(crate) fn begin(
        &self,
        client: u32,
        level: Instant,
        salt: impl FnOnce() -> Option<String>,
    ) -> Option<Said> {
        let mut state = self.in_level(level);
        let mut talk = match state.talks.remove(&client) {
            Some(talk) => talk,
            None => {
                let number = u64::from(self.share.0) + state.begun * u64::from(self.share.1);
                state.begun += 1;
                let turns = state.all.get((number % state.all.len().max(1) as u64) as usize)?.clone();
                Talk { number, turns, next: 0, history: Vec::new() }
            }
        };
        let turn = talk.turns.get(talk.next)?.clone();
        let text = match salt().filter(|_| talk.next == 0) {
            Some(salt) => salt + &turn.text,
            None => turn.text,
        };
        talk.history.push(json!({ "role": "user", "content": text }));
        talk.next += 1;
        let place = (talk.number + 1, talk.next as u64);
        let said = Said { messages: talk.history.clone(), max_tokens: turn.max_tokens, place };
        state.talks.insert(client, talk);
        Some(said)
    }

    /// Records that the server has answered with `text`. Without a text the conversation is over, because its next
    /// turn depends on the answer.
    pub(crate) fn answered(&self, client: u32, level: Instant, text: Option<&str>) {
        let mut state = self.in_level(level);
        let Some(mut talk) = state.talks.remove(&client) else { return };
        if let Some(text) = text.filter(|_| talk.next < talk.turns.len()) {
            talk.history.push(json!({ "role": "assistant", "content": text }));
            state.talks.insert(client, talk);
        }
    }

    /// Returns the state of this level; that of another level is discarded.
    fn in_level(&self, level: Instant) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        if state.level != Some(level) {
            let all = std::mem::take(&mut state.all);
            *state = State { all, level: Some(level), ..State::default() };
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(text: &str, pause_ms: Option<u64>) -> Turn {
        Turn { text: text.to_owned(), pause: pause_ms.map(Duration::from_millis), max_tokens: None }
    }

    fn two() -> Conversations {
        let conversations = Conversations::new("100".parse().ok(), 0);
        let first = [turn("a", None), turn("b", Some(7)), turn("c", None)];
        conversations.set(vec![first.into(), [turn("x", None)].into()]);
        conversations
    }

    fn texts(said: &Said) -> Vec<(&str, &str)> {
        said.messages
            .iter()
            .map(|message| {
                (
                    message["role"].as_str().unwrap_or_default(),
                    message["content"].as_str().unwrap_or_default(),
                )
            })
            .collect()
    }

    #[test]
    fn each_turn_sends_what_was_said_with_the_true_answers() {
        let (conversations, level) = (two(), Instant::now());
        let salt = || Some("[1] ".to_owned());
        assert_eq!(conversations.pause(5, level), Duration::ZERO);
        let said = conversations.begin(5, level, salt).expect("a turn");
        assert_eq!((texts(&said), said.place), (vec![("user", "[1] a")], (1, 1)));
        conversations.answered(5, level, Some("A"));
        assert_eq!(conversations.pause(5, level), Duration::from_millis(7));
        let said = conversations.begin(5, level, salt).expect("a turn");
        assert_eq!(texts(&said), [("user", "[1] a"), ("assistant", "A"), ("user", "b")]);
        conversations.answered(5, level, Some("B"));
        assert_eq!(conversations.pause(5, level), Duration::from_millis(100));
        let said = conversations.begin(5, level, salt).expect("a turn");
        assert_eq!((texts(&said).len(), said.place), (5, (1, 3)));
        conversations.answered(5, level, Some("C"));
        // The next conversation begins at once.
        assert_eq!(conversations.pause(5, level), Duration::ZERO);
        let said = conversations.begin(5, level, || None).expect("a turn");
        assert_eq!((texts(&said), said.place), (vec![("user", "x")], (2, 1)));
    }

    #[test]
    fn a_turn_that_fails_ends_its_conversation_and_no_other() {
        let (conversations, level) = (two(), Instant::now());
        for client in [0, 1, 2] {
            conversations.begin(client, level, || None).expect("a turn");
        }
        conversations.answered(0, level, None);
        conversations.answered(2, level, Some("A"));
        assert_eq!(conversations.begin(0, level, || None).expect("a turn").place, (4, 1));
        assert_eq!(conversations.begin(2, level, || None).expect("a turn").place, (3, 2));
    }

    #[test]
    fn a_level_begins_with_first_turns() {
        let (conversations, level) = (two(), Instant::now());
        conversations.begin(0, level, || None).expect("a turn");
        conversations.answered(0, level, Some("A"));
        let next = level + Duration::from_secs(1);
        assert_eq!(conversations.pause(0, next), Duration::ZERO);
        assert_eq!(conversations.begin(0, next, || None).expect("a turn").place, (1, 1));
    }

    #[test]
    fn workers_have_different_conversations() {
        let level = Instant::now();
        let numbers: Vec<u64> = (0..2)
            .flat_map(|rank| {
                let conversations = two().of_worker(rank, 2);
                conversations.set(vec![[turn("x", None)].into()]);
                (0..2)
                    .map(|client| conversations.begin(client, level, || None).expect("a turn").place.0)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(numbers, [1, 3, 2, 4]);
    }
}
