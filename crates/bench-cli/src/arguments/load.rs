//! The arguments of `bench load`.

mod self_test;
mod values;
mod workers;

use std::path::PathBuf;
use std::time::Duration;

use bench_endpoint::api::Kind;
use bench_endpoint::client::Policy;
use bench_endpoint::data::{Format, Lengths};
use bench_report::ColorChoice;
use bench_syntax::quantity::parse_duration;
use clap::Args;

pub(crate) use self::self_test::without_effect;
pub(crate) use self::values::{Arrival, Dialect, FirstRate};
use self::values::{
    argument, arrival, case_name, clients, condition, first_rate, header, prefix, rate, share, size,
    think_time,
};
pub(crate) use self::workers::{Workers, shared_settings};

/// Measure a served model under load, over HTTP
#[derive(Debug, Args)]
#[command(
    after_help = "Without other flags, the server is asked what it offers, and the number of clients doubles from level to level until the \
    throughput no longer grows.\n\n    \
    bench load http://127.0.0.1:8000\n    \
    bench load http://127.0.0.1:8000 --rate 2,4,8 --duration 60s --slo 'ttft <= 300ms'\n    \
    bench load http://127.0.0.1:8000 --endpoint speech --model tts --sample-rate 24000 --concurrency 1,4\n    \
    bench load http://127.0.0.1:8000/predict --input body.json --concurrency 8\n    \
    bench load http://127.0.0.1:8000 --isl 512 --osl 128 --find-rate --slo ttft_p99=200ms,tpot_p99=50ms\n    \
    bench load http://127.0.0.1:8000 --replay trace.csv --replay-speed 2\n    \
    bench load --self-test\n\n\
    Command lines of `vllm bench serve`, `aiperf profile` and `guidellm benchmark` can be pasted after `bench load`.\n\n\
    Copies that are started by srun, mpirun or a Kubernetes Job, or that are given --share, form one load, which worker 1 reports:\n\n    \
    srun --ntasks=4 bench load http://server:8000 --rate 2000 --duration 60s\n\n\
    A token is read from an environment variable or a file, and appears in no report.\n\n\
    Exit codes: 0 success, 1 nothing could be measured, 2 wrong usage, 3 a level is not valid, 4 more failures than \
    --max-failures or no answer at all, 130 interrupted (what was measured is kept)."
)]
pub(crate) struct Load {
    /// Address of the server, with or without the path of its endpoint, or grpc://HOST:PORT; several take requests in turn
    #[arg(value_name = "URL", required_unless_present_any = ["scenario", "self_test"])]
    pub(crate) urls: Vec<String>,
    /// A TOML file that sets flags of this command by name, the address as `url`, and lists of values to combine under
    /// `matrix`; flags on the command line take precedence
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// The place of this load in the matrix of a scenario file
    #[arg(long, value_name = "NAME=VALUE", hide = true, value_parser = argument)]
    pub(crate) argument: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) what: What,
    #[command(flatten)]
    pub(crate) much: Much,
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) workers: Workers,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

/// The settings of requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Requests")]
pub(crate) struct What {
    /// chat, completions, responses, messages, ollama-generate, ollama-chat, tgi, generate, embeddings, rerank, speech,
    /// transcriptions, images, infer, infer-stream, grpc-infer, grpc-infer-stream, tts-synthesize, tts-stream, piper,
    /// classify-batch, classify-stream, predict, or raw [default: detected from the server]
    #[arg(long, value_name = "KIND")]
    pub(crate) endpoint: Option<Kind>,
    /// Path of the endpoint, if it is not the usual one
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Model to ask for [default: the only one that the server lists]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// A text to send; several texts are sent in turn [default: texts generated from --seed]
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Vec<String>,
    /// A file with one text per line, JSON lines, ShareGPT, or a trace; for interfaces that take a file or a
    /// whole request body, a file that is one input. Several files, or the files of a folder, are used in turn
    #[arg(long, value_name = "FILE", conflicts_with = "prompt")]
    pub(crate) input: Vec<PathBuf>,
    /// lines, jsonl, share-gpt, mooncake, azure, burst-gpt or times [default: recognized by the name and the
    /// beginning of the file]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Generate prompts with this many tokens: 512, 512:64 (mean and deviation) or 256-1024
    #[arg(long, value_name = "TOKENS", conflicts_with_all = ["prompt", "input"])]
    pub(crate) isl: Option<Lengths>,
    /// Request answers of exactly this many tokens: 128, 128:16 or 64-256
    #[arg(long, value_name = "TOKENS", conflicts_with = "max_tokens")]
    pub(crate) osl: Option<Lengths>,
    /// Number of tokens in a prefix that prompts share, and number of different prefixes: 256, or 256:4
    #[arg(long, value_name = "TOKENS[:POOL]", requires = "isl", value_parser = prefix)]
    pub(crate) shared_prefix: Option<(u64, u64)>,
    /// Let each answer reach its maximum number of tokens, even if the model would end it [default: with --osl, and
    /// for traces]
    #[arg(long, overrides_with = "no_ignore_eos")]
    pub(crate) ignore_eos: bool,
    /// Let the model decide when its answers end
    #[arg(long)]
    pub(crate) no_ignore_eos: bool,
    /// A file with the body to send, in which {{input}} stands for the input
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// A file `tokenizer.json`, or a folder that contains one, with which the tokens of answers are counted if the server
    /// does not report their number
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Maximum number of tokens of an answer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_tokens: Option<u64>,
    /// Ask for whole answers instead of streams
    #[arg(long)]
    pub(crate) no_stream: bool,
    /// Voice to use for speech
    #[arg(long, value_name = "NAME")]
    pub(crate) voice: Option<String>,
    /// Sample rate of raw audio, if the server does not report it
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

/// The amount of load.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
pub(crate) struct Much {
    /// Clients, each waiting for its answer; a level for each number [default: 1, 2, 4, … up to the plateau]
    #[arg(long, short, value_name = "N,...", value_delimiter = ',', conflicts_with = "rate", value_parser = clients())]
    pub(crate) concurrency: Vec<u32>,
    /// Requests per second, arriving at random whether or not earlier ones have ended; a level for each number
    #[arg(long, value_name = "RATE,...", value_delimiter = ',', value_parser = rate)]
    pub(crate) rate: Vec<f64>,
    /// How requests arrive at --rate: poisson, constant, or gamma:SHAPE; a smaller SHAPE means longer bursts
    #[arg(long, value_name = "ARRIVAL", requires = "rate", value_parser = arrival)]
    pub(crate) arrival: Option<Arrival>,
    /// Send requests at the times of a trace, with its prompts or lengths if it has them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["concurrency", "rate", "input"])]
    pub(crate) replay: Option<PathBuf>,
    /// Replay a trace this many times as fast
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, requires = "replay", value_parser = rate)]
    pub(crate) replay_speed: f64,
    /// Send all requests at once
    #[arg(long, conflicts_with_all = ["concurrency", "rate", "replay"])]
    pub(crate) offline: bool,
    /// Look for the highest rate at which --slo is met, beginning with this one [default: half of the rate of one
    /// client]
    #[arg(
        long,
        value_name = "FROM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        requires = "slo",
        conflicts_with_all = ["concurrency", "rate", "replay", "offline", "duration"],
        value_parser = first_rate
    )]
    pub(crate) find_rate: Option<FirstRate>,
    /// Maximum number of clients of a sweep to the plateau
    #[arg(long, value_name = "N", default_value_t = 64, conflicts_with_all = ["concurrency", "rate"], value_parser = clients())]
    pub(crate) up_to: u32,
    /// How long users think before each turn of a conversation except the first, such as 2s, 2s:500ms (mean and deviation)
    /// or 1s-5s; used if the file contains no times
    #[arg(long, value_name = "DURATION", value_parser = think_time)]
    pub(crate) think_time: Option<Lengths>,
    /// Requests per level [default: 10 per client, at least 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,
    /// Duration of each level
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Requests before each level that do not count [default: 1 per client]
    #[arg(long, value_name = "N")]
    pub(crate) warm_up: Option<u64>,
    /// Conditions for a good request, such as 'ttft <= 300ms'; with --find-rate, conditions for a level, such as
    /// ttft_p99=200ms
    #[arg(long, value_name = "CONDITION,...", value_delimiter = ',', value_parser = condition)]
    pub(crate) slo: Vec<String>,
    /// Share of requests that may fail
    #[arg(long, value_name = "PCT", value_parser = share, default_value = "1%")]
    pub(crate) max_failures: f64,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the interface and the models of the server, and exit
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) probe: bool,
    /// Measure how accurate this command is on this machine, against a built-in server, and exit; --concurrency chooses
    /// the numbers of streams
    #[arg(long)]
    pub(crate) self_test: bool,
}

/// How the server is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// warm: opened before a level; cold: opened by its first requests; per-request: a new one each time; sticky: one
    /// for each client
    #[arg(long, value_name = "POLICY", default_value = "warm")]
    pub(crate) connections: Policy,
    /// Environment variable that contains a bearer token
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    pub(crate) token_env: Option<String>,
    /// File that contains a bearer token
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Header in which the token is sent as it is, without `Bearer` [default: `Authorization: Bearer TOKEN`, `x-api-key` for messages]
    #[arg(long, value_name = "NAME")]
    pub(crate) token_header: Option<String>,
    /// Address of metrics in the text format of Prometheus, of the server or of its GPUs (DCGM exporter); give the flag
    /// several times to read several [default: /metrics of the server]
    #[arg(long, value_name = "URL", conflicts_with = "no_metrics")]
    pub(crate) metrics_url: Vec<String>,
    /// Do not read the server's own metrics
    #[arg(long)]
    pub(crate) no_metrics: bool,
    /// A header to send, as 'NAME: VALUE'; secrets are given with --token-env or --token-file
    #[arg(long, short = 'H', value_name = "HEADER", value_parser = header)]
    pub(crate) header: Vec<(String, String)>,
    /// Trust the certificates of this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Present the certificate in this PEM file to servers that require a client certificate
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,
    /// PEM file of the private key of --client-cert
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// Speak HTTP/2 with the server: requests share connections (ALPN with https, prior knowledge with http)
    #[arg(long)]
    pub(crate) http2: bool,
    /// Maximum time of a request
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10m")]
    pub(crate) timeout: Duration,
    /// Maximum time to connect
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    pub(crate) connect_timeout: Duration,
    /// Maximum size of an answer, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_answer: u64,
}

/// The settings of reports.
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
    /// Also write each level in the JSON format of this tool, with the tool's names and formulas: vllm, aiperf
    #[arg(id = "as", long, value_name = "TOOL", value_enum, hide_possible_values = true)]
    pub(crate) dialect: Option<Dialect>,
    /// Name for this run, to compare with later
    #[arg(long, value_name = "NAME")]
    pub(crate) save_as: Option<String>,
    /// Colors: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    /// Print nothing while the load runs
    #[arg(long, short)]
    pub(crate) quiet: bool,
}
