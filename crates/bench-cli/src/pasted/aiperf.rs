//! Translates `aiperf profile`, and its predecessor `genai-perf profile`.

use super::typed::{Typed, push, push_some, with_deviation};
use super::{Ours, capped};

pub(super) const SWITCHES: &[&str] = &[
    "--streaming",
    "--fixed-schedule",
    "--verbose",
    "-v",
    "--no-server-metrics",
    "--use-server-token-count",
];

pub(super) const LISTS: &[&str] = &["--extra-inputs", "--goodput", "--header", "-H"];

/// Flags that affect neither the requests nor the measurement, with the reasons.
const LEFT_OUT: &[(&str, &str)] = &[
    ("--tokenizer", "the server counts tokens"),
    ("--tokenizer-trust-remote-code", "no code is loaded"),
    ("--use-server-token-count", "the server counts tokens"),
    ("--ui", "use --quiet"),
    ("--ui-type", "use --quiet"),
    ("--verbose", "the record contains everything"),
    ("-v", "the record contains everything"),
    ("--num-dataset-entries", "every prompt is unique"),
    ("--num-prompts", "every prompt is unique"),
    ("--workers-max", "one process sends all requests"),
    ("--profile-export-file", "each run has its own folder"),
    ("--server-metrics", "the server's metrics are read automatically"),
    ("--gpu-telemetry", "use the machine's own counters"),
];

/// # Errors
/// If a flag has no equivalent.
pub(super) fn translated(mut typed: Typed) -> Result<Ours, String> {
    let url = typed.take(&["--url", "-u"]).unwrap_or("http://localhost:8000".to_owned());
    let mut arguments = vec![url.clone()];
    let kind = typed.take(&["--endpoint-type"]).unwrap_or("chat".to_owned()).replace('_', "-");
    let kind = match kind.as_str() {
        "chat" | "completions" | "responses" | "embeddings" => kind.as_str(),
        "messages" | "anthropic-messages" => "messages",
        "rankings" | "cohere-rankings" | "nim-rankings" => "rerank",
        "huggingface-generate" | "hf-generate" => "tgi",
        "image-generation" | "images-generations" => "images",
        "audio-transcriptions" | "asr" => "transcriptions",
        other => {
            return Err(format!(
                "`--endpoint-type {other}` has no equivalent: see --endpoint in `bench load --help`; `--endpoint raw` sends any body"
            ));
        }
    };
    push(&mut arguments, "--endpoint", kind);
    push_some(&mut arguments, "--path", typed.take(&["--endpoint", "--custom-endpoint"]));
    push_some(&mut arguments, "--model", typed.take(&["--model", "-m", "--model-names"]));
    if !typed.has(&["--streaming"])
        && matches!(kind, "chat" | "completions" | "responses" | "messages" | "tgi")
    {
        arguments.push("--no-stream".to_owned());
    }
    inputs(&mut typed, &mut arguments)?;
    pace(&mut typed, &mut arguments, &url)?;
    push_some(&mut arguments, "--seed", typed.take(&["--random-seed"]));
    push_some(&mut arguments, "--output-dir", typed.take(&["--artifact-dir", "--output-artifact-dir"]));
    push_some(&mut arguments, "--timeout", typed.take(&["--request-timeout-seconds"]).map(|time| time + "s"));
    if typed.has(&["--no-server-metrics"]) {
        arguments.push("--no-metrics".to_owned());
    }
    for header in typed.take_all(&["--header", "-H"]) {
        let is_one = header.split_once(':').is_some_and(|(_, value)| value.starts_with(' '));
        push(&mut arguments, "--header", if is_one { header } else { header.replacen(':', ": ", 1) });
    }
    let goodput = typed.take_all(&["--goodput"]);
    push_some(&mut arguments, "--slo", (!goodput.is_empty()).then(|| slo(&goodput)).transpose()?);
    push_some(&mut arguments, "--extra-body", body(&typed.take_all(&["--extra-inputs"]))?);
    if typed.has(&["--api-key"]) {
        return Err("`--api-key` would be seen by all users of this machine: put the key into an environment variable, and \
                    give its name with --token-env NAME"
            .to_owned());
    }
    let left_out = typed.leave_out(LEFT_OUT);
    typed.finish()?;
    Ok(Ours { arguments, left_out })
}

fn inputs(typed: &mut Typed, arguments: &mut Vec<String>) -> Result<(), String> {
    let osl = with_deviation(
        typed.take(&["--output-tokens-mean", "--osl"]),
        typed.take(&["--output-tokens-stddev", "--osl-stddev"]),
    );
    let isl = with_deviation(
        typed.take(&["--synthetic-input-tokens-mean", "--prompt-input-tokens-mean", "--isl"]),
        typed.take(&["--synthetic-input-tokens-stddev", "--prompt-input-tokens-stddev", "--isl-stddev"]),
    );
    if let Some(name) = typed.take(&["--public-dataset"]) {
        return Err(format!(
            "`--public-dataset {name}` has no equivalent: download its file, and give it with `--input FILE`"
        ));
    }
    let file = typed.take(&["--input-file"]);
    let format = match typed.take(&["--custom-dataset-type"]).as_deref() {
        None => None,
        Some("single_turn" | "single-turn") => Some("jsonl"),
        Some("mooncake_trace" | "mooncake-trace") => Some("mooncake"),
        Some(other) => {
            return Err(format!(
                "`--custom-dataset-type {other}` has no equivalent: JSON lines of `prompt` or `messages` are read by \
                 `--input FILE.jsonl`"
            ));
        }
    };
    match (file, typed.has(&["--fixed-schedule"])) {
        (Some(file), true) => push(arguments, "--replay", file),
        (Some(file), false) => push(arguments, "--input", file),
        (None, true) => return Err("`--fixed-schedule` needs `--input-file FILE`".to_owned()),
        (None, false) => push_some(arguments, "--isl", isl.or(Some("550".to_owned()))),
    }
    push_some(arguments, "--format", format.map(str::to_owned));
    push_some(arguments, "--osl", osl);
    push_some(arguments, "--shared-prefix", typed.take(&["--shared-system-prompt-length"]));
    Ok(())
}

fn pace(typed: &mut Typed, arguments: &mut Vec<String>, url: &str) -> Result<(), String> {
    let requests = typed.take(&["--request-count", "--num-requests"]);
    let duration = typed.take(&["--benchmark-duration"]);
    let pattern = typed.take(&["--arrival-pattern", "--request-rate-mode"]);
    let smoothness = typed.take(&["--arrival-smoothness"]);
    let is_replay = arguments.iter().any(|argument| argument == "--replay");
    match (typed.take(&["--request-rate"]), typed.take(&["--concurrency"])) {
        (Some(rate), Some(concurrency)) => return Err(capped(url, &rate, &concurrency)),
        (Some(rate), None) => {
            push(arguments, "--rate", rate);
            match (pattern.as_deref(), smoothness) {
                (Some("constant"), _) => push(arguments, "--arrival", "constant"),
                (Some("gamma"), shape) => {
                    push(arguments, "--arrival", format!("gamma:{}", shape.unwrap_or("1".to_owned())));
                }
                _ => {}
            }
        }
        (None, _) if is_replay => {}
        (None, concurrency) => push(arguments, "--concurrency", concurrency.unwrap_or("1".to_owned())),
    }
    push_some(arguments, "--requests", requests);
    push_some(arguments, "--duration", duration.map(|seconds| seconds + "s"));
    push_some(arguments, "--warm-up", typed.take(&["--warmup-request-count"]));
    Ok(())
}

/// Translates conditions such as `time_to_first_token:300 inter_token_latency:20`, in milliseconds, for `--slo`.
fn slo(conditions: &[String]) -> Result<String, String> {
    let all = conditions.iter().flat_map(|some| some.split_whitespace()).map(|condition| {
        let (name, limit) = condition
            .split_once(':')
            .ok_or_else(|| format!("`--goodput {condition}`: expected NAME:LIMIT"))?;
        let name = match name {
            "time_to_first_token" | "ttft" => "ttft",
            // aiperf's inter-token latency is one mean for each request.
            "inter_token_latency" | "itl" | "tpot" => "tpot",
            "request_latency" => "service_latency",
            other => {
                return Err(format!(
                    "`--goodput {other}` has no equivalent: see --slo in `bench load --help`"
                ));
            }
        };
        Ok(format!("{name}:{limit}"))
    });
    Ok(all.collect::<Result<Vec<_>, String>>()?.join(","))
}

/// Translates `name:value` pairs, or a JSON object, for `--extra-body`; `None` if there are none.
fn body(inputs: &[String]) -> Result<Option<String>, String> {
    let mut body = serde_json::Map::new();
    for input in inputs {
        if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(input) {
            body.extend(object);
            continue;
        }
        let (name, value) =
            input.split_once(':').ok_or_else(|| format!("`--extra-inputs {input}`: expected NAME:VALUE"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        body.insert(name.to_owned(), value);
    }
    (!body.is_empty()).then(|| serde_json::to_string(&body).map_err(|error| error.to_string())).transpose()
}
