//! Users who talk with a served model turn by turn.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_truth::{Act, Asked, Truth, chat, json, whole};
use serde_json::Value;

use crate::stage::{Stage, read_json};

/// Answers with the number of messages in the request, so that the answers of a conversation differ.
fn counting(asked: &Asked) -> Vec<Act> {
    let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
    let messages = body["messages"].as_array().expect("messages").len();
    vec![json(&format!(
        r#"{{"choices":[{{"message":{{"role":"assistant","content":"answer {messages}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":5,"completion_tokens":2}}}}"#
    ))]
}

const FILE: &str = r#"{"turns": ["How are you?", {"text": "Why?", "delay": 40, "max_tokens": 7}, "And now?"]}
{"turns": [{"text": "Tell me more."}, "Go on."]}
"#;

/// Returns the role and text of each request's messages, without the first call of the round, which belongs to no
/// level.
fn sent(server: &Truth) -> Vec<Vec<(String, String)>> {
    let chats = server.asked().into_iter().filter(|asked| !asked.body.is_empty()).skip(1);
    chats
        .map(|asked| {
            let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
            let text = |message: &Value, name: &str| message[name].as_str().expect("a text").to_owned();
            let messages = body["messages"].as_array().expect("messages").iter();
            messages.map(|message| (text(message, "role"), text(message, "content"))).collect()
        })
        .collect()
}

/// Creates a stage that contains [`FILE`].
fn stage_with_talks() -> Stage {
    let stage = Stage::new(&[]);
    std::fs::write(stage.path().join("talks.jsonl"), FILE).expect("written");
    stage
}

/// Returns the arguments that all loads with conversations have in common, with `more`.
fn load<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let common = [
        "load",
        url,
        "--endpoint=chat",
        "--model=m",
        "--input=talks.jsonl",
        "--warm-up=0",
        "--no-metrics",
        "-q",
    ];
    [&common[..], more].concat()
}

fn rows(stage: &Stage) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(stage.report().join("requests.csv")).expect("rows");
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn each_turn_sends_the_history_with_the_true_answers() {
    let server = Truth::start(counting);
    let stage = stage_with_talks();
    let flags =
        ["--no-stream", "--concurrency=2", "--requests=10", "--think-time=20ms", "--connections=sticky"];
    let ended = stage.bench(&load(&server.url(), &flags));
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    let sent = sent(&server);
    assert_eq!(sent.len(), 10);
    for messages in &sent {
        // Each request contains the whole conversation so far, with the answers of the server.
        for (place, (role, text)) in messages.iter().enumerate() {
            let is_answer = place % 2 == 1;
            assert_eq!(role, if is_answer { "assistant" } else { "user" });
            assert!(!is_answer || *text == format!("answer {place}"), "{messages:?}");
        }
        let (_, first) = &messages[0];
        let salted = first.ends_with("] How are you?") || first.ends_with("] Tell me more.");
        assert!(first.starts_with('[') && salted, "{first}");
    }
    // All turns of a conversation have the same salt, so that a prefix cache can recognize it.
    let longest = sent.iter().max_by_key(|messages| messages.len()).expect("requests");
    assert_eq!(longest.len(), 5);
    assert!(sent.iter().filter(|messages| messages[0] == longest[0]).count() == 3, "{sent:?}");
    let rows = rows(&stage);
    let mut places: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["conversation"].as_str(), row["turn"].as_str())).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 10, "{places:?}");
    // A user thinks before each turn except the first, which is not part of any latency.
    let time = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().expect("a time");
    let mut thought = 0;
    for row in rows.iter().filter(|row| row["turn"] != "1") {
        let turn: u64 = row["turn"].parse().expect("a number");
        let before = rows.iter().find(|other| {
            other["conversation"] == row["conversation"] && other["turn"] == (turn - 1).to_string()
        });
        let before = before.expect("the turn before");
        assert_eq!(before["client"], row["client"]);
        let least = if turn == 2 && row["conversation"].parse::<u64>().expect("a number") % 2 == 1 {
            0.040
        } else {
            0.020
        };
        assert!(time(row, "sent_s") - time(before, "end_s") >= least, "{row:?}");
        thought += 1;
    }
    assert!(thought >= 5, "{rows:?}");
    // The length of an answer in the file applies only to its turn.
    let bodies: Vec<Value> =
        server.asked().iter().map(|asked| serde_json::from_slice(&asked.body).expect("JSON")).collect();
    for body in &bodies {
        let turns = body["messages"].as_array().expect("messages");
        let is_why = turns.last().expect("a message")["content"] == "Why?";
        assert_eq!(body["max_tokens"].as_u64(), is_why.then_some(7), "{body}");
    }
    // Each user keeps one connection, and so one server if there are several.
    let mut connections: Vec<u64> = server.asked().iter().map(|asked| asked.connection as u64).collect();
    connections.sort_unstable();
    connections.dedup();
    assert_eq!(connections.len(), 2);
}

#[test]
fn streams_are_remembered_too_and_a_failure_ends_the_conversation() {
    let server = Truth::start(|asked| {
        let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
        match body["messages"].as_array().map(Vec::len) {
            Some(1) => chat(3, Duration::ZERO, Duration::ZERO),
            _ => vec![whole("503 Service Unavailable", &[], "")],
        }
    });
    let stage = stage_with_talks();
    stage.bench(&load(&server.url(), &["--concurrency=1", "--requests=6", "--max-failures=100%"]));
    let sent = sent(&server);
    let lengths: Vec<usize> = sent.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 3, 1, 3, 1, 3]);
    let (role, text) = &sent[1][1];
    assert!(role == "assistant" && !text.is_empty(), "{:?}", sent[1]);
}

#[test]
fn workers_have_conversations_of_their_own() {
    let server = Truth::start(counting);
    let stage = stage_with_talks();
    let url = server.url();
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address").to_string()
    };
    let workers: Vec<_> = ["--share=1/2", "--share=2/2"]
        .iter()
        .map(|share| {
            let rendezvous = format!("--rendezvous={address}");
            let flags = ["--no-stream", "--concurrency=2", "--requests=10", share, &rendezvous];
            let mut command = stage.bench_command(&load(&url, &flags));
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("started")
        })
        .collect();
    for worker in workers {
        let output = worker.wait_with_output().expect("ended");
        assert!(matches!(output.status.code(), Some(0 | 3)), "{:?}", output.status);
    }
    let record = read_json(&stage.report().join("run.json"));
    assert_eq!(record["cases"][0]["rounds"][0]["served"]["levels"][0]["requests"], 10);
    let rows = rows(&stage);
    let of = |client: &str| -> Vec<u64> {
        let own = rows.iter().filter(|row| row["client"] == client);
        own.map(|row| row["conversation"].parse().expect("a number")).collect()
    };
    assert!(of("0").iter().all(|number| number % 2 == 1), "{rows:?}");
    assert!(of("1").iter().all(|number| number % 2 == 0), "{rows:?}");
}

#[test]
fn what_is_no_conversation_is_refused() {
    let server = Truth::start(counting);
    let stage = Stage::new(&[]);
    let url = server.url();
    let refused = |text: &str, arguments: &[&str], said: &str| {
        let file = stage.path().join("talks.jsonl");
        std::fs::write(&file, text).expect("written");
        let input = format!("--input={}", file.display());
        let all = [&["load", &url, "--model=m", &input], arguments].concat();
        stage.bench(&all).expect_code(2).expect_said(&[said]);
    };
    let chat = "--endpoint=chat";
    refused(FILE, &[chat, "--rate=5"], "use --concurrency");
    refused(FILE, &["--endpoint=completions"], "`completions` has no turns");
    refused(r#"{"prompt": "hi"}"#, &[chat, "--think-time=1s"], "--think-time is for conversations");
    refused(&format!("{FILE}{}", r#"{"prompt": "hi"}"#), &[chat, "--concurrency=1"], "some are not");
    refused(r#"{"turns": ["hi", {"text": "x", "delay": -1}]}"#, &[chat], "line 1: a `delay` of -1");
    refused(r#"{"turns": ["hi", "  "]}"#, &[chat], "line 1: a turn without a text");
    refused(r#"{"turns": ["hi"], "prompt": "x"}"#, &[chat], "expected one of them");
    refused(FILE, &[chat, "--think-time=2"], "expected a time as 2s");
    assert!(server.asked().is_empty());
}
