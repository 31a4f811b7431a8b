//! Tests the dialects: which events count as an output, as the end, and as a failure.

use proptest::prelude::*;

use super::super::testing::{Outcome, read};
use super::super::{Head, Kind, Settings};
use super::*;

fn head(content_type: &str) -> Head {
    Head { content_type: content_type.to_owned(), streamed: true, sample_rate: None }
}

/// Reads a stream with one piece in each millisecond.
fn stream(kind: Kind, pieces: &[&str]) -> Outcome {
    let settings = Settings { stream: true, keeps_text: true, ..Settings::default() };
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    read(kind, &settings, &head("text/event-stream"), &pieces)
}

fn whole(kind: Kind, body: &str) -> Result<TextTold, Class> {
    let (told, ..) = read(kind, &Settings::default(), &head("application/json"), &[body.as_bytes()]);
    told.map(text).map_err(|failure| failure.class)
}

fn text(told: Told) -> TextTold {
    match told {
        Told::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

/// A kind, the pieces of one of its streams, and the expected numbers of tokens.
type Documented = (Kind, &'static [&'static str], [Option<u64>; 3]);

/// A stream of each dialect, from its documentation, with two outputs, the first of which is reasoning if the dialect
/// has any. The numbers are the tokens of output, of input, and those from a cache.
const STREAMS: &[Documented] = &[
    (
        Kind::Responses,
        &[
            "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"error\":null}}\n\n",
            "event: response.reasoning_text.delta\ndata: {\"type\":\"response.reasoning_text.delta\",\"delta\":\"hm\"}\n\n",
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"ä\"}\n\n",
            "event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\",\"text\":\"ä\"}\n\n",
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"error\":null,\"usage\":{\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":4},\"output_tokens\":3}}}\n\n",
        ],
        [Some(3), Some(9), Some(4)],
    ),
    (
        Kind::Messages,
        &[
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
            "event: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"ä\"}}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ],
        [Some(3), Some(9), Some(4)],
    ),
    (
        Kind::OllamaChat,
        &[
            "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n",
            "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n",
            "{\"message\":{\"role\":\"assistant\",\"content\":\"ä\"},\"done\":false}\n",
            "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":9,\"eval_count\":3}\n",
        ],
        [Some(3), Some(9), None],
    ),
    (
        Kind::OllamaGenerate,
        &[
            "{\"response\":\"hm\",\"done\":false}\n",
            "{\"response\":\"ä\",\"done\":false}\n",
            "{\"response\":\"\",\"done\":true,\"prompt_eval_count\":9,\"eval_count\":3}",
        ],
        [Some(3), Some(9), None],
    ),
    (
        Kind::Tgi,
        &[
            "data:{\"index\":1,\"token\":{\"id\":5,\"text\":\"hm\",\"special\":false},\"generated_text\":null,\"details\":null}\n\n",
            "data:{\"index\":2,\"token\":{\"id\":6,\"text\":\"ä\",\"special\":false},\"generated_text\":null,\"details\":null}\n\n",
            "data:{\"index\":3,\"token\":{\"id\":2,\"text\":\"</s>\",\"special\":true},\"generated_text\":\"hmä\",\"details\":{\"finish_reason\":\"eos_token\",\"generated_tokens\":3,\"input_length\":9}}\n\n",
        ],
        [Some(3), Some(9), None],
    ),
    (
        Kind::Generate,
        &[
            "data: {\"model_name\":\"m\",\"text_output\":\"hm\"}\n\n",
            "data: {\"text_output\":\"ä\"}\n\n",
            "data: {\"text_output\":\"\"}\n\n",
        ],
        [None, None, None],
    ),
    (
        Kind::Transcriptions,
        &[
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"hm\"}\n\n",
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"ä\"}\n\n",
            "data: {\"type\":\"transcript.text.done\",\"text\":\"hmä\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":3}}\n\n",
        ],
        [Some(3), None, None],
    ),
];

#[test]
fn each_dialect_has_two_outputs_and_its_counts() {
    for (kind, pieces, [output, input, cached]) in STREAMS {
        let (told, outputs, answer, end) = stream(*kind, pieces);
        let told = text(told.unwrap_or_else(|failure| panic!("{kind}: {failure}")));
        assert_eq!(outputs.len(), 2, "{kind}");
        assert_eq!(
            (told.output_tokens, told.input_tokens, told.cached_tokens),
            (*output, *input, *cached),
            "{kind}"
        );
        assert_eq!((told.characters, end), (3, outputs.last().map(|last| last.0)), "{kind}");
        let has_reasoning = matches!(kind, Kind::Responses | Kind::Messages | Kind::OllamaChat);
        let kept = if has_reasoning { ("ä", "hm") } else { ("hmä", "") };
        assert_eq!((told.text.as_deref(), told.besides.as_deref()), (Some(kept.0), Some(kept.1)), "{kind}");
        assert_eq!(answer, outputs.get(usize::from(has_reasoning)).map(|first| first.0), "{kind}");
    }
}

#[test]
fn a_stream_without_its_end_is_cut() {
    for (kind, pieces, _) in STREAMS {
        let told = stream(*kind, &pieces[..pieces.len() - 1]).0.map_err(|failure| failure.class);
        match kind {
            Kind::Generate => assert!(told.is_ok(), "{kind}"),
            _ => assert_eq!(told.expect_err("cut"), Class::Cut, "{kind}"),
        }
        let empty = stream(*kind, &pieces[pieces.len() - 1..]).0.map_err(|failure| failure.class);
        assert_eq!(empty.expect_err("empty"), Class::Empty, "{kind}");
    }
}

#[test]
fn an_error_within_a_stream_is_a_failure() {
    for (kind, event, said) in [
        (Kind::Responses, "data: {\"type\":\"error\",\"code\":\"x\",\"message\":\"gone\"}\n\n", "gone"),
        (
            Kind::Responses,
            "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"x\",\"message\":\"gone\"}}}\n\n",
            "gone",
        ),
        (
            Kind::Messages,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
            "Overloaded",
        ),
        (Kind::OllamaChat, "{\"error\":\"model runner has stopped\"}\n", "model runner has stopped"),
        (
            Kind::Tgi,
            "data:{\"error\":\"Model is overloaded\",\"error_type\":\"overloaded\"}\n\n",
            "Model is overloaded",
        ),
        (Kind::Generate, "data: {\"error\":\"in ensemble\"}\n\n", "in ensemble"),
    ] {
        let failure = stream(kind, &[event]).0.expect_err("a failure");
        assert_eq!((failure.class, failure.message.as_str()), (Class::InAnswer, said), "{kind}");
    }
    for (kind, event) in
        [(Kind::Tgi, "data: {\n\n"), (Kind::Generate, "data: {\"x\":1}\n\n"), (Kind::OllamaChat, "x\n")]
    {
        assert_eq!(stream(kind, &[event]).0.expect_err("malformed").class, Class::Malformed, "{kind}");
    }
}

#[test]
fn tokens_of_tgi_are_told_one_by_one() {
    let (_, pieces, _) = STREAMS.iter().find(|(kind, ..)| *kind == Kind::Tgi).expect("there");
    assert_eq!(stream(Kind::Tgi, pieces).1, [(0, Some(1)), (1, Some(1))]);
}

#[test]
fn whole_answers_have_the_same_counts() {
    let told = whole(
        Kind::Responses,
        r#"{"status":"completed","error":null,"output":[{"type":"reasoning","summary":[{"text":"hm"}]},
            {"type":"message","content":[{"type":"output_text","text":"ä"}]}],"usage":{"output_tokens":3}}"#,
    );
    assert_eq!(told.map(|told| (told.characters, told.output_tokens)), Ok((3, Some(3))));
    let told = whole(
        Kind::Messages,
        r#"{"content":[{"type":"text","text":"abc"}],"usage":{"input_tokens":2,"output_tokens":3}}"#,
    );
    assert_eq!(told.map(|told| (told.characters, told.input_tokens)), Ok((3, Some(2))));
    for (kind, body, characters) in [
        (Kind::OllamaGenerate, r#"{"response":"abc","done":true,"eval_count":2}"#, 3),
        (Kind::Tgi, r#"{"generated_text":"abc","details":{"generated_tokens":2}}"#, 3),
        (Kind::Tgi, r#"[{"generated_text":"abc"}]"#, 3),
        (Kind::Generate, r#"{"text_output":"abc"}"#, 3),
        (Kind::Transcriptions, r#"{"text":"abc"}"#, 3),
    ] {
        assert_eq!(whole(kind, body).map(|told| told.characters), Ok(characters), "{kind}");
        assert_eq!(whole(kind, &body.replace("abc", "")).map(|_| ()), Err(Class::Empty), "{kind}");
    }
    assert_eq!(whole(Kind::Tgi, "{}").map(|_| ()), Err(Class::Malformed));
    assert_eq!(whole(Kind::Responses, r#"{"status":"failed"}"#).map(|_| ()), Err(Class::InAnswer));
}

proptest! {
    #[test]
    fn any_split_of_a_stream_gives_the_same_answer(which in 0..STREAMS.len(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..9)) {
        let (kind, pieces, _) = STREAMS[which];
        let text = pieces.concat().into_bytes();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let split: Vec<&[u8]> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        let settings = Settings { stream: true, keeps_text: true, ..Settings::default() };
        let (told, outputs, ..) = read(kind, &settings, &head("text/event-stream"), &split);
        let (expected, seen, ..) = stream(kind, pieces);
        prop_assert_eq!(told, expected);
        let held = |outputs: &[(u64, Option<u32>)]| outputs.iter().map(|output| output.1).collect::<Vec<_>>();
        prop_assert_eq!(held(&outputs), held(&seen));
    }
}
