//! `bench load`: a served model over HTTP.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use bench_core::bencher::Bencher;
use bench_core::{Error, Interrupt, suite};
use bench_endpoint::Endpoint;
use bench_endpoint::api::{Field, Kind, Limits, Settings};
use bench_endpoint::client::{Client, Target, Trust, room_for_connections};
use bench_endpoint::probe::{self, Found};
use bench_endpoint::secret::Secret;
use bench_judge::Decision;
use bench_load::cores;
use bench_load::input::{Inputs, Prompts, Texts};
use bench_load::scenario::{OpenLoop, Plateau};
use bench_protocol::{Case, Overrides};
use bench_record::{Record, RunError, RunState, exit};
use bench_report::{Detail, Style, View, print, tell};
use bench_runner::report::console;
use bench_runner::rounds::Show;
use bench_runner::run::{Finished, Options};
use bench_syntax::quantity::Seconds;
use bench_syntax::text::printable;
use bench_syntax::{Category, UsageError, case_id};

use crate::arguments::Load;

/// Texts that are made where none is given.
const MADE: usize = 64;

/// Characters of a text that is made to be spoken.
const SPOKEN: std::ops::RangeInclusive<usize> = 40..=160;

/// Connections that are made beforehand in an open loop, at most.
const MOST_WARM: usize = 64;

/// Requests in flight at most in an open loop, if there are files for so many connections.
const MOST_IN_FLIGHT: u64 = 10_000;

/// A run has no time limit of its own: its levels and requests have.
const NO_LIMIT: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

/// Loads the server, and reports; the exit code says what came of it.
pub(crate) fn run(arguments: &Load) -> Result<u8, RunError> {
    let plan = Plan::make(arguments)?;
    if arguments.much.dry_run {
        return print(&plan.told(arguments)).map(|()| exit::OK);
    }
    let Plan { endpoint, inputs } = plan;
    let style = Style::for_stdout(arguments.reports.color);
    let case = case(arguments, &endpoint);
    let options = options(arguments);
    let (endpoint, inputs) = (Rc::new(endpoint), Rc::new(inputs));
    let scenario = Scenario::of(arguments);
    let sends = Rc::clone(&endpoint);
    let made = move |bencher: &mut Bencher, interrupt: &Interrupt| -> Result<(), Error> {
        let stops = interrupt.clone();
        sends.client().warm(scenario.first_clients()).map_err(Error::from)?;
        let load = scenario.load().stop_when(move || stops.is_raised());
        sends.run(load, bencher, &inputs)
    };
    let finished = suite::run_made(case, &options, Rc::new(made))?;
    report(arguments, &endpoint, finished, style)
}

/// How much is asked, apart from the arguments: a round may be begun more than once.
#[derive(Clone)]
struct Scenario {
    concurrency: Vec<usize>,
    rate: Vec<f64>,
    up_to: usize,
    requests: Option<u64>,
    duration: Option<std::time::Duration>,
    warm_up: Option<u64>,
    seed: u64,
    slo: Vec<String>,
}

impl Scenario {
    fn of(arguments: &Load) -> Self {
        let much = &arguments.much;
        Scenario {
            concurrency: much.concurrency.iter().map(|count| *count as usize).collect(),
            rate: much.rate.clone(),
            up_to: much.up_to as usize,
            requests: much.requests,
            duration: much.duration,
            warm_up: much.warm_up,
            seed: arguments.what.seed,
            slo: much.slo.clone(),
        }
    }

    fn load(&self) -> bench_load::Load {
        let mut load = match (self.concurrency.as_slice(), self.rate.as_slice()) {
            ([], []) => bench_load::Load::new(Plateau::up_to(self.up_to)),
            ([], rate) => {
                bench_load::Load::new(OpenLoop::poisson(rate).most_in_flight(self.most_in_flight()))
            }
            (concurrency, _) => bench_load::Load::closed(concurrency),
        };
        load = load.seed(self.seed);
        load = match self.requests {
            Some(requests) => load.requests(requests),
            None => load,
        };
        load = match self.duration {
            Some(duration) => load.duration(duration),
            None => load,
        };
        load = match self.warm_up {
            Some(warm_up) => load.warm_up(warm_up),
            None => load,
        };
        self.slo.iter().fold(load, |load, condition| load.slo(condition))
    }

    /// Requests in flight at most in an open loop.
    fn most_in_flight(&self) -> usize {
        let room = room_for_connections(0).unwrap_or(1);
        usize::try_from(room.clamp(1, MOST_IN_FLIGHT)).unwrap_or(1)
    }

    /// Connections that are made before the first level: one for each of its clients, or in an open loop for each request
    /// of a second, up to [`MOST_WARM`]. Those of later levels are made by their warm-up.
    fn first_clients(&self) -> usize {
        let by_rate = self.rate.iter().copied().fold(1.0, f64::max).ceil() as usize;
        self.concurrency.first().copied().unwrap_or_else(|| by_rate.min(MOST_WARM))
    }
}

/// What is to be done.
struct Plan {
    endpoint: Endpoint,
    inputs: Vec<Vec<u8>>,
}

impl Plan {
    /// Reads files and secrets, and asks the server what it is.
    fn make(arguments: &Load) -> Result<Self, UsageError> {
        let (what, connection) = (&arguments.what, &arguments.connection);
        let (targets, kind_of_path) = targets(&arguments.urls)?;
        let is_tls = targets.iter().any(Target::is_tls);
        let secret = match (&connection.token_env, &connection.token_file) {
            (Some(name), _) => Some(Secret::from_env(name).map_err(UsageError)?),
            (None, Some(file)) => Some(Secret::from_file(file).map_err(UsageError)?),
            (None, None) => None,
        };
        let trust = match &connection.ca_file {
            Some(file) => Some(Trust::of_file(file).map_err(UsageError)?),
            None if is_tls => Some(Trust::of_system().map_err(UsageError)?),
            None => None,
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
                String::from_utf8(read(file)?)
                    .map_err(|_| UsageError(format!("the template {} is not UTF-8", file.display())))?,
            ),
            None => None,
        };
        let extra = match &what.extra_body {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| UsageError(format!("--extra-body is not a JSON object: {error}")))?,
            None => serde_json::Map::new(),
        };
        let asked = what.endpoint.or(kind_of_path).or(template.as_ref().map(|_| Kind::Raw));
        // Before the server is asked anything: what is wrong on this side costs nothing.
        let given = inputs(arguments, asked)?;
        let most = arguments.much.concurrency.iter().max().copied();
        room_for_connections(most.unwrap_or(arguments.much.up_to).into()).map_err(UsageError)?;
        let client = Client::new(targets, trust, connection.connections, limits, &connection.header, secret)
            .map_err(|failure| UsageError(format!("{}: {failure}", arguments.urls.join(", "))))?;
        let needs_model = asked.is_none_or(Kind::wants_model) && what.model.is_none();
        let found = if needs_model && !(arguments.much.dry_run && asked.is_some()) {
            probe::probe(&client)
                .map_err(|failure| UsageError(format!("{} does not answer: {failure}", client.target())))?
        } else {
            Found::default()
        };
        let kind = asked.or(found.kind).ok_or_else(|| {
            UsageError(format!(
                "what {} serves is not known: it lists no models at /v1/models, and is no KServe or torch-inference \
                 server; name the interface with --endpoint",
                client.target()
            ))
        })?;
        let given = match given {
            Some(given) => given,
            None => made(kind, what.seed)?,
        };
        let settings = Settings {
            model: model(kind, what.model.as_deref(), &found)?,
            stream: kind.has_stream_setting() && !what.no_stream,
            max_tokens: what.max_tokens,
            voice: what.voice.clone(),
            sample_rate: what.sample_rate,
            size: what.size,
            extra,
            template,
            salt: !what.no_salt,
            limits,
        };
        let endpoint = Endpoint::new(kind, settings, client);
        let endpoint = match &what.path {
            Some(path) => endpoint.at(format!("/{}", path.trim_start_matches('/'))),
            None => endpoint,
        };
        if let Some(wrong) = given.iter().find_map(|input| endpoint.prompt(input).err()) {
            return Err(UsageError(wrong));
        }
        Ok(Plan { endpoint, inputs: given })
    }

    /// What would be sent.
    fn told(&self, arguments: &Load) -> String {
        let endpoint = &self.endpoint;
        let first = self.inputs.first().and_then(|input| endpoint.prompt(input).ok());
        let body = first.map(|prompt| prompt.shown()).unwrap_or_default();
        let much = &arguments.much;
        let levels = match (much.concurrency.as_slice(), much.rate.as_slice()) {
            ([], []) => format!("clients: 1, 2, 4, … up to {}, until throughput no longer grows", much.up_to),
            ([], rates) => format!("requests per second: {rates:?}"),
            (counts, _) => format!("clients: {counts:?}"),
        };
        let addresses: String =
            endpoint.client().targets().map(|target| format!("POST {target}{}\n", endpoint.path())).collect();
        printable_lines(&format!(
            "{addresses}{} inputs, the first as:\n{body}\n{levels}\n",
            self.inputs.len()
        ))
    }
}

/// The addresses of the servers, and the interface whose path they end with, if they do.
fn targets(urls: &[String]) -> Result<(Vec<Target>, Option<Kind>), UsageError> {
    let mut found = Vec::with_capacity(urls.len());
    let mut kind = None;
    for (number, url) in urls.iter().enumerate() {
        let (target, own) = probe::split(Target::parse(url).map_err(UsageError)?);
        if number > 0 && own != kind {
            return Err(UsageError(format!(
                "{} and {url} do not name the same endpoint: give addresses that differ in the server alone",
                urls[0]
            )));
        }
        kind = own;
        found.push(target);
    }
    Ok((found, kind))
}

/// Each line without what steers terminals.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

fn read(file: &Path) -> Result<Vec<u8>, UsageError> {
    fs::read(file).map_err(|error| UsageError(format!("{} cannot be read: {error}", file.display())))
}

/// The model to ask for, if requests of this kind name one.
fn model(kind: Kind, asked: Option<&str>, found: &Found) -> Result<Option<String>, UsageError> {
    match (asked, found.models.as_slice()) {
        (Some(model), _) => Ok(Some(model.to_owned())),
        (None, _) if !kind.wants_model() => Ok(None),
        (None, [only]) => Ok(Some(only.clone())),
        (None, []) => Err(UsageError(format!("`{kind}` wants the name of a model: give it with --model"))),
        (None, several) => Err(UsageError(format!(
            "the server has several models: choose one with --model: {}",
            several.join(", ")
        ))),
    }
}

/// What was given to send; `None` if nothing was.
fn inputs(arguments: &Load, kind: Option<Kind>) -> Result<Option<Vec<Vec<u8>>>, UsageError> {
    let what = &arguments.what;
    if !what.prompt.is_empty() {
        return Ok(Some(what.prompt.iter().map(|text| text.clone().into_bytes()).collect()));
    }
    if what.input.is_empty() {
        return Ok(None);
    }
    let whole = kind.is_some_and(|kind| {
        kind.takes_files()
            || (matches!(kind, Kind::Infer | Kind::Predict | Kind::Raw) && what.template.is_none())
    });
    let mut inputs = Vec::new();
    for file in &what.input {
        let bytes = read(file)?;
        if whole {
            inputs.push(bytes);
            continue;
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            UsageError(format!("{} is not UTF-8: expected a text on each line", file.display()))
        })?;
        // An editor's mark of the byte order is no part of the first text.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        inputs
            .extend(text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.as_bytes().to_vec()));
    }
    if inputs.is_empty() || inputs.iter().any(Vec::is_empty) {
        return Err(UsageError("--input names an empty file".to_owned()));
    }
    Ok(Some(inputs))
}

/// Texts for kinds that take texts.
fn made(kind: Kind, seed: u64) -> Result<Vec<Vec<u8>>, UsageError> {
    let texts = match kind.field() {
        Field::Speech => Texts::seeded(MADE, SPOKEN).seed(seed).prepare(),
        Field::Text | Field::Images => Prompts::seeded(MADE).seed(seed).prepare(),
        Field::Requests if kind == Kind::Embeddings => Prompts::seeded(MADE).seed(seed).prepare(),
        Field::Requests | Field::Classification => {
            return Err(UsageError(format!("`{kind}` has no usual input: give one with --input")));
        }
    };
    let texts = texts.map_err(|error| UsageError(error.to_string()))?;
    Ok(texts.measured.into_iter().map(String::into_bytes).collect())
}

/// The case as reports and the history know it. Its id does not hold the address, so that two servers can be compared.
fn case(arguments: &Load, endpoint: &Endpoint) -> Case {
    let name = arguments.reports.label.clone().unwrap_or_else(|| endpoint.kind().name().to_owned());
    // A slash would begin another part of the id.
    let model = endpoint.model().map(|model| model.replace(['/', '[', ' '], "_"));
    let category = Category::Performance;
    let mut case = Case::new(case_id::head(model.as_deref(), category, &name), category);
    case.model = model.map(Into::into);
    case.name = name.into();
    case.tags = vec![
        format!("endpoint={}", endpoint.kind()),
        format!("connections={}", arguments.connection.connections.name()),
    ];
    if endpoint.is_stream() {
        case.tags.push("stream".to_owned());
    }
    let source: Vec<String> =
        endpoint.client().targets().map(|target| format!("{target}{}", endpoint.path())).collect();
    case.source = Some(source.join(" ").into());
    case.settings = Overrides { rounds: Some(1), timeout: Some(NO_LIMIT), ..Overrides::NONE };
    case
}

fn options(arguments: &Load) -> Options {
    let reports = &arguments.reports;
    let mut options = Options::default();
    options.results = Some(reports.output_dir.clone());
    options.save_as.clone_from(&reports.save_as);
    options.compare.clone_from(&reports.compare);
    // What this process takes is nothing that the model does.
    options.probes = Some(Vec::new());
    options.show = if reports.quiet { Show::Nothing } else { Show::Progress };
    options
}

/// Prints the report, and decides the exit code when all of it has been said.
fn report(arguments: &Load, endpoint: &Endpoint, finished: Finished, style: Style) -> Result<u8, RunError> {
    let Finished { record, folder, comparison, trouble, .. } = finished;
    let decision = Decision::default().of_load(&record, arguments.much.max_failures);
    let view = View::for_stdout(arguments.reports.color, Detail::Short);
    print(&format!("\n{}", console::render(&record, &view)))?;
    if let Some(comparison) = &comparison {
        print(&format!("\n{}", console::render_comparison(comparison, style)))?;
    }
    let counts = endpoint.client().counts();
    print(&format!(
        "connections: {} made, {} requests on one that had served before, {} sent again because the server had closed \
         an idle one\n",
        counts.opened, counts.reused, counts.reconnected
    ))?;
    if let Some(stall) = worst_stall(&record) {
        let loops = match cores::count().unwrap_or(1) {
            1 => "1 event loop, which".to_owned(),
            many => format!("{many} event loops, which"),
        };
        print(&format!("client: {loops} came {stall} late or less to 99 % of what was ready\n"))?;
    }
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if let Some(folder) = folder {
        print(&format!("report: {}\n", folder.display()))?;
    }
    if record.state == RunState::Interrupted {
        tell("interrupted: the report holds what was measured until then");
    }
    decision.reasons().iter().for_each(|reason| tell(reason));
    Ok(decision.exit_code())
}

/// How late the client's event loops came to what was ready, at the level at which they were latest.
fn worst_stall(record: &Record) -> Option<Seconds> {
    let rounds = record.cases.iter().flat_map(|case| &case.rounds);
    let levels = rounds.filter_map(|round| round.served.as_ref()).flat_map(|served| &served.levels);
    let stalls = levels.filter_map(|level| level.pace.client_stall).map(|stall| stall.p99_s.0);
    stalls.reduce(f64::max).map(Seconds)
}
