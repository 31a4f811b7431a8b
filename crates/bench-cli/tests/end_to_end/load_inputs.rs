//! Inputs of `bench load`, the rates that it searches for, and the server's own metrics.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench_truth::{Act, Asked, Truth, chat, json, whole};
use serde_json::Value;

use crate::stage::{Stage, read_json};

/// Returns the bodies of the chats and completions that the server has received, in order.
fn bodies(server: &Truth) -> Vec<Value> {
    let asked = server.asked();
    let posts = asked.iter().filter(|asked| !asked.body.is_empty());
    posts.map(|asked| serde_json::from_slice(&asked.body).expect("JSON")).collect()
}

/// Answers with a number of prompt tokens: the words of the prompt, and 10 more.
fn counting(asked: &Asked) -> Vec<Act> {
    if asked.body.is_empty() {
        return vec![whole("404 Not Found", &[], "")];
    }
    let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
    let text = body["messages"][0]["content"].as_str().expect("a text");
    let words = text.split(' ').count() + 10;
    let tokens = body["max_tokens"].as_u64().unwrap_or(1);
    vec![json(&format!(
        r#"{{"choices":[{{"message":{{"content":"tok"}}}}],
            "usage":{{"prompt_tokens":{words},"completion_tokens":{tokens},"prompt_tokens_details":{{"cached_tokens":0}}}}}}"#
    ))]
}

const CHAT: [&str; 4] = ["--endpoint=chat", "--model=m", "--no-stream", "-q"];

#[test]
fn a_trace_is_replayed_with_its_lengths() {
    let server = Truth::start(counting);
    let stage = Stage::new(&[]);
    let trace = stage.path().join("azure.csv");
    let rows = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.10,100,7\r\n\
                2023-11-16 18:17:03.12,200,8\r\n2023-11-16 18:17:03.30,300,9\r\n";
    fs::write(&trace, rows).expect("written");
    let url = server.url();
    let replay = format!("--replay={}", trace.display());
    let arguments = [&["load", &url, &replay, "--replay-speed=2", "--warm-up=0"], &CHAT[..]].concat();
    let ended = stage.bench(&arguments);
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    let mut asked: Vec<(usize, u64, bool)> = bodies(&server)
        .iter()
        .map(|body| {
            let words = body["messages"][0]["content"].as_str().expect("a text").split(' ').count();
            (words, body["max_tokens"].as_u64().expect("a number"), body["ignore_eos"] == true)
        })
        .collect();
    asked.sort_unstable();
    // The first call, which is not part of the level, also sends the first row.
    asked.dedup();
    assert_eq!(asked, [(100, 7, true), (200, 8, true), (300, 9, true)]);
    let level =
        read_json(&stage.report().join("run.json"))["cases"][0]["rounds"][0]["served"]["levels"][0].clone();
    assert_eq!((&level["scenario"], &level["requests"]), (&"replay".into(), &3.into()));
    // Two gaps in 0.1 s.
    assert!((level["rate"].as_f64().expect("a rate") - 20.0).abs() < 0.01, "{level}");
    fs::write(&trace, rows.replace(".12", ".09")).expect("written");
    let unsorted = stage.bench(&["load", &url, &replay, "--endpoint=chat", "--model=m"]).expect_code(2);
    unsorted.expect_said(&["azure.csv: line 3: it comes 0.01", "sort the trace"]);
    fs::write(&trace, rows.replace(",200", ",200,5")).expect("written");
    stage
        .bench(&["load", &url, &replay, "--endpoint=chat", "--model=m"])
        .expect_code(2)
        .expect_said(&["line 3: it has 4 cells", "decimal commas"]);
}

#[test]
fn a_command_line_of_vllm_is_understood() {
    let server = Truth::start(|asked| match asked.path() {
        "/v1/completions" => {
            let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
            let words = body["prompt"].as_str().expect("a text").split(' ').count();
            let text = format!(
                "data: {{\"choices\":[{{\"text\":\"tok\",\"finish_reason\":\"length\"}}],\
                                \"usage\":{{\"prompt_tokens\":{words},\"completion_tokens\":9}}}}\n\ndata: [DONE]\n\n"
            );
            vec![whole("200 OK", &["Content-Type: text/event-stream"], text)]
        }
        _ => vec![whole("404 Not Found", &[], "")],
    });
    let stage = Stage::new(&[]);
    let url = server.url();
    let pasted = [
        "load",
        "vllm",
        "bench",
        "serve",
        "--base-url",
        &url,
        "--model",
        "m",
        "--dataset-name",
        "random",
        "--random-input-len",
        "64",
        "--random-output-len",
        "9",
        "--num-prompts",
        "10",
        "--max-concurrency",
        "2",
        "--seed",
        "3",
        "--ignore-eos",
        "--save-result",
    ];
    let ended = stage.bench(&pasted);
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    ended.expect_said(&[
        "as: bench load http",
        "--isl 64 --osl 9",
        "left out: --save-result",
        "exactly as long as requested",
    ]);
    let bodies = bodies(&server);
    // Two of the requests find out how many tokens a word has.
    assert!(bodies.len() >= 12, "{}", bodies.len());
    for body in &bodies[2..] {
        assert_eq!(body["prompt"].as_str().expect("a text").split(' ').count(), 64);
        assert_eq!(
            (&body["max_tokens"], &body["min_tokens"], &body["ignore_eos"]),
            (&9.into(), &9.into(), &true.into())
        );
    }
    let refused =
        stage.bench(&["load", "aiperf", "profile", "-m", "m", "--url", &url, "--api-key", "sk-hunter2"]);
    refused.expect_code(2).expect_said(&["--token-env"]);
}

#[test]
fn a_server_is_asked_what_it_did() {
    let answered = AtomicU64::new(0);
    let server = Truth::start(move |asked| match asked.path() {
        "/metrics" => {
            // From the second scrape on, 500 requests of another client are included.
            let own = answered.load(Ordering::Relaxed);
            let all = if own > 0 { own + 500 } else { 0 };
            let text = format!(
                "vllm:request_success_total {all}\nvllm:generation_tokens_total {}\nvllm:num_requests_waiting 0\n",
                all * 3
            );
            vec![whole("200 OK", &["Content-Type: text/plain; version=0.0.4"], text)]
        }
        "/v1/models" => vec![json(r#"{"data":[{"id":"m","owned_by":"vllm"}]}"#)],
        "/v1/chat/completions" => {
            answered.fetch_add(1, Ordering::Relaxed);
            counting(asked)
        }
        _ => vec![whole("404 Not Found", &[], "")],
    });
    let stage = Stage::new(&[]);
    let url = server.url();
    let arguments =
        [&["load", &url, "--concurrency=1", "--requests=20", "--max-tokens=3"], &CHAT[..]].concat();
    let ended = stage.bench(&arguments);
    ended.expect_said(&[
        "metrics of vLLM, over the whole run",
        "requests answered",
        // 22 requests: the first call, one of the warm-up, and the 20 that count.
        "another client uses this server: it answered 522 requests, and 22 of them were sent from here",
        "prefix cache: 0.0% of the prompts' tokens",
    ]);
    let rows = fs::read_to_string(stage.report().join("server.csv")).expect("rows");
    assert!(rows.starts_with("time_s,answered_total,") && rows.lines().count() >= 3, "{rows}");
    let probed = stage.bench(&["load", &url, "--probe"]).expect_code(0);
    for told in ["OpenAI-like (owned_by vllm)", "endpoint: chat", "models:   m", "metrics:  vLLM"] {
        assert!(probed.stdout.contains(told), "{told}: {}", probed.stdout);
    }
}

#[test]
fn the_exporter_of_gpus_is_read_with_the_server() {
    let text = |text: &'static str| vec![whole("200 OK", &["Content-Type: text/plain; version=0.0.4"], text)];
    let exporter = Truth::start(move |_| {
        text(
            "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",modelName=\"NVIDIA H200\"} 75\n\
             DCGM_FI_DEV_FB_USED{gpu=\"0\",modelName=\"NVIDIA H200\"} 3072\n\
             DCGM_FI_DEV_POWER_USAGE{gpu=\"0\",modelName=\"NVIDIA H200\"} 412.5\n",
        )
    });
    let server = Truth::start(move |asked| match asked.path() {
        "/metrics" => text("vllm:num_requests_running 0\nvllm:num_requests_waiting 0\n"),
        "/v1/models" => vec![json(r#"{"data":[{"id":"m","owned_by":"vllm"}]}"#)],
        _ => counting(asked),
    });
    let stage = Stage::new(&[]);
    let metrics = format!("--metrics-url={}/metrics", exporter.url());
    let ended = stage.bench(&[
        "load",
        &server.url(),
        "--concurrency=1",
        "--requests=20",
        "--no-stream",
        "-q",
        &metrics,
    ]);
    ended.expect_said(&[
        "metrics of vLLM and DCGM, over the whole run",
        "running at once",
        "75.0% mean, 75.0% most, 1 GPU",
        "3.0 GiB, most",
        "412 W mean, 412 W most",
    ]);
    let rows = fs::read_to_string(stage.report().join("server.csv")).expect("rows");
    assert!(
        rows.lines().next().expect("a head").ends_with(",gpus,gpu_busy_share,gpu_memory_bytes,gpu_power_w")
    );
    assert!(rows.lines().nth(1).expect("a row").ends_with(",1,0.75,3221225472,412.5"), "{rows}");
    let wrong = format!("--metrics-url={}/v1/models", server.url());
    let refused = stage.bench(&["load", &server.url(), "--concurrency=1", "--requests=20", "-q", &wrong]);
    refused.expect_code(2).expect_said(&["has no metrics of vLLM, SGLang, TGI, Triton, llama.cpp or DCGM"]);
}

#[test]
fn the_highest_rate_is_found_with_its_bounds() {
    // Requests are served one after another, 4 ms each: at most 250 per second.
    let turn = Mutex::new(());
    let server = Truth::start(move |_| {
        let _turn = turn.lock().expect("no panic");
        std::thread::sleep(Duration::from_millis(4));
        chat(2, Duration::ZERO, Duration::ZERO)
    });
    let stage = Stage::new(&[]);
    let url = server.url();
    let arguments =
        ["load", &url, "--endpoint=chat", "--model=m", "--find-rate=100", "--slo=latency_p50=25ms", "-q"];
    let ended = stage.bench(&arguments);
    let said = ended.said();
    let found =
        said.lines().find(|line| line.starts_with("latency_p50 <= 25ms: ")).expect("an answer").to_owned();
    // On a busy machine, it is possible that no rate meets the objective, which is then reported.
    let bounds: Vec<f64> = found
        .split(' ')
        .zip(found.split(' ').skip(1))
        .filter(|pair| pair.1.starts_with("req/s"))
        .filter_map(|pair| pair.0.parse().ok())
        .collect();
    assert!(!bounds.is_empty() && bounds.iter().all(|rate| *rate <= 1000.0), "{said}");
    if let [met, missed] = bounds[..] {
        assert!(met < missed && met < 400.0 && ended.code == 0, "{said}");
    }
    stage.bench(&["load", &url, "--find-rate"]).expect_code(2).expect_said(&["--slo"]);
}

#[test]
fn a_dry_run_shows_headers_and_no_secret() {
    let server = Truth::start(counting);
    let stage = Stage::new(&[]);
    let url = format!("{}/v1/messages", server.url());
    let mut command =
        stage.bench_command(&["load", &url, "--model=m", "--dry-run", "--isl=20", "--token-env=THE_TOKEN"]);
    command.env("THE_TOKEN", "sk-hunter2");
    let ended = stage.end(&mut command).expect_code(0);
    for told in ["anthropic-version: 2023-06-01", "x-api-key: [secret]", "\"content\":\"The about about"] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
    assert!(!ended.said().contains("hunter2") && server.asked().is_empty());
}

#[test]
fn the_files_of_a_folder_are_inputs_in_the_order_of_their_names() {
    let server = Truth::start(|_| vec![json("{}")]);
    let stage = Stage::new(&[]);
    let folder = stage.path().join("bodies");
    fs::create_dir_all(folder.join("deeper")).expect("a folder");
    for (name, text) in [("b.bin", "second"), ("a.bin", "first"), (".hidden", "no"), ("deeper/c.bin", "no")] {
        fs::write(folder.join(name), text).expect("written");
    }
    let input = format!("--input={}", folder.display());
    let url = server.url();
    let what = ["load", &url, "--endpoint=raw", "--path=/x", &input, "--concurrency=1", "-q"];
    stage.bench(&[&what[..], &["--requests=4", "--warm-up=0"]].concat());
    let bodies: Vec<String> = server
        .asked()
        .iter()
        .filter(|asked| asked.path() == "/x")
        .map(|asked| String::from_utf8_lossy(&asked.body).into_owned())
        .collect();
    // The first call of a case also sends the first input.
    assert_eq!(bodies, ["first", "first", "second", "first", "second"]);
    fs::remove_dir_all(&folder).expect("removed");
    fs::create_dir(&folder).expect("a folder");
    stage.bench(&what).expect_code(2).expect_said(&["has no file"]);
}

#[test]
fn a_scenario_file_is_a_load_for_each_combination_of_its_matrix() {
    let server = Truth::start(counting);
    let stage = Stage::new(&[]);
    let file = stage.path().join("chat.toml");
    let scenario = |more: &str| {
        let text = format!(
            "url = '{}'\nendpoint = 'chat'\nmodel = 'm'\nno_stream = true\nconcurrency = 1\nrequests = 4\n\
             prompt = 'hi'\n{more}",
            server.url()
        );
        fs::write(&file, text).expect("written");
        format!("--scenario={}", file.display())
    };
    let matrix = scenario("[matrix]\nmax_tokens = [3, 5]");
    let ended = stage.bench(&["load", &matrix, "--quiet", "--requests=6"]);
    assert!([0, 3].contains(&ended.code), "{}", ended.said());
    let mut cases: Vec<(String, u64)> = Vec::new();
    let runs = fs::read_dir(stage.results()).expect("runs").map(|run| run.expect("a run").path());
    for run in runs.filter(|path| path.join("run.json").exists() && !path.is_symlink()) {
        let case = &read_json(&run.join("run.json"))["cases"][0];
        let level = &case["rounds"][0]["served"]["levels"][0];
        cases.push((
            case["id"].as_str().expect("an id").to_owned(),
            level["requests"].as_u64().expect("a number"),
        ));
    }
    cases.sort();
    let id = |tokens: u32| format!("m/performance/chat[max-tokens={tokens}]");
    assert_eq!(cases, [(id(3), 6), (id(5), 6)]);
    let asked = bodies(&server);
    assert!([3, 5].iter().all(|tokens| asked.iter().any(|body| body["max_tokens"] == *tokens)), "{asked:?}");
    let unknown = scenario("concurency = 2");
    stage
        .bench(&["load", &unknown])
        .expect_code(2)
        .expect_said(&["chat.toml: unknown key `concurency`, did you mean `concurrency`?"]);
}
