//! Translates command lines of other load generators, pasted after `bench load`, into those of `bench load`.

mod aiperf;
mod guidellm;
mod typed;
mod vllm;

use typed::Typed;

/// The command line of `bench load` that has the same meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ours {
    /// The arguments of `bench load`.
    pub(crate) arguments: Vec<String>,
    /// The flags that were left out, and the reasons.
    pub(crate) left_out: Vec<String>,
}

/// A load generator whose command lines are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Vllm,
    Aiperf,
    Guidellm,
}

const HELP: [&str; 2] = ["--help", "-h"];

/// Flags by which a tool is recognized, because `bench load` does not have them.
const TELLING: &[(&str, Tool)] = &[
    ("--base-url", Tool::Vllm),
    ("--num-prompts", Tool::Vllm),
    ("--dataset-name", Tool::Vllm),
    ("--random-input-len", Tool::Vllm),
    ("--max-concurrency", Tool::Vllm),
    ("--request-count", Tool::Aiperf),
    ("--endpoint-type", Tool::Aiperf),
    ("--synthetic-input-tokens-mean", Tool::Aiperf),
    ("--target", Tool::Guidellm),
    ("--rate-type", Tool::Guidellm),
    ("--max-seconds", Tool::Guidellm),
];

/// Translates the arguments of `bench load` if they are a command line of another tool; `None` if they are not.
///
/// # Errors
/// If a flag has no equivalent; the error names the nearest flag.
pub(crate) fn translated(typed: &[String]) -> Option<Result<Ours, String>> {
    let (tool, skip) = tool(typed)?;
    // A request for help is passed on to `bench load`, whatever else is typed.
    let (help, rest): (Vec<_>, Vec<_>) =
        typed[skip..].iter().cloned().partition(|word| HELP.contains(&word.as_str()));
    let ours = match tool {
        Tool::Vllm => Typed::read(&rest, vllm::SWITCHES, vllm::LISTS).and_then(vllm::translated),
        Tool::Aiperf => Typed::read(&rest, aiperf::SWITCHES, aiperf::LISTS).and_then(aiperf::translated),
        Tool::Guidellm => {
            Typed::read(&rest, guidellm::SWITCHES, guidellm::LISTS).and_then(guidellm::translated)
        }
    };
    Some(ours.map(|mut ours| {
        ours.arguments.extend(help);
        ours
    }))
}

/// Returns the tool that a command line is for, and how many of its words name the tool; `None` if it is for `bench
/// load`.
fn tool(typed: &[String]) -> Option<(Tool, usize)> {
    let words: Vec<&str> =
        typed.iter().map(String::as_str).take_while(|word| !word.starts_with("--")).collect();
    let is_script = |word: &&str| word.ends_with("benchmark_serving.py");
    match words.as_slice() {
        ["vllm", "bench", "serve", ..] => Some((Tool::Vllm, 3)),
        ["vllm-bench", "serve", ..] => Some((Tool::Vllm, 2)),
        ["vllm-bench", ..] => Some((Tool::Vllm, 1)),
        ["python" | "python3", script, ..] if is_script(script) => Some((Tool::Vllm, 2)),
        ["aiperf" | "genai-perf", "profile", ..] => Some((Tool::Aiperf, 2)),
        ["guidellm", "benchmark", "run", ..] => Some((Tool::Guidellm, 3)),
        ["guidellm", "benchmark", ..] => Some((Tool::Guidellm, 2)),
        _ => {
            let flags = typed.iter().filter(|word| word.starts_with("--"));
            let names: Vec<String> =
                flags.map(|flag| flag.split('=').next().unwrap_or_default().replace('_', "-")).collect();
            let found = TELLING.iter().find(|(flag, _)| names.iter().any(|name| name == flag));
            found.map(|(_, tool)| (*tool, 0))
        }
    }
}

/// Returns the error for a rate together with a limit on concurrency.
fn capped(url: &str, rate: &str, concurrency: &str) -> String {
    format!(
        "a rate cannot be combined with a limit on concurrency: no latency would include the time that requests \
         wait for a slot. For a rate, with every wait in the latency: `bench load {url} --rate {rate}`; for \
         clients that wait for each answer: `bench load {url} --concurrency {concurrency}`"
    )
}

#[cfg(test)]
mod tests;
