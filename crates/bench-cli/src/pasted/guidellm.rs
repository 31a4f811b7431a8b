//! Translates `guidellm benchmark`.

use super::Ours;
use super::typed::{Typed, push, push_some, with_deviation};

pub(super) const SWITCHES: &[&str] =
    &["--disable-progress", "--display-scheduler-stats", "--disable-console-outputs"];

pub(super) const LISTS: &[&str] = &[];

/// Flags that affect neither the requests nor the measurement, with the reasons.
const LEFT_OUT: &[(&str, &str)] = &[
    ("--processor", "the server counts tokens"),
    ("--processor-args", "the server counts tokens"),
    ("--backend", "the server is asked over HTTP"),
    ("--backend-type", "the server is asked over HTTP"),
    ("--output-path", "each run has its own folder, below --output-dir"),
    ("--outputs", "reports are always written"),
    ("--disable-progress", "use --quiet"),
    ("--disable-console-outputs", "use --quiet"),
    ("--display-scheduler-stats", "lateness is always reported"),
    ("--warmup", "warm-up is given in requests, by --warm-up"),
    ("--warmup-percent", "warm-up is given in requests, by --warm-up"),
    ("--cooldown", "the steady part is found automatically"),
    ("--cooldown-percent", "the steady part is found automatically"),
    ("--data-sampler", "each prompt is unique"),
];

/// # Errors
/// If a flag has no equivalent.
pub(super) fn translated(mut typed: Typed) -> Result<Ours, String> {
    let url = typed.take(&["--target"]).ok_or("`guidellm benchmark` needs `--target URL`")?;
    let mut arguments = vec![url];
    let kind = match typed.take(&["--request-type", "--request-format"]).as_deref() {
        None | Some("chat_completions" | "/v1/chat/completions") => "chat",
        Some("text_completions" | "/v1/completions") => "completions",
        Some("responses" | "/v1/responses") => "responses",
        Some("embeddings" | "/v1/embeddings") => "embeddings",
        Some(other) => {
            return Err(format!(
                "`--request-type {other}` has no equivalent: see --endpoint in `bench load --help`"
            ));
        }
    };
    push(&mut arguments, "--endpoint", kind);
    push_some(&mut arguments, "--model", typed.take(&["--model"]));
    data(&mut typed, &mut arguments)?;
    pace(&mut typed, &mut arguments)?;
    push_some(&mut arguments, "--requests", typed.take(&["--max-requests"]));
    push_some(&mut arguments, "--duration", typed.take(&["--max-seconds"]).map(|seconds| seconds + "s"));
    push_some(&mut arguments, "--seed", typed.take(&["--random-seed"]));
    push_some(&mut arguments, "--output-dir", typed.take(&["--output-dir"]));
    if let Some(rate) = typed.take(&["--max-error-rate"]) {
        let share = rate
            .parse::<f64>()
            .map_err(|_| format!("`--max-error-rate {rate}`: expected a share from 0 to 1"))?;
        push(&mut arguments, "--max-failures", format!("{}%", share * 100.0));
    }
    if typed.has(&["--backend-kwargs", "--backend-args"]) {
        return Err(
            "`--backend-kwargs` has no equivalent: give fields of the body with --extra-body, headers with \
                    --header, a token with --token-env"
                .to_owned(),
        );
    }
    let left_out = typed.leave_out(LEFT_OUT);
    typed.finish()?;
    Ok(Ours { arguments, left_out })
}

/// Translates `--data`: `prompt_tokens=256,output_tokens=128`, the same as JSON, or a file.
fn data(typed: &mut Typed, arguments: &mut Vec<String>) -> Result<(), String> {
    let Some(data) = typed.take(&["--data"]) else { return Ok(()) };
    let pairs: Vec<(String, String)> =
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&data) {
            Ok(object) => object.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
            Err(_) if data.contains("tokens=") => {
                let pairs = data.split(',').filter_map(|pair| pair.split_once('='));
                pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
            }
            Err(_) if std::path::Path::new(&data).extension().is_some() => {
                push(arguments, "--input", data);
                return Ok(());
            }
            Err(_) => {
                return Err(format!(
                    "`--data {data}` has no equivalent: download its file, and give it with `--input FILE`"
                ));
            }
        };
    let get = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone());
    let lengths = |what: &str| match (get(&format!("{what}_min")), get(&format!("{what}_max"))) {
        (Some(from), Some(to)) => Some(format!("{from}-{to}")),
        _ => with_deviation(get(what), get(&format!("{what}_stdev"))),
    };
    let known = |name: &str| {
        let ends = ["", "_stdev", "_min", "_max"];
        ["prompt_tokens", "output_tokens"]
            .iter()
            .any(|what| ends.iter().any(|end| name == format!("{what}{end}")))
            || matches!(name, "samples" | "source")
    };
    if let Some((name, _)) = pairs.iter().find(|pair| !known(&pair.0)) {
        return Err(format!("`{name}` in `--data` has no equivalent: see --isl, --osl and --shared-prefix"));
    }
    push_some(arguments, "--isl", lengths("prompt_tokens"));
    push_some(arguments, "--osl", lengths("output_tokens"));
    Ok(())
}

fn pace(typed: &mut Typed, arguments: &mut Vec<String>) -> Result<(), String> {
    let rates = typed.take_all(&["--rate"]).join(",");
    let kind = typed.take(&["--rate-type", "--profile"]).unwrap_or("sweep".to_owned());
    let rate = || match rates.is_empty() {
        true => Err(format!("`--rate-type {kind}` needs `--rate`")),
        false => Ok(rates.clone()),
    };
    match kind.as_str() {
        "synchronous" => push(arguments, "--concurrency", "1"),
        "concurrent" => push(arguments, "--concurrency", rate()?),
        "throughput" => arguments.push("--offline".to_owned()),
        "constant" => {
            push(arguments, "--rate", rate()?);
            push(arguments, "--arrival", "constant");
        }
        "poisson" | "async" => push(arguments, "--rate", rate()?),
        // The default of `bench load` goes from one client to the plateau, so guidellm's number of levels, `--rate`, is
        // not needed.
        "sweep" => {}
        other => {
            return Err(format!(
                "`--rate-type {other}` has no equivalent: see --concurrency, --rate and --replay"
            ));
        }
    }
    Ok(())
}
