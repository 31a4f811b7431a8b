//! Each change is reported once to each recipient that asks for it; a failure to deliver is reported too.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::history::{nights, slower_from_night_20};
use crate::stage::Stage;
use bench_testing::Ended;

/// The secret in the address, which must occur nowhere else.
const SECRET: &str = "T0PS3CRET";

/// A web server that gives every request the same answer, and keeps the requests.
struct Hook {
    address: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    /// Starts a server that answers with this status; if `None`, it never answers.
    fn answering(status: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/hooks/{SECRET}", listener.local_addr().expect("an address"));
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = bodies.clone();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().flatten() {
                kept.lock().expect("bodies").push(body(&stream));
                match status {
                    Some(status) => {
                        let answer = format!(
                            "HTTP/1.1 {status} x\r\nlocation: /{SECRET}\r\ncontent-length: 0\r\n\r\n"
                        );
                        (&stream).write_all(answer.as_bytes()).expect("answered");
                    }
                    None => silent.push(stream),
                }
            }
        });
        Hook { address, bodies }
    }

    fn bodies(&self) -> Vec<String> {
        self.bodies.lock().expect("bodies").clone()
    }
}

/// Reads the body of a request with a `Content-Length`.
fn body(stream: &TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("text")
}

/// Creates a stage with a store that contains one change, and these alerts.
fn changed(alerts: &str) -> Stage {
    let stage = nights(30, slower_from_night_20);
    stage.bench(&["store", "add"]).expect_code(0);
    fs::write(stage.path().join("bench.toml"), alerts).expect("written");
    stage
}

fn alert(stage: &Stage, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let arguments: Vec<&str> = ["alert"].iter().chain(arguments).copied().collect();
    let mut command: Command = stage.bench_command(&arguments);
    for proxy in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(proxy);
    }
    command.env_remove("GITHUB_STEP_SUMMARY").envs(environment.iter().copied());
    let ended = stage.end(&mut command);
    assert!(!ended.said().contains(SECRET), "{}", ended.said());
    ended
}

#[test]
fn a_change_is_told_once() {
    let hook = Hook::answering(Some(204));
    let stage = changed("[[alert]]\nwebhook = \"HOOK\"\n\n[[alert]]\nwebhook = \"CHAT\"\nshape = \"chat\"\n");
    let environment = [("HOOK", hook.address.as_str()), ("CHAT", hook.address.as_str())];
    let dry = alert(&stage, &["--dry-run"], &[]).expect_code(0);
    dry.expect_said(&["webhook HOOK would be notified:", "unit/spins  time: +3.0 % (worse)"]);
    assert!(hook.bodies().is_empty(), "nothing is sent in a dry run");
    alert(&stage, &[], &environment)
        .expect_code(0)
        .expect_said(&["webhook HOOK: notified of 1 change", "webhook CHAT: notified of 1 change"]);
    let bodies: Vec<Value> =
        hook.bodies().iter().map(|body| serde_json::from_str(body).expect("JSON")).collect();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    let change = &bodies[0]["changes"][0];
    assert_eq!(
        (&change["line"]["case"], &change["change"]["since"]["run"]),
        (&"unit/spins".into(), &"night-20".into())
    );
    assert!(bodies[1]["text"].as_str().expect("a text").contains("unit/spins"), "{}", bodies[1]);
    alert(&stage, &[], &environment).expect_code(0).expect_said(&["HOOK: nothing new", "CHAT: nothing new"]);
    // The record of sent news survives the rebuilding of the store.
    stage.bench(&["store", "rebuild"]).expect_code(0);
    alert(&stage, &[], &environment).expect_code(0).expect_said(&["HOOK: nothing new"]);
    assert_eq!(hook.bodies().len(), 2);
    let kept = fs::read(stage.results().join("history.sqlite")).expect("the store");
    let kept = String::from_utf8_lossy(&kept).into_owned();
    assert!(kept.contains("webhook HOOK") && !kept.contains(SECRET), "the store contains no secret");
}

#[test]
fn what_cannot_be_delivered_is_tried_again_and_told_the_next_time() {
    let stage = changed("[[alert]]\nwebhook = \"HOOK\"\ntimeout = \"300ms\"\n");
    let refusing = Hook::answering(Some(500));
    let told = "could not be notified of 1 change";
    alert(&stage, &[], &[("HOOK", &refusing.address)])
        .expect_code(1)
        .expect_said(&[told, "the answer was 500 (tried three times)"]);
    assert_eq!(refusing.bodies().len(), 3);
    let hanging = Hook::answering(None);
    alert(&stage, &[], &[("HOOK", &hanging.address)])
        .expect_code(1)
        .expect_said(&[told, "no answer within 300.0 ms"]);
    // A port on which nothing listens.
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let nobody = format!("http://{free}/{SECRET}");
    alert(&stage, &[], &[("HOOK", &nobody)]).expect_code(1).expect_said(&[told, "no connection"]);
    let forbidding = Hook::answering(Some(403));
    alert(&stage, &[], &[("HOOK", &forbidding.address)]).expect_code(1).expect_said(&["the answer was 403"]);
    assert_eq!(forbidding.bodies().len(), 1, "there is no point in asking again");
    let elsewhere = Hook::answering(Some(302));
    alert(&stage, &[], &[("HOOK", &elsewhere.address)]).expect_code(1).expect_said(&["the answer was 302"]);
    for wrong in [SECRET, "http://", "ftp://h/T0PS3CRET"] {
        alert(&stage, &[], &[("HOOK", wrong)]).expect_code(1).expect_said(&[told]);
    }
    alert(&stage, &[], &[]).expect_code(1).expect_said(&["HOOK", "is not set"]);
    let well = Hook::answering(Some(200));
    alert(&stage, &[], &[("HOOK", &well.address)]).expect_code(0).expect_said(&["notified of 1 change"]);
}

#[test]
fn commands_and_workflows_are_told() {
    let stage = changed(
        "[[alert]]\ncommand = [\"sh\", \"-c\", \"cat > told.json\"]\n\n[[alert]]\ngithub = \"annotations\"\n\n\
         [[alert]]\ngithub = \"summary\"\n",
    );
    let summary = stage.path().join("summary.md");
    fs::write(&summary, "before\n").expect("written");
    let environment = [("GITHUB_STEP_SUMMARY", summary.to_str().expect("a path"))];
    let ended = alert(&stage, &[], &environment).expect_code(0);
    let annotation = ended.stdout.lines().find(|line| line.starts_with("::")).expect("an annotation");
    assert!(annotation.starts_with("::warning title=Benchmarks::unit/spins  time: +3.0 %25"), "{annotation}");
    let told: Value =
        serde_json::from_slice(&fs::read(stage.path().join("told.json")).expect("told")).expect("JSON");
    assert_eq!(told["changes"][0]["line"]["case"], "unit/spins");
    let summary = fs::read_to_string(&summary).expect("a summary");
    assert!(
        summary.starts_with("before\n### Benchmarks: 1 change") && summary.contains("| worse |"),
        "{summary}"
    );
    // Outside of a workflow there is no summary; the other recipients must still be notified.
    fs::write(
        stage.path().join("bench.toml"),
        "[[alert]]\ngithub = \"summary\"\nchanges = \"all\"\n\n[[alert]]\ncommand = [\"true\"]\n",
    )
    .expect("written");
    alert(&stage, &[], &environment)
        .expect_code(0)
        .expect_said(&["GitHub summary: nothing new", "command true: notified"]);
    fs::write(stage.path().join("bench.toml"), "[[alert]]\ncommand = [\"no-such-program\"]\n")
        .expect("written");
    alert(&stage, &[], &[]).expect_code(1).expect_said(&["`no-such-program`"]);
}

#[test]
fn what_is_accepted_or_cleared_is_not_told() {
    let stage = changed("[[alert]]\ncommand = [\"true\"]\n");
    let decision = |ruling: &str| {
        format!(
            "{{\"findings\": [{{\"case\": \"unit/spins\", \"figure\": \"time\", \"ruling\": \"{ruling}\"}}]}}"
        )
    };
    fs::write(stage.path().join("decision.json"), decision("cleared")).expect("written");
    let with = ["--decision=decision.json", "--dry-run"];
    alert(&stage, &with, &[]).expect_code(0).expect_said(&["nothing new"]);
    fs::write(stage.path().join("decision.json"), decision("fails")).expect("written");
    alert(&stage, &with, &[]).expect_code(0).expect_said(&["would be notified"]);
    fs::write(stage.path().join("decision.json"), "[]").expect("written");
    alert(&stage, &with, &[]).expect_code(2).expect_said(&["decision.json", "bench gate --json"]);
    stage.bench(&["accept", "unit/spins", "--reason=wanted"]).expect_code(0);
    alert(&stage, &[], &[]).expect_code(0).expect_said(&["nothing new"]);
}

#[test]
fn without_anyone_to_tell_it_is_wrong_usage() {
    let stage = changed("[gate]\n");
    alert(&stage, &[], &[]).expect_code(2).expect_said(&["no [[alert]]"]);
    alert(&stage, &["--config=no.toml"], &[]).expect_code(2).expect_said(&["no.toml"]);
    fs::write(stage.path().join("bench.toml"), "[[alert]]\nwebhook = \"https://h/T0PS3CRET\"\n")
        .expect("written");
    alert(&stage, &[], &[]).expect_code(2).expect_said(&["bench.toml:2:11", "environment variable"]);
}
