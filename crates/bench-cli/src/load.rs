//! `bench load`: a served model over HTTP.

mod conversations;
mod dialect;
mod given;
mod in_turn;
mod live;
mod over_time;
mod pace;
mod reach;
mod rendezvous;
mod report;
mod self_test;
mod summary;
mod tokens;
mod workers;

use std::rc::Rc;
use std::sync::Arc;

use bench_core::bencher::Bencher;
use bench_core::{Error, Interrupt, suite};
use bench_endpoint::Endpoint;
use bench_endpoint::api::{Kind, Limits, Settings};
use bench_endpoint::client::{Client, Target, Trust, Version, room_for_connections};
use bench_endpoint::fit::{Fit, fit};
use bench_endpoint::probe::{self, Found};
use bench_endpoint::secret::Secret;
use bench_protocol::{Case, Overrides};
use bench_record::{RunError, exit};
use bench_report::{print, tell};
use bench_runner::rounds::Show;
use bench_runner::run::Options;
use bench_syntax::text::printable;
use bench_syntax::{Category, UsageError, case_id};
use clap::ArgMatches;

use self::given::Given;
pub(crate) use self::in_turn::{is_address, run as compare};
use self::pace::Scenario;
use self::reach::{probed, secret, targets, unknown, watch};
use crate::arguments::{Load, shared_settings, without_effect};

/// The time limit of a run: practically none, because its levels and requests have their own.
const NO_LIMIT: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

/// Runs the load, and prints its report; returns the exit code. `typed` are the arguments as clap has parsed them.
///
/// # Errors
/// If the arguments are wrong, or if a run cannot be carried out or stored.
pub(crate) fn run(arguments: &Load, typed: &ArgMatches) -> Result<u8, RunError> {
    if arguments.much.self_test {
        return match without_effect(typed) {
            None => self_test::run(arguments),
            Some(flag) => Err(UsageError(format!(
                "{flag} has no effect with --self-test, which has a server of its own: leave it out"
            ))
            .into()),
        };
    }
    let Plan { endpoint, mut given, secret, trust, found } = Plan::make(arguments)?;
    if arguments.much.probe {
        return print(&probed(&endpoint, &found)).map(|()| exit::OK);
    }
    fit_lengths(arguments, &endpoint, &mut given)?;
    // Reports wrong arguments before waiting for the other workers.
    conversations::of(arguments, &given)?;
    if arguments.much.dry_run {
        let scenario = Scenario::of(arguments, &mut given);
        given
            .told
            .extend(workers::share(arguments)?.map(|(share, by)| format!("part {share} of it, set by {by}")));
        return print(&told(&endpoint, &given, &scenario, secret.as_ref())).map(|()| exit::OK);
    }
    given.told.iter().for_each(|said| tell(said));
    let fleet = workers::meet(arguments, &endpoint, &given, shared_settings(typed))?;
    let endpoint = match &fleet {
        Some(fleet) => endpoint.of_worker(fleet.run(), fleet.share().rank()),
        None => endpoint,
    };
    let reports = fleet.as_ref().is_none_or(|fleet| fleet.is_first());
    let watch = if reports { watch(arguments, &endpoint, secret, trust)? } else { None };
    let (rank, of) = fleet.as_ref().map_or((0, 1), |fleet| (fleet.share().rank(), fleet.share().of()));
    let conversations = conversations::of(arguments, &given)?.map(|all| Arc::new(all.of_worker(rank, of)));
    let endpoint = match &conversations {
        Some(conversations) => endpoint.conversing(Arc::clone(conversations)),
        None => endpoint,
    };
    let scenario = Scenario::of(arguments, &mut given).pausing(conversations);
    let case = case(arguments, &endpoint);
    let mut options = if reports { options(arguments, &endpoint) } else { silent() };
    let is_live = options.show == Show::Progress && live::is_possible();
    if is_live {
        // A load has no time budget for a progress bar to show.
        options.show = Show::Nothing;
    }
    let (endpoint, given) = (Rc::new(endpoint), Rc::new(given));
    let (sends, shared) = (Rc::clone(&endpoint), fleet.clone());
    let made = move |bencher: &mut Bencher, interrupt: &Interrupt| -> Result<(), Error> {
        let fleet = shared.as_ref();
        fleet.iter().for_each(|fleet| workers::end_together(fleet, interrupt));
        let ended = scenario
            .warm(&sends, fleet)
            .and_then(|()| scenario.run(&sends, bencher, &given, interrupt, fleet));
        if let (Some(fleet), Err(error)) = (fleet, &ended) {
            fleet.fail(&error.to_string());
        }
        ended
    };
    let run = || suite::run_made(case, &options, Rc::new(made));
    let finished = if is_live { live::shown(&endpoint, run)? } else { run()? };
    report::report(arguments, &endpoint, finished, watch, fleet.as_deref())
}

/// Everything that a load needs: the endpoint, the inputs, and how to reach the server.
struct Plan {
    endpoint: Endpoint,
    given: Given,
    secret: Option<Secret>,
    trust: Option<Trust>,
    found: Found,
}

impl Plan {
    /// Reads files and secrets, and finds out which interface the server has.
    fn make(arguments: &Load) -> Result<Self, UsageError> {
        let (what, connection) = (&arguments.what, &arguments.connection);
        let (targets, named) = targets(&arguments.urls)?;
        let is_tls = targets.iter().any(Target::is_tls);
        let trust = match &connection.ca_file {
            Some(file) => Some(Trust::of_file(file).map_err(UsageError)?),
            None if is_tls => Some(Trust::of_system().map_err(UsageError)?),
            None => None,
        };
        let trust = match (trust, &connection.client_cert, &connection.client_key) {
            (Some(trust), Some(certificate), Some(key)) if is_tls => {
                Some(trust.presenting(certificate, key).map_err(UsageError)?)
            }
            (_, Some(_), _) => {
                let message = "--client-cert needs an address that begins with https: a certificate is presented in the TLS \
                               handshake";
                return Err(UsageError(message.to_owned()));
            }
            (trust, ..) => trust,
        };
        let limits = Limits {
            connect: connection.connect_timeout,
            first_byte: connection.timeout,
            idle: connection.timeout,
            total: connection.timeout,
            body_bytes: connection.max_answer << 20,
        };
        let template = match &what.template {
            Some(file) => Some(
                String::from_utf8(given::read(file)?)
                    .map_err(|_| UsageError(format!("the template {} is not UTF-8", file.display())))?,
            ),
            None => None,
        };
        let extra = match &what.extra_body {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| UsageError(format!("--extra-body is not a JSON object: {error}")))?,
            None => serde_json::Map::new(),
        };
        let asked = what.endpoint.or(named.kind).or(template.as_ref().map(|_| Kind::Raw));
        let secret = secret(connection, asked)?;
        let tokenizer = what.tokenizer.as_deref().map(tokens::counter).transpose()?;
        // Mistakes in the arguments are reported before the first request to the server.
        let given = given::given(arguments, asked)?;
        let most = arguments.much.concurrency.iter().max().copied();
        room_for_connections(most.unwrap_or(arguments.much.up_to).into()).map_err(UsageError)?;
        let model = what.model.clone().or(named.model.clone());
        let is_grpc = asked.is_some_and(Kind::is_grpc);
        let (headers, policy) = (&connection.header, connection.connections);
        let client = Client::new(targets, trust.clone(), policy, limits, headers, secret.clone())
            .map_err(|failure| UsageError(format!("{}: {failure}", arguments.urls.join(", "))))?
            .speaking(if connection.http2 || is_grpc { Version::Http2 } else { Version::Http1 });
        let needs_model = asked.is_none_or(Kind::wants_model) && model.is_none();
        // Not every gRPC server offers a list of its models.
        let is_needed = needs_model && !is_grpc && !(arguments.much.dry_run && asked.is_some());
        let found = if is_needed || arguments.much.probe {
            probe::probe(&client).map_err(|failure| reach::silent(&client, &failure))?
        } else {
            Found::default()
        };
        let kind = match asked.or(found.kind) {
            Some(kind) => kind,
            // `--probe` reports what is known of the server, even if that is not its interface.
            None if arguments.much.probe => Kind::Raw,
            None => return Err(unknown(&client)),
        };
        let model = if arguments.much.probe { model } else { self::model(kind, model.as_deref(), &found)? };
        let given = match given {
            _ if arguments.much.probe => Given::default(),
            Some(given) if !given.inputs.is_empty() => given,
            given if kind.takes_tensors() && template.is_none() => Given {
                arrivals: given.and_then(|given| given.arrivals),
                ..given::tensors(kind, model.as_deref(), &client, arguments)?
            },
            // Generated texts, sent at the times of the trace if there is one.
            given => Given {
                arrivals: given.and_then(|given| given.arrivals),
                ..match what.isl {
                    Some(lengths) => given::of_lengths(arguments, lengths, 1.0),
                    None => given::made(kind, arguments)?,
                }
            },
        };
        let by_input = what.osl.is_some() || given.has_lengths;
        let settings = Settings {
            model,
            stream: kind.has_stream_setting() && !what.no_stream && named.stream != Some(false),
            max_tokens: what.max_tokens,
            voice: what.voice.clone(),
            sample_rate: what.sample_rate,
            size: what.size,
            extra,
            template,
            exact_answers: !what.no_ignore_eos && (what.ignore_eos || by_input),
            salt: !what.no_salt,
            keeps_text: false,
            limits,
        };
        let endpoint = Endpoint::new(kind, settings, client);
        let endpoint = match &what.path {
            Some(path) => endpoint.at(format!("/{}", path.trim_start_matches('/'))),
            None => endpoint,
        };
        let endpoint = match tokenizer {
            Some(count) => endpoint.counting(count),
            None => endpoint,
        };
        if let Some(wrong) = given.inputs.iter().find_map(|input| endpoint.prompt_of(input).err()) {
            return Err(UsageError(wrong));
        }
        Ok(Plan { endpoint, given, secret, trust, found })
    }
}

/// Finds out how many tokens the server counts for a word, and generates texts of the requested lengths.
fn fit_lengths(arguments: &Load, endpoint: &Endpoint, given: &mut Given) -> Result<(), UsageError> {
    let Some(lengths) = arguments.what.isl.filter(|_| !arguments.much.dry_run) else { return Ok(()) };
    let failed = |failure| UsageError(format!("{} does not answer: {failure}", endpoint.client().target()));
    let said = match fit(endpoint).map_err(failed)? {
        Some(fit @ Fit { overhead, per_word }) if fit.is_exact() => format!(
            "prompts are exactly as long as requested (the server counts {per_word} token per word), and its \
             template adds {overhead} tokens"
        ),
        Some(Fit { overhead, per_word }) => {
            let arrivals = given.arrivals.take();
            *given = Given { arrivals, ..given::of_lengths(arguments, lengths, per_word) };
            format!(
                "prompts are about as long as requested: the server counts {per_word:.3} tokens per word, and its \
                 template adds {overhead:.0}"
            )
        }
        None => "prompts have one word for each requested token: the server does not report how many tokens these are"
            .to_owned(),
    };
    given.told.push(said);
    Ok(())
}

/// Returns the text of `--dry-run`, without secrets.
fn told(endpoint: &Endpoint, given: &Given, scenario: &Scenario, secret: Option<&Secret>) -> String {
    let first = given.inputs.first().and_then(|input| endpoint.prompt_of(input).ok());
    let body = match first {
        // A binary message cannot be printed; the input that it contains can.
        _ if endpoint.kind().is_grpc() => given.inputs.first().map(|input| shown(&input.content.text())),
        first => first.map(|prompt| prompt.shown()),
    };
    let body = body.unwrap_or_default();
    let headers = endpoint.headers().iter();
    let headers: String = headers
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let secret = secret.map_or(String::new(), |secret| secret.shown() + "\n");
    let addresses: String =
        endpoint.client().targets().map(|target| format!("POST {target}{}\n", endpoint.path())).collect();
    printable_lines(&format!(
        "{addresses}{headers}{secret}{} inputs, the first as:\n{body}\n{}\n{}\n",
        given.inputs.len(),
        scenario.told(),
        given.told.join("\n")
    ))
}

/// Returns the beginning of a text, at most 2000 characters.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(2000).collect()
}

/// Makes each line safe for a terminal.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

/// Returns the model that requests name; `None` if requests of this kind name none.
fn model(kind: Kind, asked: Option<&str>, found: &Found) -> Result<Option<String>, UsageError> {
    match (asked, found.models.as_slice()) {
        (Some(model), _) => Ok(Some(model.to_owned())),
        (None, _) if !kind.wants_model() => Ok(None),
        (None, [only]) => Ok(Some(only.clone())),
        (None, []) => Err(UsageError(format!("`{kind}` needs the name of a model: give it with --model"))),
        (None, several) => Err(UsageError(format!(
            "the server has several models: choose one with --model: {}",
            several.join(", ")
        ))),
    }
}

/// Returns the name of a model without the folder and extension, if it is the path of a file, as in llama.cpp: the
/// folder differs between machines.
fn of_file(model: &str) -> &str {
    let file = model.starts_with(['/', '.', '~']).then(|| model.rsplit('/').next()).flatten();
    file.map_or(model, |file| file.strip_suffix(".gguf").unwrap_or(file))
}

/// Returns the case for reports and the history. Its id does not contain the address, so that two servers can be
/// compared.
fn case(arguments: &Load, endpoint: &Endpoint) -> Case {
    let name = arguments.reports.label.clone().unwrap_or_else(|| endpoint.kind().name().to_owned());
    // A slash would begin another part of the id.
    let model = endpoint.model().map(|model| of_file(model).replace(['/', '[', ' '], "_"));
    let category = Category::Performance;
    let head = case_id::head(model.as_deref(), category, &name);
    let places = arguments.argument.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut case = Case::new(case_id::with_arguments(&head, places.clone()), category);
    case.arguments = places.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    case.model = model.map(Into::into);
    case.name = name.into();
    case.tags = vec![
        format!("endpoint={}", endpoint.kind()),
        format!("connections={}", arguments.connection.connections.name()),
    ];
    if arguments.connection.http2 {
        case.tags.push("http2".to_owned());
    }
    if endpoint.is_stream() {
        case.tags.push("stream".to_owned());
    }
    let source: Vec<String> =
        endpoint.client().targets().map(|target| format!("{target}{}", endpoint.path())).collect();
    case.source = Some(source.join(" ").into());
    case.settings = Overrides { rounds: Some(1), timeout: Some(NO_LIMIT), ..Overrides::NONE };
    case
}

/// Returns the options of a run that this process does not report.
fn silent() -> Options {
    let mut options = Options::default();
    options.probes = Some(Vec::new());
    options
}

fn options(arguments: &Load, endpoint: &Endpoint) -> Options {
    let reports = &arguments.reports;
    let mut options = Options::default();
    options.results = Some(reports.output_dir.clone());
    options.save_as.clone_from(&reports.save_as);
    options.compare.clone_from(&reports.compare);
    options.measured = reach::processes(endpoint.client());
    // Probes would observe this process, which only sends the requests.
    options.probes = Some(Vec::new());
    options.show = if reports.quiet { Show::Nothing } else { Show::Progress };
    options
}
