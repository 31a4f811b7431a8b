//! What a served model is asked.

use std::path::PathBuf;
use std::time::Duration;

use bench_endpoint::api::Kind;
use bench_endpoint::client::Policy;
use bench_report::ColorChoice;
use bench_syntax::quantity::parse_duration;
use clap::Args;

/// How fast is a served model? Loads it over HTTP
#[derive(Debug, Args)]
#[command(
    after_help = "With the address alone, the server is asked what it is, and the number of clients doubles from level \
    to level until more of them bring no more throughput.\n\n    \
    bench load http://127.0.0.1:8000\n    \
    bench load http://127.0.0.1:8000 --rate 2,4,8 --duration 60s --slo 'ttft <= 300ms'\n    \
    bench load http://127.0.0.1:8000 --endpoint speech --model tts --sample-rate 24000 --concurrency 1,4\n    \
    bench load http://127.0.0.1:8000/predict --input body.json --concurrency 8\n\n\
    A token is read from an environment variable or a file, and is in no report.\n\n\
    Exit codes: 0 all well, 1 nothing could be measured, 2 wrong usage, 3 a level is not valid, 4 more failures than \
    --max-failures or no answer at all, 130 interrupted; what was measured until then is kept."
)]
pub(crate) struct Load {
    /// Address of the server, with or without the path of its endpoint; several take requests in turn
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) what: What,
    #[command(flatten)]
    pub(crate) much: Much,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

/// What is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Requests")]
pub(crate) struct What {
    /// chat, completions, embeddings, speech, images, infer, tts-synthesize, tts-stream, classify-batch,
    /// classify-stream, predict, or raw [default: what the server seems to be]
    #[arg(long, value_name = "KIND")]
    pub(crate) endpoint: Option<Kind>,
    /// Path of the endpoint, where it is not the usual one
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Model to ask for [default: the only one that the server lists]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// A text to send; several are sent in turn [default: texts that are made from --seed]
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Vec<String>,
    /// A file with a text on each line, or for kinds that take files or whole bodies, one input; several in turn
    #[arg(long, value_name = "FILE", conflicts_with = "prompt")]
    pub(crate) input: Vec<PathBuf>,
    /// A file with the body to send, in which {{input}} stands for the input
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// Most tokens of an answer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_tokens: Option<u64>,
    /// Ask for whole answers, where streams could be asked for
    #[arg(long)]
    pub(crate) no_stream: bool,
    /// Voice of speech
    #[arg(long, value_name = "NAME")]
    pub(crate) voice: Option<String>,
    /// Samples per second of raw audio, where the server does not say it
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) sample_rate: Option<u32>,
    /// Size of pictures in pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    pub(crate) size: Option<(u32, u32)>,
    /// Fields to add to each body, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) extra_body: Option<String>,
    /// Send prompts as they are: a server that has seen them may answer from its cache
    #[arg(long)]
    pub(crate) no_salt: bool,
    /// Seed of texts and arrivals
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// How much is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
pub(crate) struct Much {
    /// Clients that wait for each answer, a level for each number [default: 1, 2, 4, … up to the plateau]
    #[arg(long, short, value_name = "N,...", value_delimiter = ',', conflicts_with = "rate", value_parser = clients())]
    pub(crate) concurrency: Vec<u32>,
    /// Requests per second that come at random, whether earlier ones have ended or not; a level for each number
    #[arg(long, value_name = "RATE,...", value_delimiter = ',', value_parser = rate)]
    pub(crate) rate: Vec<f64>,
    /// Most clients of a sweep to the plateau
    #[arg(long, value_name = "N", default_value_t = 64, conflicts_with_all = ["concurrency", "rate"], value_parser = clients())]
    pub(crate) up_to: u32,
    /// Requests of each level [default: 10 for each client, and 50 at least]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,
    /// Time of each level
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Requests before each level that do not count [default: 1 for each client]
    #[arg(long, value_name = "N")]
    pub(crate) warm_up: Option<u64>,
    /// What a request must meet to be good, such as 'ttft <= 300ms'
    #[arg(long, value_name = "CONDITION")]
    pub(crate) slo: Vec<String>,
    /// Share of requests that may fail
    #[arg(long, value_name = "PCT", value_parser = share, default_value = "1%")]
    pub(crate) max_failures: f64,
    /// Print what would be sent, and end
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How the server is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// warm: made before a level; cold: made by its first requests; per-request: a new one each time; sticky: one for each
    /// client
    #[arg(long, value_name = "POLICY", default_value = "warm")]
    pub(crate) connections: Policy,
    /// Environment variable that holds a bearer token
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    pub(crate) token_env: Option<String>,
    /// File that holds a bearer token
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// A header to send, as 'NAME: VALUE'; secrets are given with --token-env or --token-file
    #[arg(long, short = 'H', value_name = "HEADER", value_parser = header)]
    pub(crate) header: Vec<(String, String)>,
    /// Trust the certificates of this PEM file, in place of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Time of a whole request
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10m")]
    pub(crate) timeout: Duration,
    /// Time to connect
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    pub(crate) connect_timeout: Duration,
    /// Most bytes of an answer, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_answer: u64,
}

/// Where figures go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Reports {
    /// Folder of all runs
    #[arg(
        long,
        value_name = "DIR",
        default_value = "benchmark_results",
        env = "BENCH_OUTPUT_DIR",
        hide_env = true
    )]
    pub(crate) output_dir: PathBuf,
    /// Name of the case in reports and in the history [default: that of the endpoint]
    #[arg(long, value_name = "NAME", value_parser = case_name)]
    pub(crate) label: Option<String>,
    /// Compare with an earlier run: its name or directory
    #[arg(long, value_name = "RUN")]
    pub(crate) compare: Option<String>,
    /// Give the run a name, to compare with later
    #[arg(long, value_name = "NAME")]
    pub(crate) save_as: Option<String>,
    /// Colours: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    /// Print nothing while it runs
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// As many clients as a process can have threads.
fn clients() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=65_536)
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.trim().parse::<f64>().ok().filter(|rate| *rate > 0.0 && rate.is_finite());
    rate.ok_or_else(|| "expected requests per second, more than 0".to_owned())
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.filter(|(width, height)| *width > 0 && *height > 0).ok_or_else(|| "expected 512x512".to_owned())
}

/// A share in percent, of which 0 is one: `0`, `2.5%`.
fn share(text: &str) -> Result<f64, String> {
    let percent = text.trim_end_matches('%').trim().parse::<f64>().ok();
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "expected a share from 0% to 100%".to_owned())
}

/// Names of headers that hold secrets: what is typed can be seen by all users of the machine.
const SECRET: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];

fn header(text: &str) -> Result<(String, String), String> {
    // The text itself is not repeated: it may be a secret.
    let (name, value) = text.split_once(':').ok_or_else(|| "expected 'NAME: VALUE'".to_owned())?;
    let name = name.trim();
    if SECRET.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "`{name}` holds a secret, which others can see in the list of processes: give it with --token-env or \
             --token-file"
        ));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn case_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("expected letters, digits, `-`, `_` and `.`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        assert_eq!(size("512x256"), Ok((512, 256)));
        assert!(size("512").is_err() && size("0x1").is_err());
        assert_eq!((share("0"), share("2.5%")), (Ok(0.0), Ok(0.025)));
        assert!(share("-1").is_err() && share("x").is_err() && share("101%").is_err());
        assert_eq!(header("X-Trace: a:b"), Ok(("X-Trace".to_owned(), "a:b".to_owned())));
        assert!(case_name("a/b").is_err() && case_name("").is_err());
    }

    #[test]
    fn a_secret_is_refused_and_not_repeated() {
        for typed in ["Authorization: Bearer hunter2", "X-API-Key:hunter2", "hunter2"] {
            let error = header(typed).expect_err("refused");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
