//! A served model over HTTP, from the address to the report.

use std::process::Stdio;
use std::time::Duration;

use bench_endpoint::client::room_for_connections;
use bench_record::file_name;
use bench_testing::{signal, wait_until};
use bench_truth::{Act, Asked, Truth, chat, chunk, chunked, json, last_chunk, whole};
use serde_json::Value;

use crate::stage::{Stage, read_json};

/// Answers as a server with one model, whose chats have two tokens.
fn answers(asked: &Asked) -> Vec<Act> {
    match asked.path() {
        "/v1/models" => vec![json(r#"{"data":[{"id":"org/small"}]}"#)],
        "/v1/chat/completions" => chat(2, Duration::from_millis(2), Duration::from_millis(2)),
        _ => vec![whole("404 Not Found", &[], "")],
    }
}

/// Returns the record of the only run, and the levels of its only case.
fn levels(stage: &Stage) -> (Value, Vec<Value>) {
    let record = read_json(&stage.report().join("run.json"));
    let case = record["cases"][0].clone();
    let levels = case["rounds"][0]["served"]["levels"].as_array().expect("levels").clone();
    (case, levels)
}

fn metric(level: &Value, name: &str) -> Option<f64> {
    let metrics = level["metrics"].as_array().expect("metrics");
    metrics.iter().find(|metric| metric["name"] == name).and_then(|metric| metric["value"].as_f64())
}

#[test]
fn an_address_is_enough() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let ended = stage.bench(&["load", &server.url(), "--up-to=2", "--requests=8", "-q", "--as=vllm"]);
    // Whether such short levels are valid depends on the machine.
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    let (case, levels) = levels(&stage);
    assert_eq!(case["id"], "org_small/performance/chat");
    assert_eq!(case["source"], format!("{}/v1/chat/completions", server.url()));
    assert_eq!(levels[0]["requests"], 8);
    for name in ["RPS", "output tokens/s", "TTFT p50", "TPOT p50", "ITL p50", "time to head p50"] {
        assert!(metric(&levels[0], name).is_some_and(|value| value > 0.0), "{name}: {}", levels[0]);
    }
    let rows = std::fs::read_to_string(stage.report().join("requests.csv")).expect("rows");
    assert!(rows.lines().next().expect("a head").contains("connect_s,tls_s,head_s"), "{rows}");
    // The files for other tools describe the same requests.
    let names = ["vllm.json".to_owned(), format!("vllm-{}.json", file_name("concurrency 1"))];
    let of_vllm = names.iter().map(|name| stage.report().join(name)).find(|path| path.exists());
    let of_vllm = read_json(&of_vllm.expect("a file"));
    assert_eq!(
        (&of_vllm["completed"], &of_vllm["total_output_tokens"]),
        (&8.into(), &16.into()),
        "{of_vllm}"
    );
    let median = of_vllm["median_ttft_ms"].as_f64().expect("a time");
    let seconds = levels[0]["metrics"].as_array().expect("metrics").iter();
    let ttft =
        seconds.filter(|metric| metric["name"] == "TTFT p50").find_map(|metric| metric["value"].as_f64());
    // The median here is a nearest rank; that of the file is interpolated.
    assert!(median > 0.0 && ttft.is_some_and(|ttft| ttft * 1e3 <= median * 1.0001), "{of_vllm}");
    // Prompts differ in each request, so that no cache of the server knows them.
    let bodies: Vec<Vec<u8>> = server.asked().into_iter().map(|asked| asked.body).collect();
    let chats: Vec<&Vec<u8>> = bodies.iter().filter(|body| !body.is_empty()).collect();
    assert!(chats.iter().all(|one| chats.iter().filter(|other| other == &one).count() == 1));
    stage.bench(&["store", "add"]).expect_code(0);
    stage.bench(&["compare", "latest", "latest"]);
    stage.bench(&["report", "latest"]).expect_code(0);
}

#[test]
fn more_failures_than_may_be_exit_with_4_and_secrets_stay_secret() {
    let server = Truth::start(|asked| match asked.number % 2 {
        0 => chat(2, Duration::ZERO, Duration::ZERO),
        _ => vec![whole("401 Unauthorized", &[], r#"{"error":{"message":"not sk-hunter2"}}"#)],
    });
    let stage = Stage::new(&[]);
    let arguments =
        ["load", &server.url(), "--endpoint=chat", "--model=m", "--concurrency=1", "--requests=10"];
    let secret = ["--token-env=THE_TOKEN"];
    let mut command = stage.bench_command(&[&arguments[..], &secret].concat());
    command.env("THE_TOKEN", "sk-hunter2");
    let ended = stage.end(&mut command).expect_code(4);
    ended.expect_said(&["5 of 10 requests failed", "status-401: Unauthorized: not [secret]"]);
    assert!(server.asked().iter().all(|asked| asked.head.contains("Bearer sk-hunter2")));
    let files = std::fs::read_dir(stage.report()).expect("files").flatten();
    for file in files.map(|file| file.path()).filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("a file")).into_owned();
        assert!(!text.contains("hunter2"), "{}", file.display());
    }
    // Allows that share of requests to fail.
    let allowed = stage.bench(&[&arguments[..], &["--max-failures=60%"]].concat());
    assert_eq!(allowed.code, 0, "{}", allowed.said());
}

#[test]
fn a_server_that_answers_nothing_is_more_failures_than_may_be() {
    let server = Truth::start(|_| vec![whole("503 Service Unavailable", &[], "")]);
    let stage = Stage::new(&[]);
    let arguments = ["--endpoint=chat", "--model=m", "--concurrency=1", "--requests=5", "-q"];
    let ended = stage.bench(&[&["load", &server.url()], &arguments[..]].concat()).expect_code(4);
    ended.expect_said(&["requests failed", "503"]);
    let nobody = ["load", "http://127.0.0.1:1"];
    stage
        .bench(&[&nobody, &arguments[..]].concat())
        .expect_code(4)
        .expect_said(&["no request was answered", "refused"]);
}

#[test]
fn a_connection_is_what_was_asked_for_or_a_failure() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let url = server.url();
    let what = ["load", &url, "--endpoint=chat", "--model=m", "--concurrency=1", "--requests=2", "-q"];
    let ended = |more: &[&str]| stage.bench(&[&what, more].concat());
    // The server supports only HTTP/1.1.
    ended(&["--http2"]).expect_code(4).expect_said(&["protocol", "not HTTP/2"]);
    let identity = ["--client-cert=missing.pem", "--client-key=missing.pem"];
    ended(&identity).expect_code(2).expect_said(&["--client-cert needs an address that begins with https"]);
    ended(&identity[..1]).expect_code(2).expect_said(&["--client-key"]);
}

#[test]
fn two_servers_are_compared_in_turn() {
    let (base, candidate) = (Truth::start(answers), Truth::start(answers));
    let stage = Stage::new(&[]);
    let (of_base, of_candidate) = (base.url(), candidate.url());
    let arguments =
        ["compare", &of_base, &of_candidate, "--rounds=6", "--json=in_turn.json", "--seed=1", "-q"];
    let load = ["--", "--concurrency=1,2", "--requests=6"];
    let ended = stage.bench(&[&arguments[..], &load].concat());
    // The verdict on such short rounds depends on the machine.
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    ended.expect_said(&[&of_base, &of_candidate, "concurrency 2", "TTFT p50", "with 95 % confidence"]);
    let document = read_json(&stage.path().join("in_turn.json"));
    let figures = document["figures"].as_array().expect("figures");
    let named = |level: &str, name: &str| {
        figures.iter().any(|figure| figure["level"] == level && figure["metric"] == name)
    };
    for name in ["output tokens/s", "latency p50", "TTFT p50", "TPOT p50"] {
        assert!(named("concurrency 1", name) && named("concurrency 2", name), "{name}: {document}");
    }
    assert!(!figures.iter().any(|figure| figure["metric"] == "time to head p50"), "{document}");
    // Both servers have served the same number of requests, in turn: neither had finished before the other began.
    let chats = |server: &Truth| -> Vec<std::time::Instant> {
        server.asked().iter().filter(|asked| !asked.body.is_empty()).map(|asked| asked.at).collect()
    };
    let (chats_of_base, chats_of_candidate) = (chats(&base), chats(&candidate));
    assert_eq!(chats_of_base.len(), chats_of_candidate.len());
    assert!(chats_of_base[0] < chats_of_candidate[chats_of_candidate.len() - 1]);
    assert!(chats_of_candidate[0] < chats_of_base[chats_of_base.len() - 1]);
    let record = read_json(&stage.report().join("run.json"));
    let ids: Vec<&Value> =
        record["cases"].as_array().expect("cases").iter().map(|case| &case["id"]).collect();
    let id = |side: &str| format!("org_small/performance/chat[server={side}]");
    assert_eq!(ids, [&id("base"), &id("candidate")]);
    assert!(
        record["cases"]
            .as_array()
            .expect("cases")
            .iter()
            .all(|case| { case["rounds"].as_array().is_some_and(|rounds| rounds.len() == 6) })
    );
}

#[test]
fn servers_are_compared_with_servers_under_one_load() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let url = server.url();
    let refused = |arguments: &[&str], said: &[&str]| {
        stage.bench(&[&["compare", &url], arguments].concat()).expect_code(2).expect_said(said);
    };
    refused(&["HEAD"], &["can only be compared with another served model", "`HEAD`"]);
    refused(&[&url, "a-filter"], &["a comparison of servers does not support case filters"]);
    refused(&[&url, "--max-time=9s"], &["--duration 20s", "--rounds"]);
    refused(&[&url, "--", "--no-such"], &["after `--`, expected the flags of `bench load`", "--no-such"]);
    refused(&[&url, "--", "--find-rate", "--slo=latency_p50<=1s"], &["--find-rate is for `bench load`"]);
    refused(&["http://127.0.0.1:1"], &["http://127.0.0.1:1 does not answer", "refused"]);
    let ollama = Truth::start(|asked| match asked.path() {
        "/api/tags" => vec![json(r#"{"models":[{"name":"small"}]}"#)],
        _ => vec![whole("404 Not Found", &[], "")],
    });
    refused(&[&ollama.url()], &["`chat`", "--endpoint KIND"]);
    let sides = stage.bench(&["compare", "x", "y", "--rounds=9"]);
    sides.expect_code(2).expect_said(&["--rounds is for two served models"]);
}

#[test]
fn speech_has_its_own_metrics() {
    let server = Truth::start(|_| {
        vec![
            chunked("audio/pcm"),
            chunk([1; 8_000]),
            Act::WaitUntil(Duration::from_millis(5)),
            chunk([1; 8_000]),
            last_chunk(),
        ]
    });
    let stage = Stage::new(&[]);
    let url = format!("{}/tts/stream", server.url());
    let ended = stage.bench(&["load", &url, "--sample-rate=8000", "--rate=200", "--requests=20", "-q"]);
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    let (case, levels) = levels(&stage);
    assert_eq!((case["id"].as_str(), &levels[0]["requests"]), (Some("performance/tts-stream"), &20.into()));
    for name in ["ASPS", "RTF p50", "TTFA p50", "continuity"] {
        assert!(metric(&levels[0], name).is_some(), "{name}: {}", levels[0]);
    }
}

#[test]
fn an_interrupt_keeps_what_was_measured() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let url = server.url();
    let mut command = stage.bench_command(&["load", &url, "--concurrency=200", "--duration=1h", "-q"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    wait_until("requests come", || server.asked().len() > 600);
    signal("INT", child.id());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let (_, levels) = levels(&stage);
    assert!(levels[0]["succeeded"].as_u64().expect("a number") > 10, "{}", levels[0]);
    // Whether this many clients are too many depends on the machine.
    let causes = levels[0]["validity"]["causes"].as_array().expect("causes");
    assert!(causes.contains(&"interrupted".into()), "{}", levels[0]);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_sent() {
    let server = Truth::start(answers);
    let stage = Stage::new(&[]);
    let url = server.url();
    let refused = |arguments: &[&str], said: &[&str]| {
        stage.bench(&[&["load"], arguments].concat()).expect_code(2).expect_said(said);
    };
    refused(&["http://user:hunter2@host"], &["--token-env"]);
    refused(&[&url, "--token-env=NO_SUCH_TOKEN"], &["NO_SUCH_TOKEN is not set"]);
    refused(&[&url, "--header=Authorization: Bearer x"], &["--token-file"]);
    refused(&[&url, "--endpoint=chatty"], &["expected one of chat"]);
    refused(&[&url, "--input=missing.txt"], &["missing.txt cannot be read"]);
    refused(&[&url, "--endpoint=predict"], &["--input"]);
    refused(&[&url, "--concurrency=1", "--rate=2"], &["cannot be used with"]);
    refused(&["http://127.0.0.1:1"], &["does not answer: refused"]);
    refused(&["http://no-such-host.invalid"], &["dns"]);
    refused(&[&format!("{url}/nothing"), "--extra-body=[1]"], &["JSON object"]);
    refused(&[&format!("{url}/nothing")], &["--endpoint"]);
    refused(&[&url, &format!("{url}/v1/completions")], &["do not name the same endpoint"]);
    let ended = stage.bench(&["load", &url, "--dry-run", "--prompt=say hi", "--max-tokens=5"]).expect_code(0);
    for told in ["/v1/chat/completions", "say hi", "\"max_tokens\":5", "\"include_usage\":true"] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
    assert!(server.asked().iter().all(|asked| asked.path() != "/v1/chat/completions"));
    assert!(!stage.results().exists());
}

#[test]
fn a_model_of_tensors_is_sent_what_its_description_says() {
    let server = Truth::start(|asked| match asked.path() {
        "/v2" => vec![json(r#"{"name":"mlserver","version":"1.7.1","extensions":[]}"#)],
        "/v2/repository/index" => vec![json(r#"[{"name":"m","state":"READY"}]"#)],
        "/v2/models/m" => {
            vec![json(r#"{"name":"m","inputs":[{"name":"x","datatype":"FP32","shape":[-1,3]}]}"#)]
        }
        "/v2/models/m/infer" => {
            vec![json(r#"{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[1]}]}"#)]
        }
        _ => vec![whole("404 Not Found", &[], "")],
    });
    let stage = Stage::new(&[]);
    let ended = stage.bench(&["load", &server.url(), "--concurrency=2", "--requests=20"]);
    ended.expect_said(&[
        "random values for the inputs that the model has by its description: `x` FP32 [-1, 3]",
        "req/s",
    ]);
    let bodies: Vec<Value> = server
        .asked()
        .iter()
        .filter(|asked| asked.path() == "/v2/models/m/infer")
        .map(|asked| serde_json::from_slice(&asked.body).expect("JSON"))
        .collect();
    assert!(bodies.len() >= 20);
    assert!(
        bodies.iter().all(|body| body["inputs"][0]["data"].as_array().is_some_and(|data| data.len() == 3))
    );
    // A model that the server does not describe.
    let other = stage.bench(&["load", &format!("{}/v2/models/other/infer", server.url()), "--requests=20"]);
    other.expect_code(2).expect_said(&["does not describe the inputs of the model `other`", "--input"]);
    // Over gRPC, no list of models is requested.
    let grpc = server.url().replace("http://", "grpc://");
    let nameless = stage.bench(&["load", &grpc, "--requests=20"]);
    nameless.expect_code(2).expect_said(&["`grpc-infer` needs the name of a model: give it with --model"]);
}

#[test]
fn the_command_measures_how_exact_it_is() {
    let stage = Stage::new(&[]);
    // Whether such a level is valid depends on the machine.
    let ended = stage.bench(&["load", "--self-test", "--concurrency=3", "--quiet"]);
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    let ended = ended.expect_said(&["error of TTFT", "of ITL", "of latency", "client stall", "valid"]);
    let ended =
        ended.expect_said(&["send lag at 1,000 requests/s: median", "short requests of 64 clients: "]);
    let row = ended.stdout.lines().find(|line| line.starts_with("3 ")).expect("a row");
    assert_eq!(row.split_whitespace().nth(1), Some("20"), "{row}");
    assert!(!stage.path().join("benchmark_results").exists(), "nothing is kept");
    let refused = |flag: &str| stage.bench(&["load", "--self-test", flag]).expect_code(2);
    refused("--rate=5").expect_said(&["--rate has no effect with --self-test"]);
    refused("http://127.0.0.1:1").expect_said(&["an address has no effect with --self-test"]);
    // More streams than the system allows. If it allows them, the test is left out because it would take too long.
    if room_for_connections(2 * 65_536).is_err() {
        let ended = stage.bench(&["load", "--self-test", "--concurrency=65536", "--quiet"]);
        ended.expect_code(3).expect_said(&["ulimit -n", "No level is valid"]);
    }
}

/// Answers with six words, one in each event, without a number of tokens.
fn uncounted(asked: &Asked) -> Vec<Act> {
    if asked.path() == "/v1/models" {
        return vec![json(r#"{"data":[{"id":"m"}]}"#)];
    }
    let mut acts = vec![chunked("text/event-stream")];
    let words = [("reasoning_content", "so then"), ("content", "a b c d")];
    let words = words.iter().flat_map(|(field, text)| text.split(' ').map(move |word| (field, word)));
    for (number, (field, word)) in (1..).zip(words) {
        acts.push(Act::WaitUntil(Duration::from_millis(2) * number));
        let delta = format!(r#"{{"choices":[{{"delta":{{"{field}":"{word} "}},"finish_reason":null}}]}}"#);
        acts.push(chunk(format!("data: {delta}\n\n")));
    }
    acts.extend([chunk("data: [DONE]\n\n"), last_chunk()]);
    acts
}

#[test]
fn tokens_that_the_server_does_not_report_are_counted_with_a_tokenizer() {
    let server = Truth::start(uncounted);
    let stage = Stage::new(&[]);
    let folder = stage.path().join("model");
    std::fs::create_dir(&folder).expect("a folder");
    // Each word is a token.
    let words = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
        "model":{"type":"WordLevel","vocab":{"[UNK]":0},"unk_token":"[UNK]"}}"#;
    std::fs::write(folder.join("tokenizer.json"), words).expect("written");
    let url = server.url();
    let load = |tokenizer: &str| {
        let how = ["--concurrency=2", "--requests=10", "--warm-up=2", "--quiet"];
        stage.bench(&[&["load", &url, "--tokenizer", tokenizer], &how[..]].concat())
    };
    if !cfg!(feature = "tokenizer") {
        load("model").expect_code(2).expect_said(&["crates/bench-cli --features tokenizer"]);
        return;
    }
    load("missing.json").expect_code(2).expect_said(&["the tokenizer missing.json cannot be read"]);
    let ended = load("model");
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    ended.expect_said(&["the tokens of 13 answers were counted from their texts with model"]);
    let (_, levels) = levels(&stage);
    let each =
        metric(&levels[0], "output tokens/s").expect("a rate") / metric(&levels[0], "RPS").expect("a rate");
    assert!((each - 6.0).abs() < 1e-9, "{each}");
    assert!(metric(&levels[0], "TPOT p50").is_some(), "{}", levels[0]);
    let rows = std::fs::read_to_string(stage.report().join("requests.csv")).expect("rows");
    assert_eq!(rows.matches(",tokenizer,").count(), 10, "{rows}");
}
