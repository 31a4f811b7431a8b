//! A server of streamed chats for any client, which reports when it really sent each token.

use std::time::{Duration, Instant};

use bench_truth::{Act, Asked, Truth, chunk, chunked, json, last_chunk, whole};
use serde_json::json;

use crate::serve_until_dropped;

/// The number of the act that sends the first token; each token is followed by a wait.
const FIRST_TOKEN: usize = 3;

/// Serves chats of `tokens` tokens until the input ends. Then prints a line of JSON for each stream that was sent
/// completely: when its request had arrived, and when each token had been written, in seconds on the same clock.
pub(crate) fn serve(tokens: usize, first: Duration, gap: Duration) {
    let began = Instant::now();
    // Built once: building it for each request would delay all requests that arrive at the same time.
    let whole_stream = stream(tokens, first, gap);
    let server = Truth::start(move |asked| answer(asked, tokens, &whole_stream));
    serve_until_dropped(&server.url());
    let seconds = |at: Instant| at.duration_since(began).as_secs_f64();
    let (asked, sent) = (server.asked(), server.sent());
    let mut written: Vec<Vec<(usize, f64)>> = vec![Vec::new(); asked.len()];
    for write in sent {
        written[write.request].push((write.act, seconds(write.at)));
    }
    for (asked, written) in asked.iter().zip(written) {
        let at = |act: usize| written.iter().find(|(number, _)| *number == act).map(|(_, at)| *at);
        let token = |number: usize| at(FIRST_TOKEN + 2 * number);
        let sent: Option<Vec<f64>> = (0..tokens).map(token).collect();
        if let (true, Some(tokens)) = (is_stream(asked), sent) {
            println!("{}", json!({"came": seconds(asked.at), "tokens": tokens}));
        }
    }
}

/// Whether the request asks for a stream.
fn is_stream(asked: &Asked) -> bool {
    let body: Option<serde_json::Value> = serde_json::from_slice(&asked.body).ok();
    body.is_some_and(|body| body["stream"] == true)
}

fn answer(asked: &Asked, tokens: usize, whole_stream: &[Act]) -> Vec<Act> {
    if asked.path().ends_with("/models") {
        return vec![json(
            r#"{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"x"}]}"#,
        )];
    }
    if asked.path() == "/health" {
        return vec![json("{}")];
    }
    if !asked.path().ends_with("/chat/completions") {
        return vec![whole("404 Not Found", &[], "")];
    }
    if !is_stream(asked) {
        let usage = usage(tokens);
        let message = json!({"role": "assistant", "content": "tok ".repeat(tokens)});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        let body = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage});
        return vec![json(&body.to_string())];
    }
    whole_stream.to_vec()
}

fn usage(tokens: usize) -> serde_json::Value {
    json!({"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens})
}

/// Returns the acts of a streamed chat.
fn stream(tokens: usize, first: Duration, gap: Duration) -> Vec<Act> {
    let event = |choices: serde_json::Value, usage: serde_json::Value| {
        let mut body = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices});
        if !usage.is_null() {
            body["usage"] = usage;
        }
        chunk(format!("data: {body}\n\n"))
    };
    let delta = |delta: serde_json::Value, reason: serde_json::Value| {
        event(json!([{"index": 0, "delta": delta, "finish_reason": reason}]), serde_json::Value::Null)
    };
    let mut acts = vec![
        chunked("text/event-stream"),
        delta(json!({"role": "assistant", "content": ""}), serde_json::Value::Null),
    ];
    for number in 0..tokens {
        acts.push(Act::WaitUntil(first + gap * u32::try_from(number).unwrap_or(u32::MAX)));
        acts.push(delta(json!({"content": "tok "}), serde_json::Value::Null));
    }
    acts.push(delta(json!({}), json!("stop")));
    acts.push(event(json!([]), usage(tokens)));
    acts.push(chunk("data: [DONE]\n\n"));
    acts.push(last_chunk());
    acts
}
