//! Streams of text as servers other than OpenAI's chat send them.

use std::time::Duration;

use super::acts::{Act, chunk, chunked, last_chunk};

/// An interface that [`dialect`] speaks.
#[derive(Clone, Copy, Debug)]
pub enum Dialect {
    /// OpenAI `/v1/responses`.
    Responses,
    /// Anthropic `/v1/messages`.
    Messages,
    /// Ollama `/api/generate`.
    OllamaGenerate,
    /// Ollama `/api/chat`.
    OllamaChat,
    /// TGI `/generate_stream`.
    Tgi,
    /// Triton `/v2/models/MODEL/generate_stream`.
    Triton,
    /// OpenAI `/v1/audio/transcriptions`.
    Transcription,
}

/// Returns the acts of a stream of this interface: its head (act 0) and the events before any text (act 1) at once,
/// then for each of `tokens` tokens of four characters a wait for `gap` more (acts 2, 4, …) and the token (acts 3, 5,
/// …), and the end.
pub fn dialect(spoken: Dialect, tokens: usize, gap: Duration) -> Vec<Act> {
    let event = |kind: &str, data: &str| format!("event: {kind}\ndata: {data}\n\n");
    let data = |data: &str| format!("data: {data}\n\n");
    let (content_type, begin, token, end) = match spoken {
        Dialect::Responses => (
            "text/event-stream",
            event("response.created", r#"{"type":"response.created","response":{"status":"in_progress"}}"#),
            event("response.output_text.delta", r#"{"type":"response.output_text.delta","delta":"tok "}"#),
            event(
                "response.completed",
                &format!(
                    r#"{{"type":"response.completed","response":{{"usage":{{"input_tokens":5,"output_tokens":{tokens}}}}}}}"#
                ),
            ),
        ),
        Dialect::Messages => (
            "text/event-stream",
            event(
                "message_start",
                r#"{"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1}}}"#,
            ),
            event(
                "content_block_delta",
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"tok "}}"#,
            ),
            event(
                "message_delta",
                &format!(r#"{{"type":"message_delta","delta":{{}},"usage":{{"output_tokens":{tokens}}}}}"#),
            ) + &event("message_stop", r#"{"type":"message_stop"}"#),
        ),
        Dialect::OllamaGenerate => (
            "application/x-ndjson",
            "{\"response\":\"\",\"done\":false}\n".to_owned(),
            "{\"response\":\"tok \",\"done\":false}\n".to_owned(),
            format!("{{\"response\":\"\",\"done\":true,\"prompt_eval_count\":5,\"eval_count\":{tokens}}}\n"),
        ),
        Dialect::OllamaChat => (
            "application/x-ndjson",
            "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n".to_owned(),
            "{\"message\":{\"role\":\"assistant\",\"content\":\"tok \"},\"done\":false}\n".to_owned(),
            format!(
                "{{\"message\":{{\"content\":\"\"}},\"done\":true,\"prompt_eval_count\":5,\"eval_count\":{tokens}}}\n"
            ),
        ),
        Dialect::Tgi => (
            "text/event-stream",
            ":\n\n".to_owned(),
            data(r#"{"token":{"id":5,"text":"tok ","special":false},"generated_text":null,"details":null}"#),
            data(&format!(
                r#"{{"token":{{"id":2,"text":"</s>","special":true}},"generated_text":"…","details":{{"generated_tokens":{tokens}}}}}"#
            )),
        ),
        Dialect::Triton => (
            "text/event-stream",
            data(r#"{"model_name":"m","text_output":""}"#),
            data(r#"{"model_name":"m","text_output":"tok "}"#),
            data(r#"{"model_name":"m","text_output":""}"#),
        ),
        Dialect::Transcription => (
            "text/event-stream",
            ": listening\n\n".to_owned(),
            data(r#"{"type":"transcript.text.delta","delta":"tok "}"#),
            data(&format!(
                r#"{{"type":"transcript.text.done","text":"…","usage":{{"output_tokens":{tokens}}}}}"#
            )),
        ),
    };
    let mut acts = vec![chunked(content_type), chunk(begin)];
    for number in 1..=tokens {
        acts.push(Act::WaitUntil(gap * u32::try_from(number).unwrap_or(u32::MAX)));
        acts.push(chunk(&token));
    }
    acts.extend([chunk(end), last_chunk()]);
    acts
}
