//! Tests which events count as a token, as the first one, and as a failure.

use super::super::testing::{Outcome, read};
use super::super::{Head, Kind, Settings};
use super::*;

fn head() -> Head {
    Head { content_type: "text/event-stream".to_owned(), streamed: true, sample_rate: None }
}

/// Reads a stream with one event in each millisecond.
fn stream(events: &[&str]) -> Outcome {
    let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    let pieces: Vec<&[u8]> = events.iter().map(|event| event.as_bytes()).collect();
    read(Kind::Chat, &Settings { stream: true, ..Settings::default() }, &head(), &pieces)
}

fn text(told: Result<Told, Failure>) -> TextTold {
    match told.expect("served") {
        Told::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

const ROLE: &str = r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#;
const A: &str = r#"{"choices":[{"delta":{"content":"ä"}}]}"#;
const FINISH: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
const DONE: &str = "[DONE]";

#[test]
fn roles_empty_chunks_and_ends_are_no_outputs() {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}}"#;
    let (told, outputs, answer, end) = stream(&[ROLE, ROLE, A, A, FINISH, usage, DONE]);
    assert_eq!((outputs, answer, end), (vec![(2, None), (3, None)], Some(2), Some(3)));
    let expected = TextTold {
        output_tokens: Some(2),
        input_tokens: Some(7),
        cached_tokens: Some(4),
        reasoning_tokens: None,
        characters: 2,
        source: TokenSource::Usage,
        text: None,
        besides: None,
    };
    assert_eq!(text(told), expected);
}

#[test]
fn the_answer_proper_is_kept_for_the_next_turn_and_reasoning_is_not() {
    let thought = r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#;
    let settings = Settings { stream: true, keeps_text: true, ..Settings::default() };
    let pieces: Vec<Vec<u8>> = [ROLE, thought, A, A, FINISH, DONE]
        .iter()
        .map(|data| format!("data: {data}\n\n").into_bytes())
        .collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let told = read(Kind::Chat, &settings, &Head::default(), &pieces).0;
    let told = text(told);
    assert_eq!((told.text.as_deref(), told.besides.as_deref()), (Some("ää"), Some("hm")));
    let whole = r#"{"choices":[{"message":{"content":"one"}},{"message":{"content":"other"}}]}"#;
    let settings = Settings { stream: false, ..settings };
    let told = read(Kind::Chat, &settings, &Head::default(), &[whole.as_bytes()]).0;
    let told = text(told);
    assert_eq!((told.text.as_deref(), told.besides.as_deref()), (Some("one"), Some("other")));
}

#[test]
fn reasoning_is_a_token_and_no_answer() {
    for name in ["reasoning_content", "reasoning"] {
        let thought = format!(r#"{{"choices":[{{"delta":{{"{name}":"hm"}}}}]}}"#);
        let (told, outputs, answer, _) = stream(&[&thought, &thought, A, DONE]);
        assert_eq!((outputs.len(), outputs[0].0, answer), (3, 0, Some(2)), "{name}");
        assert_eq!(text(told).characters, 5);
    }
    let call = r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}}]}"#;
    assert_eq!(stream(&[ROLE, call, DONE]).2, Some(1));
}

#[test]
fn without_usage_and_ids_tokens_are_unknown() {
    let told = text(stream(&[A, A, A, FINISH]).0);
    assert_eq!((told.output_tokens, told.source), (None, TokenSource::None));
}

#[test]
fn token_ids_say_what_a_chunk_holds() {
    let chunk = |text: &str, ids: &str| {
        format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"token_ids":[{ids}]}}]}}"#)
    };
    // A chunk with half of a character has no text.
    let (told, outputs, ..) = stream(&[&chunk("ab", "1,2"), &chunk("", "3"), &chunk("é", "4"), DONE]);
    assert_eq!(outputs, [(0, Some(2)), (2, Some(2))]);
    let told = text(told);
    assert_eq!((told.output_tokens, told.source), (Some(4), TokenSource::TokenIds));
}

#[test]
fn usage_of_each_chunk_says_what_it_holds() {
    let chunk = |all: u64| {
        format!(
            r#"{{"choices":[{{"delta":{{"content":"a"}}}}],"usage":{{"prompt_tokens":1,"completion_tokens":{all}}}}}"#
        )
    };
    let (told, outputs, ..) = stream(&[&chunk(3), &chunk(4), &chunk(6), DONE]);
    assert_eq!(outputs, [(0, Some(3)), (1, Some(1)), (2, Some(2))]);
    assert_eq!(text(told).output_tokens, Some(6));
}

#[test]
fn what_is_wrong_is_a_failure_of_its_class() {
    let class = |events: &[&str]| stream(events).0.expect_err("a failure").class;
    assert_eq!(class(&[A, A]), Class::Cut);
    assert_eq!(class(&[ROLE, FINISH, DONE]), Class::Empty);
    assert_eq!(class(&[]), Class::Cut);
    assert_eq!(class(&[A, r#"{"error":{"message":"out of memory"}}"#]), Class::InAnswer);
    assert_eq!(class(&[r#"{"object":"error","message":"too long"}"#]), Class::InAnswer);
    assert_eq!(class(&[A, "{"]), Class::Malformed);
    let settings = Settings { stream: true, ..Settings::default() };
    let event = b"event: error\ndata: {\"error\":{\"message\":\"gone\"}}\n\n";
    let (told, ..) = read(Kind::Chat, &settings, &head(), &[event]);
    assert_eq!(told.map_err(|failure| failure.to_string()), Err("error-in-answer: gone".to_owned()));
}

#[test]
fn a_whole_answer_has_an_end_and_no_outputs() {
    let body = br#"{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}],"usage":{"completion_tokens":3}}"#;
    let head = Head { content_type: "application/json".to_owned(), ..Head::default() };
    let (told, outputs, _, end) = read(Kind::Chat, &Settings::default(), &head, &[&body[..9], &body[9..]]);
    assert_eq!((text(told).output_tokens, outputs.len(), end), (Some(3), 0, Some(1)));
    let class =
        |body: &[u8]| read(Kind::Chat, &Settings::default(), &head, &[body]).0.map_err(|told| told.class);
    assert_eq!(class(b"{\"choices\":[]}"), Err(Class::Empty));
    assert_eq!(class(b"{\"error\":\"no\"}"), Err(Class::InAnswer));
    assert_eq!(class(b"{\"choices\":[{\"text\":\"x\"}"), Err(Class::Malformed));
    // A document is not a valid answer to a request for a stream, but it may contain an error.
    let asked = Settings { stream: true, ..Settings::default() };
    let class = |body: &[u8]| read(Kind::Chat, &asked, &head, &[body]).0.map_err(|told| told.class);
    assert_eq!(class(b"{\"error\":\"no\"}"), Err(Class::InAnswer));
    assert_eq!(class(body), Err(Class::Malformed));
}
