//! Translates `vllm bench serve`, and its predecessor `benchmark_serving.py`.

use super::typed::{Typed, push, push_some};
use super::{Ours, capped};

pub(super) const SWITCHES: &[&str] = &[
    "--ignore-eos",
    "--save-result",
    "--save-detailed",
    "--append-result",
    "--disable-tqdm",
    "--trust-remote-code",
    "--profile",
    "--insecure",
    "--disable-shuffle",
    "--no-oversample",
    "--no-stream",
    "--use-beam-search",
    "--skip-chat-template",
];

pub(super) const LISTS: &[&str] = &["--goodput", "--metadata", "--header", "--lora-modules"];

/// Flags that affect neither the requests nor the measurement, with the reasons.
const LEFT_OUT: &[(&str, &str)] = &[
    ("--tokenizer", "the server counts tokens"),
    ("--tokenizer-mode", "the server counts tokens"),
    ("--trust-remote-code", "no code is loaded"),
    ("--save-result", "results are always saved"),
    ("--save-detailed", "requests.csv has every request"),
    ("--append-result", "no run overwrites another"),
    ("--result-filename", "each run has its own folder"),
    ("--disable-tqdm", "use --quiet"),
    ("--percentile-metrics", "all metrics have percentiles"),
    ("--metric-percentiles", "p50, p95 and p99, and all values in requests.csv"),
    ("--metadata", "use --label or --save-as"),
    ("--ready-check-timeout-sec", "a server that does not answer is reported immediately"),
    ("--disable-shuffle", "the order of a file is kept"),
    ("--no-oversample", "inputs are sent again if there are too few"),
    ("--skip-chat-template", "chats are sent as messages, other prompts as they are"),
    ("--request-id-prefix", "requests are numbered"),
    ("--num-warmup-requests", "use --warm-up"),
];

/// # Errors
/// If a flag has no equivalent.
pub(super) fn translated(mut typed: Typed) -> Result<Ours, String> {
    let url = match (typed.take(&["--base-url"]), typed.take(&["--host"]), typed.take(&["--port"])) {
        (Some(url), ..) => url,
        (None, host, port) => {
            let (host, port) = (host.unwrap_or("127.0.0.1".to_owned()), port.unwrap_or("8000".to_owned()));
            format!("http://{host}:{port}")
        }
    };
    let mut arguments = vec![url.clone()];
    let backend = typed.take(&["--backend", "--endpoint-type"]).unwrap_or("openai".to_owned());
    let path = typed.take(&["--endpoint"]);
    let kind = match backend.as_str() {
        // The path shows whether it is for chats or for completions.
        "vllm" | "openai" | "sglang-oai" | "lmdeploy"
            if path.as_ref().is_some_and(|path| path.ends_with("/chat/completions")) =>
        {
            "chat"
        }
        "vllm" | "openai" | "sglang-oai" | "lmdeploy" => "completions",
        "openai-chat" | "vllm-chat" => "chat",
        "openai-audio" => "transcriptions",
        "openai-embeddings" | "openai-embeddings-chat" => "embeddings",
        "vllm-rerank" => "rerank",
        "tgi" => "tgi",
        other => {
            return Err(format!(
                "`--backend {other}` has no equivalent: see --endpoint in `bench load --help`; `--endpoint raw` sends any body"
            ));
        }
    };
    push(&mut arguments, "--endpoint", kind);
    let usual = [
        "/v1/completions",
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/rerank",
        "/v1/audio/transcriptions",
    ];
    push_some(&mut arguments, "--path", path.filter(|path| !usual.contains(&path.as_str())));
    let model = typed.take(&["--model"]);
    push_some(&mut arguments, "--model", typed.take(&["--served-model-name"]).or(model));
    dataset(&mut typed, &mut arguments)?;
    pace(&mut typed, &mut arguments, &url)?;
    push_some(&mut arguments, "--seed", typed.take(&["--seed"]));
    if typed.has(&["--ignore-eos"]) {
        arguments.push("--ignore-eos".to_owned());
    }
    if typed.has(&["--no-stream"]) {
        arguments.push("--no-stream".to_owned());
    }
    let goodput = typed.take_all(&["--goodput"]);
    // `e2el` of vLLM is measured as `service_latency` is, and not as the headline `latency`.
    let slo: Vec<String> =
        goodput.iter().map(|condition| condition.replace("e2el:", "service_latency:")).collect();
    push_some(&mut arguments, "--slo", (!slo.is_empty()).then(|| slo.join(",")));
    push_some(&mut arguments, "--output-dir", typed.take(&["--result-dir"]));
    push_some(&mut arguments, "--label", typed.take(&["--label"]));
    for header in typed.take_all(&["--header"]) {
        push(&mut arguments, "--header", header.replacen('=', ": ", 1));
    }
    push_some(&mut arguments, "--extra-body", body(&mut typed)?);
    refuse(&mut typed)?;
    let left_out = typed.leave_out(LEFT_OUT);
    typed.finish()?;
    Ok(Ours { arguments, left_out })
}

/// Translates the flags for inputs.
fn dataset(typed: &mut Typed, arguments: &mut Vec<String>) -> Result<(), String> {
    let name = typed.take(&["--dataset-name"]).unwrap_or("random".to_owned());
    let path = typed.take(&["--dataset-path"]);
    let input = typed.take(&["--random-input-len", "--input-len"]);
    let output = typed.take(&[
        "--random-output-len",
        "--output-len",
        "--sharegpt-output-len",
        "--custom-output-len",
        "--hf-output-len",
    ]);
    let prefix = typed.take(&["--random-prefix-len"]);
    let ratio = typed.take(&["--random-range-ratio"]);
    let format = match name.as_str() {
        "random" => {
            let ratio = ratio.map_or(Ok(0.0), |ratio| {
                let number = ratio.parse::<f64>().ok().filter(|ratio| (0.0..1.0).contains(ratio));
                number.ok_or_else(|| format!("`--random-range-ratio {ratio}`: expected a share below 1"))
            })?;
            // The defaults are those of vLLM.
            push(arguments, "--isl", spread(&input.unwrap_or("1024".to_owned()), ratio)?);
            push(arguments, "--osl", spread(&output.unwrap_or("128".to_owned()), ratio)?);
            push_some(arguments, "--shared-prefix", prefix.filter(|prefix| prefix != "0"));
            return Ok(());
        }
        "sharegpt" => "share-gpt",
        "burstgpt" => "burst-gpt",
        "custom" => "jsonl",
        other => {
            return Err(format!(
                "`--dataset-name {other}` has no equivalent: write its prompts as JSON lines, \
                 {{\"prompt\": \"…\", \"max_tokens\": 128}}, and give them with `--input FILE.jsonl`"
            ));
        }
    };
    let path = path.ok_or_else(|| format!("`--dataset-name {name}` needs `--dataset-path FILE`"))?;
    push(arguments, "--input", path);
    push(arguments, "--format", format);
    push_some(arguments, "--max-tokens", output);
    Ok(())
}

/// Returns the length `n`, or the range from `n (1 − ratio)` to `n (1 + ratio)` from which vLLM draws lengths.
fn spread(tokens: &str, ratio: f64) -> Result<String, String> {
    let number = tokens.parse::<f64>().map_err(|_| format!("`{tokens}`: expected a number of tokens"))?;
    let at = |factor: f64| (number * factor).floor().max(1.0);
    Ok(if ratio == 0.0 { tokens.to_owned() } else { format!("{}-{}", at(1.0 - ratio), at(1.0 + ratio)) })
}

/// Translates the flags for the pace of requests.
fn pace(typed: &mut Typed, arguments: &mut Vec<String>, url: &str) -> Result<(), String> {
    let rate = typed.take(&["--request-rate"]).filter(|rate| rate != "inf");
    let burstiness = typed.take(&["--burstiness"]).filter(|shape| shape.parse::<f64>() != Ok(1.0));
    match (rate, typed.take(&["--max-concurrency"])) {
        (Some(rate), Some(concurrency)) => return Err(capped(url, &rate, &concurrency)),
        (Some(rate), None) => {
            push(arguments, "--rate", rate);
            push_some(arguments, "--arrival", burstiness.map(|shape| format!("gamma:{shape}")));
        }
        (None, Some(concurrency)) => push(arguments, "--concurrency", concurrency),
        (None, None) => arguments.push("--offline".to_owned()),
    }
    let prompts = typed.take(&["--num-prompts"]).unwrap_or("1000".to_owned());
    push(arguments, "--requests", thousands(&prompts));
    push_some(arguments, "--warm-up", typed.take(&["--num-warmups"]));
    Ok(())
}

/// Writes `1k` as `1000`.
fn thousands(number: &str) -> String {
    match number.strip_suffix(['k', 'K']).and_then(|number| number.parse::<f64>().ok()) {
        Some(thousands) => format!("{}", (thousands * 1000.0).round()),
        None => number.to_owned(),
    }
}

/// Returns the fields for `--extra-body`, with those that have their own flags in vLLM; `None` if there are none.
fn body(typed: &mut Typed) -> Result<Option<String>, String> {
    let mut body: serde_json::Map<String, serde_json::Value> = match typed.take(&["--extra-body"]) {
        Some(text) => serde_json::from_str(&text).map_err(|error| format!("--extra-body: {error}"))?,
        None => serde_json::Map::new(),
    };
    let fields = [
        ("--temperature", "temperature"),
        ("--top-p", "top_p"),
        ("--top-k", "top_k"),
        ("--min-p", "min_p"),
        ("--frequency-penalty", "frequency_penalty"),
        ("--presence-penalty", "presence_penalty"),
        ("--repetition-penalty", "repetition_penalty"),
        ("--logprobs", "logprobs"),
    ];
    for (flag, field) in fields {
        if let Some(value) = typed.take(&[flag]) {
            let value = serde_json::from_str(&value).unwrap_or(serde_json::Value::String(value));
            body.insert(field.to_owned(), value);
        }
    }
    (!body.is_empty()).then(|| serde_json::to_string(&body).map_err(|error| error.to_string())).transpose()
}

/// Refuses flags that would change what is measured.
fn refuse(typed: &mut Typed) -> Result<(), String> {
    let refused = [
        ("--insecure", "certificates are always checked: trust the server's with --ca-file FILE"),
        ("--profile", "start the profiler on the server yourself: otherwise its start would be measured"),
        ("--lora-modules", "name one adapter with --model, and run once for each"),
        ("--ramp-up-strategy", "give several rates: --rate 1,2,4,8"),
        ("--use-beam-search", "add {\"use_beam_search\": true} with --extra-body"),
    ];
    match refused.iter().find(|(flag, _)| typed.has(&[*flag])) {
        Some((flag, instead)) => Err(format!("`{flag}` has no equivalent: {instead}")),
        None => Ok(()),
    }
}
